// Question   at which rate does each flow move when flows share links, and when does the next one end
// Equation   max-min fairness: rate = weight * level, the weight being the flow's streams, and every flow crosses a
// link that is full and on which
//            no other flow has a higher level, or moves at its own limit
// Source     D. Bertsekas, R. Gallager, Data Networks, 2nd edition (1992), section 6.5.2: the condition above is
//            necessary and sufficient
// Valid for  long messages on lossless networks with congestion control that shares evenly (README.md, "How right")
// Checked by tests/engine/max_min_flows_test.cpp: the condition itself, SimGrid's solver on random networks
//
// A change moves few flows when most links have room. So only flows for which the condition fails are computed again,
// by progressive filling beside the others' fixed rates; then the condition is tested on the links that they cross, and
// the flows that fail it join. It ends when none does: the result is the whole network's, not an approximation.
// With 10,000 flows on 1,024 nodes a set grows six times on average and ends with a twentieth of them: taking in at
// once all flows at its full links costs three to five times as much.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/engine/flows.hpp"
#include "sim/engine/timer_queue.hpp"

namespace tokenworks::engine {

class MaxMinFlows final : public Flows {
 public:
  LinkId add_link(double bytes_per_s) override;
  void set_capacity(LinkId link, double bytes_per_s, Picoseconds now) override;
  void start(FlowSlot slot, const FlowShape& shape, std::uint64_t number, Picoseconds now) override;
  void cancel(FlowSlot slot, Picoseconds now) override;
  double remaining_bytes(FlowSlot slot, Picoseconds now) const override;
  double load_bytes_per_s(LinkId link) override;

  /// Date at which the next flow ends; kNever when none moves. Changes since the last call take effect first: several
  /// at one date cost one computation.
  Picoseconds next_end();
  /// Takes out one of the flows that end at `date`, at most the date of next_end(), in the order of their numbers.
  std::optional<FlowSlot> take_ended(Picoseconds date);
  /// Rate of a flow after next_end().
  double rate_bytes_per_s(FlowSlot slot) const { return flows_[slot].rate; }

 private:
  static constexpr std::uint32_t kOwnLimit = 0xffffffffu;  // bottleneck of a flow that moves at its own limit

  struct Crossing {
    LinkId link;
    std::uint32_t position;  // in the link's list
  };
  /// What links ask of their flows lies in one line of the cache.
  struct alignas(64) Flow {
    double rate = 0.0;
    double new_rate = 0.0;  // while in the set that is computed
    double weight = 1.0;
    LinkId bottleneck = kOwnLimit;
    std::uint32_t in_set = 0;  // round in which it joined the set
    bool fixed = false;
    double limit = 0.0;
    double remaining = 0.0;  // at `since`
    Picoseconds since = 0;
    std::vector<Crossing> crossings;
  };
  struct Link {
    double capacity = 0.0;
    std::vector<FlowSlot> flows;
    // While a set is computed: capacity for and weight of its flows, and of those that are still open.
    double set_free = 0.0, set_weight = 0.0;
    double free = 0.0, weight = 0.0;
    std::uint32_t touched = 0;  // round in which a flow of the set was found to cross it
    bool grown = false;         // flows have joined the set since set_free was computed
    bool untested = false;      // rates or bottlenecks of its flows have changed since it was tested
  };
  /// A link that fills up, or a flow that meets its limit, at a level.
  struct Filling {
    double level;
    std::uint32_t index;
    bool is_flow;
    bool operator>(const Filling& other) const {
      if (level != other.level) return level > other.level;
      return is_flow != other.is_flow ? other.is_flow : index > other.index;
    }
  };

  void come_to(Picoseconds now);
  void detach(FlowSlot slot);
  void touch(LinkId link);
  void join(FlowSlot slot);
  void resolve();
  bool test_links();
  void fill_set();
  void leave_to_set(Link& link);
  void fix(FlowSlot slot, double level, LinkId bottleneck);
  void take_rates();

  std::vector<Link> links_;
  std::vector<Flow> flows_;
  TimerQueue ends_;  // its timers are the slots
  Picoseconds now_ = 0;
  std::uint32_t round_ = 1;
  std::vector<LinkId> changed_;  // links to be tested: their flows or capacity changed
  std::vector<FlowSlot> started_;
  std::vector<FlowSlot> set_;     // flows computed again
  std::vector<LinkId> touched_;   // links that they cross
  std::size_t open_ = 0;          // flows of the set that have no rate yet
  std::vector<Filling> filling_;  // a heap, the lowest level first
};

}  // namespace tokenworks::engine
