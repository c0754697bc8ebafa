// What goes wrong with the power: feeds of the grid that are lost, parts of the power tree that open, by failure or for
// maintenance.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/incident_calendar.hpp"
#include "sim/jobs/power_effects.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

struct PowerIncident {
  PlannedIncident plan;
  std::vector<power::NodeId> nodes;  ///< that are lost, or open
  bool is_utility = false;
};

class PowerIncidents {
 public:
  PowerIncidents(engine::Simulation& simulation, resources::Facility& facility, const PowerEffects& effects,
                 std::vector<PowerIncident> incidents, metrics::RunWatch* watch = nullptr);
  std::vector<metrics::IncidentResult> report(Picoseconds end) const;

 private:
  void apply(std::size_t number, bool begins);
  /// From an incident until the next one, or the end: what is put down to it.
  Picoseconds reign_end(std::size_t incident, Picoseconds end) const;

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  const PowerEffects& effects_;
  std::vector<PowerIncident> incidents_;
  IncidentCalendar calendar_;
};

}  // namespace tokenworks::jobs
