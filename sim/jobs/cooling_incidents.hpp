// What goes wrong with the cooling: a rack group's coolant that flows slower or stands, units of the plant that fail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/cooling/cooling_option.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/thermal_protection.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

struct CoolingIncident {
  std::string kind, target;          ///< as the scenario names them
  std::optional<std::size_t> group;  ///< whose coolant it is; absent: units of the plant
  double flow_share = 0.0;           ///< of the group's flow that is left
  cooling::Part part = cooling::Part::chillers;
  std::int64_t units = 0;  ///< of the part that fail
  Picoseconds at = 0;
  std::optional<Picoseconds> repair_after;
};

class CoolingIncidents final : private engine::TimerClient {
 public:
  CoolingIncidents(engine::Simulation& simulation, resources::Facility& facility, const ThermalProtection& protection,
                   std::vector<CoolingIncident> incidents, metrics::RunWatch* watch = nullptr);
  std::vector<metrics::IncidentResult> report(Picoseconds end) const;

 private:
  void on_timer(std::uint32_t tag) override;
  void apply(const CoolingIncident& incident);

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  const ThermalProtection& protection_;
  metrics::RunWatch* watch_;
  std::vector<CoolingIncident> incidents_;
  std::vector<bool> happened_, acts_;
};

}  // namespace tokenworks::jobs
