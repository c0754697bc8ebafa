// What goes wrong with the power: feeds of the grid that are lost, parts of the power tree that open, by failure or for
// maintenance.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/power_effects.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

struct PowerIncident {
  std::string kind, target;          ///< as the scenario names them
  std::vector<power::NodeId> nodes;  ///< that are lost, or open
  bool is_utility = false;
  Picoseconds at = 0;
  std::optional<Picoseconds> repair_after;
};

class PowerIncidents final : private engine::TimerClient {
 public:
  PowerIncidents(engine::Simulation& simulation, resources::Facility& facility, const PowerEffects& effects,
                 std::vector<PowerIncident> incidents, metrics::RunWatch* watch = nullptr);
  std::vector<metrics::IncidentResult> report(Picoseconds end) const;

 private:
  void on_timer(std::uint32_t tag) override;
  /// From an incident until the next one, or the end: what is put down to it.
  Picoseconds reign_end(std::size_t incident, Picoseconds end) const;

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  const PowerEffects& effects_;
  metrics::RunWatch* watch_;
  std::vector<PowerIncident> incidents_;
  std::vector<bool> happened_, acts_;
};

}  // namespace tokenworks::jobs
