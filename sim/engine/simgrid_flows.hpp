// The same flows as SimGrid computes them (network model CM02): one netzone whose routes are those of the flows, a link
// for each of ours, and an actor that waits for each flow in motion. Slower, and equal but for the last digits; `run
// --simgrid-flows` chooses it for those who distrust ours.
#pragma once

#include <functional>
#include <memory>

#include "sim/engine/flows.hpp"

namespace tokenworks::engine {

class SimgridFlows final : public Flows {
 public:
  /// Makes the platform: before SimGrid runs. `ended` is told of flows at SimGrid's clock. After seal(), add_link takes
  /// from `spare_links`; throws std::length_error when none is left or too many flows are in motion.
  explicit SimgridFlows(std::function<void(FlowSlot)> ended);
  ~SimgridFlows() override;
  void seal(std::size_t spare_links);

  LinkId add_link(double bytes_per_s) override;
  void set_capacity(LinkId link, double bytes_per_s, Picoseconds now) override;
  void start(FlowSlot slot, const FlowShape& shape, std::uint64_t number, Picoseconds now) override;
  void cancel(FlowSlot slot, Picoseconds now) override;
  double remaining_bytes(FlowSlot slot, Picoseconds now) const override;
  double load_bytes_per_s(LinkId link) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tokenworks::engine
