#include "sim/jobs/cooling_incidents.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::jobs {
CoolingIncidents::CoolingIncidents(engine::Simulation& simulation, resources::Facility& facility,
                                   const ThermalProtection& protection, std::vector<CoolingIncident> incidents,
                                   metrics::RunWatch* watch)
    : simulation_(simulation),
      facility_(facility),
      protection_(protection),
      incidents_(std::move(incidents)),
      calendar_(
          simulation, IncidentPlace::cooling_incidents, plans_of(incidents_),
          [this](std::size_t number, bool) { apply(incidents_[number]); }, watch) {}

/// Several incidents at one place act together: flows multiply, failed pumps and units add.
void CoolingIncidents::apply(const CoolingIncident& changed) {
  if (changed.group) {
    double flow = 1.0;
    std::int64_t failed = 0;
    for (std::size_t i = 0; i < incidents_.size(); ++i) {
      if (!calendar_.acts(i) || incidents_[i].group != changed.group) continue;
      flow *= incidents_[i].flow_share;
      failed += incidents_[i].pumps;
    }
    if (failed > 0) flow *= cooling::flow_without_pumps(facility_.temperatures()->pumps(*changed.group), failed);
    facility_.set_coolant_flow(*changed.group, flow, simulation_.now());
    return;
  }
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    if (calendar_.acts(i) && !incidents_[i].group && incidents_[i].part == changed.part) failed += incidents_[i].units;
  }
  cooling::PlantCondition condition = facility_.cooling_condition();
  for (const cooling::PartUnits& units : facility_.cooling_parts()) {
    if (units.part != changed.part) continue;
    condition.of(changed.part) =
        static_cast<double>(std::max<std::int64_t>(units.installed - failed, 0)) / static_cast<double>(units.needed);
  }
  facility_.set_cooling_condition(condition, simulation_.now());
}

std::vector<metrics::IncidentResult> CoolingIncidents::report(Picoseconds end) const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    const CoolingIncident& incident = incidents_[i];
    const Picoseconds at = incident.plan.at;
    metrics::IncidentResult result = calendar_.result(i);
    ThermalProtection::Story all;
    for (std::size_t group = 0; group < protection_.groups() && calendar_.happened(i); ++group) {
      if (incident.group && group != *incident.group) continue;
      const ThermalProtection::Story one = protection_.story(group, at, end);
      const auto earlier = [](std::optional<Picoseconds>& first, const std::optional<Picoseconds>& other) {
        if (other && (!first || *other < *first)) first = other;
      };
      earlier(all.slowed, one.slowed);
      earlier(all.dark, one.dark);
      all.slow_time = std::max(all.slow_time, one.slow_time);
      all.dark_time = std::max(all.dark_time, one.dark_time);
      all.least_clock_share = std::min(all.least_clock_share, one.least_clock_share);
      all.replicas_down += one.replicas_down;
      all.requests_failed += one.requests_failed;
    }
    result.effects.insert(result.effects.end(), {{"least_clock_share", all.least_clock_share},
                                                 {"slowed_s", to_seconds(all.slow_time)},
                                                 {"dark_s", to_seconds(all.dark_time)},
                                                 {"replicas_down", static_cast<double>(all.replicas_down)},
                                                 {"requests_failed", static_cast<double>(all.requests_failed)}});
    if (all.slowed) result.effects.emplace_back("time_to_throttle_s", to_seconds(*all.slowed - at));
    if (all.dark) result.effects.emplace_back("time_to_shutdown_s", to_seconds(*all.dark - at));
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
