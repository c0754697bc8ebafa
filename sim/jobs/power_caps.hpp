// Caps on the power of a service's GPUs that are set during a run, and lifted again. Of several, and the operator's
// own, the lowest acts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

struct PowerCap {
  LlmService* service = nullptr;
  double watts_per_gpu = 0.0;
  Picoseconds at = 0;
  std::optional<Picoseconds> repair_after;
};

class PowerCaps final : private engine::TimerClient {
 public:
  /// `always`: of each service that has one, a cap from the start on.
  PowerCaps(engine::Simulation& simulation, std::vector<PowerCap> caps, const std::vector<PowerCap>& always,
            metrics::RunWatch* watch = nullptr);
  std::vector<metrics::IncidentResult> report() const;

 private:
  struct Progress {
    bool happened = false, acts = false;
    std::optional<Picoseconds> lifted;
    engine::TimerId timer = 0;
  };

  void on_timer(std::uint32_t tag) override;
  void apply(LlmService& service) const;

  engine::Simulation& simulation_;
  metrics::RunWatch* watch_;
  std::vector<PowerCap> caps_, always_;
  std::vector<Progress> progress_;
};

}  // namespace tokenworks::jobs
