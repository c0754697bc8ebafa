// What goes wrong with the cooling: a rack group's coolant that flows slower or stands, units of the plant that fail.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/cooling/cooling_option.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/incident_calendar.hpp"
#include "sim/jobs/thermal_protection.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

struct CoolingIncident {
  PlannedIncident plan;
  std::optional<std::size_t> group;  ///< whose coolant it is; absent: units of the plant
  double flow_share = 1.0;           ///< of the group's flow that is left by what is no pump of `pumps`
  std::int64_t pumps = 0;            ///< of each of the group's coolant units that fail
  cooling::Part part = cooling::Part::chillers;
  std::int64_t units = 0;  ///< of the part that fail
};

class CoolingIncidents {
 public:
  CoolingIncidents(engine::Simulation& simulation, resources::Facility& facility, const ThermalProtection& protection,
                   std::vector<CoolingIncident> incidents, metrics::RunWatch* watch = nullptr);
  std::vector<metrics::IncidentResult> report(Picoseconds end) const;

 private:
  void apply(const CoolingIncident& incident);

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  const ThermalProtection& protection_;
  std::vector<CoolingIncident> incidents_;
  IncidentCalendar calendar_;
};

}  // namespace tokenworks::jobs
