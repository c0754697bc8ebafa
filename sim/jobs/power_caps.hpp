// Caps on the power of a service's GPUs that are set during a run, and lifted again. Of several, and the operator's
// own, the lowest acts.
#pragma once

#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/incident_calendar.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

struct PowerCap {
  LlmService* service = nullptr;
  double watts_per_gpu = 0.0;
};
struct PlannedPowerCap {
  PlannedIncident plan;
  PowerCap cap;
};

class PowerCaps {
 public:
  /// `always`: of each service that has one, a cap from the start on.
  PowerCaps(engine::Simulation& simulation, std::vector<PlannedPowerCap> caps, std::vector<PowerCap> always,
            metrics::RunWatch* watch = nullptr);
  std::vector<metrics::IncidentResult> report() const;

 private:
  void apply(LlmService& service) const;

  std::vector<PowerCap> always_;
  std::vector<PlannedPowerCap> caps_;
  IncidentCalendar calendar_;
};

}  // namespace tokenworks::jobs
