// Looks at the replicas of a pool at whole intervals and starts or drains some, as a policy says
// (sim/policies/scaling).
#pragma once

#include <cstdint>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/fleet.hpp"
#include "sim/policies/scaling/scaling_option.hpp"

namespace tokenworks::jobs {

class Autoscaler final : private engine::TimerClient {
 public:
  /// `option` outlives it; `number` tells its rank from those of others.
  Autoscaler(engine::Simulation& simulation, Fleet& fleet, std::size_t pool, const scaling::ScalingOption& option,
             std::uint64_t number);

 private:
  void on_timer(std::uint32_t) override;
  scaling::Snapshot look();
  void start(std::int64_t count);
  void drain(std::int64_t count);

  engine::Simulation& simulation_;
  Fleet& fleet_;
  std::size_t pool_;
  LlmService::Range range_;
  const scaling::ScalingOption& option_;
  engine::TimerId timer_;
  Picoseconds interval_, cool_down_up_, cool_down_down_;
  Picoseconds may_start_from_ = 0, may_drain_from_ = 0;
  ServiceStats::Attained seen_;
};

}  // namespace tokenworks::jobs
