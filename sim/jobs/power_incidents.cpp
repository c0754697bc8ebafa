#include "sim/jobs/power_incidents.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace tokenworks::jobs {
PowerIncidents::PowerIncidents(engine::Simulation& simulation, resources::Facility& facility,
                               const PowerEffects& effects, std::vector<PowerIncident> incidents,
                               metrics::RunWatch* watch)
    : simulation_(simulation),
      facility_(facility),
      effects_(effects),
      incidents_(std::move(incidents)),
      calendar_(
          simulation, IncidentPlace::power_incidents, plans_of(incidents_),
          [this](std::size_t number, bool begins) { apply(number, begins); }, watch) {}

/// A node that several incidents of one sort hold is back when the last of them ends.
void PowerIncidents::apply(std::size_t number, bool begins) {
  const PowerIncident& incident = incidents_[number];
  resources::PowerSystem& system = *facility_.power_system(simulation_.now());
  const auto is_held_by_others = [&](power::NodeId node) {
    for (std::size_t i = 0; i < incidents_.size(); ++i) {
      if (i == number || !calendar_.acts(i) || incidents_[i].is_utility != incident.is_utility) continue;
      const auto& nodes = incidents_[i].nodes;
      if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return true;
    }
    return false;
  };
  for (const power::NodeId node : incident.nodes) {
    if (is_held_by_others(node)) continue;
    if (incident.is_utility) {
      begins ? system.lose_utility(node) : system.restore_utility(node);
    } else {
      begins ? system.open(node) : system.close(node);
    }
  }
}

Picoseconds PowerIncidents::reign_end(std::size_t incident, Picoseconds end) const {
  for (std::size_t i = incident + 1; i < incidents_.size(); ++i) {
    if (calendar_[i].at > calendar_[incident].at) return std::min(end, calendar_[i].at);
  }
  return end;
}

std::vector<metrics::IncidentResult> PowerIncidents::report(Picoseconds end) const {
  using resources::PowerEvent;
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    const Picoseconds at = calendar_[i].at, until = calendar_.happened(i) ? reign_end(i, end) : at;
    metrics::IncidentResult result = calendar_.result(i);
    std::map<PowerEvent, std::int64_t> events;
    for (const resources::PowerEventNote& note : facility_.supply().events()) {
      if (note.at >= at && note.at < until) ++events[note.event];
    }
    std::int64_t groups = 0, replicas = 0, requests = 0;
    Picoseconds dark = 0;
    for (const PowerEffects::Outage& outage : effects_.outages()) {
      if (outage.dark < at || outage.dark >= until) continue;
      ++groups;
      replicas += effects_.progress(outage).replicas_down;
      requests += effects_.progress(outage).requests_failed;
      dark += outage.lit.value_or(end) - outage.dark;
    }
    Picoseconds without_cooling = 0;
    for (const PowerEffects::Span& span : effects_.cooling_outages()) {
      if (span.from >= at && span.from < until) without_cooling += span.until.value_or(end) - span.from;
    }
    const auto count = [&](PowerEvent event) { return static_cast<double>(events[event]); };
    result.effects.insert(result.effects.end(), {{"on_battery", count(PowerEvent::on_battery)},
                                                 {"batteries_empty", count(PowerEvent::battery_empty)},
                                                 {"generators_started", count(PowerEvent::generator_on)},
                                                 {"generators_failed", count(PowerEvent::generator_failed)},
                                                 {"breakers_opened", count(PowerEvent::breaker_opened)},
                                                 {"rack_groups_dark", static_cast<double>(groups)},
                                                 {"racks_dark_s", to_seconds(dark)},
                                                 {"cooling_dark_s", to_seconds(without_cooling)},
                                                 {"replicas_down", static_cast<double>(replicas)},
                                                 {"requests_failed", static_cast<double>(requests)}});
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
