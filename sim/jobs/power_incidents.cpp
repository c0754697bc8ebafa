#include "sim/jobs/power_incidents.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace tokenworks::jobs {
namespace {

enum : std::uint32_t { kStrike, kRepair };

}  // namespace

PowerIncidents::PowerIncidents(engine::Simulation& simulation, resources::Facility& facility,
                               const PowerEffects& effects, std::vector<PowerIncident> incidents,
                               metrics::RunWatch* watch)
    : simulation_(simulation),
      facility_(facility),
      effects_(effects),
      watch_(watch),
      incidents_(std::move(incidents)),
      happened_(incidents_.size()),
      acts_(incidents_.size()) {
  constexpr std::uint64_t kFirst = 1ULL << 43;  // beyond the numbers of other incidents
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    const auto tag = static_cast<std::uint32_t>(2 * i);
    const engine::TimerId strike =
        simulation.add_timer(*this, tag + kStrike, engine::rank(engine::RankClass::incident, kFirst + 2 * i));
    simulation.set_timer(strike, incidents_[i].at);
    if (!incidents_[i].repair_after) continue;
    const engine::TimerId repair =
        simulation.add_timer(*this, tag + kRepair, engine::rank(engine::RankClass::incident, kFirst + 2 * i + 1));
    simulation.set_timer(repair, incidents_[i].at + *incidents_[i].repair_after);
  }
}

/// A node that several incidents hold is back when the last of them ends.
void PowerIncidents::on_timer(std::uint32_t tag) {
  const std::size_t number = tag / 2;
  const bool begins = tag % 2 == kStrike;
  const PowerIncident& incident = incidents_[number];
  if (watch_ != nullptr) watch_->on_incident(incident.kind, incident.target, begins, simulation_.now());
  resources::PowerSystem& system = *facility_.power_system(simulation_.now());
  acts_[number] = false;
  for (const power::NodeId node : incident.nodes) {
    const bool is_held = [&] {
      for (std::size_t i = 0; i < incidents_.size(); ++i) {
        const auto& nodes = incidents_[i].nodes;
        if (acts_[i] && std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return true;
      }
      return false;
    }();
    if (is_held) continue;
    if (incident.is_utility) {
      begins ? system.lose_utility(node) : system.restore_utility(node);
    } else {
      begins ? system.open(node) : system.close(node);
    }
  }
  acts_[number] = begins;
  if (begins) happened_[number] = true;
}

Picoseconds PowerIncidents::reign_end(std::size_t incident, Picoseconds end) const {
  for (std::size_t i = incident + 1; i < incidents_.size(); ++i) {
    if (incidents_[i].at > incidents_[incident].at) return std::min(end, incidents_[i].at);
  }
  return end;
}

std::vector<metrics::IncidentResult> PowerIncidents::report(Picoseconds end) const {
  using resources::PowerEvent;
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    const PowerIncident& incident = incidents_[i];
    metrics::IncidentResult result;
    result.kind = incident.kind;
    result.target = incident.target;
    result.at_s = to_seconds(incident.at);
    if (happened_[i] && !acts_[i]) result.repaired_at_s = to_seconds(incident.at + *incident.repair_after);
    const Picoseconds until = happened_[i] ? reign_end(i, end) : incident.at;
    std::map<PowerEvent, std::int64_t> events;
    for (const resources::PowerEventNote& note : facility_.supply().events()) {
      if (note.at >= incident.at && note.at < until) ++events[note.event];
    }
    std::int64_t groups = 0, replicas = 0, requests = 0;
    Picoseconds dark = 0;
    for (const PowerEffects::Outage& outage : effects_.outages()) {
      if (outage.dark < incident.at || outage.dark >= until) continue;
      ++groups;
      replicas += effects_.progress(outage).replicas_down;
      requests += effects_.progress(outage).requests_failed;
      dark += outage.lit.value_or(end) - outage.dark;
    }
    Picoseconds without_cooling = 0;
    for (const PowerEffects::Span& span : effects_.cooling_outages()) {
      if (span.from >= incident.at && span.from < until) without_cooling += span.until.value_or(end) - span.from;
    }
    const auto count = [&](PowerEvent event) { return static_cast<double>(events[event]); };
    result.effects = {{"happened", happened_[i] ? 1.0 : 0.0},
                      {"on_battery", count(PowerEvent::on_battery)},
                      {"batteries_empty", count(PowerEvent::battery_empty)},
                      {"generators_started", count(PowerEvent::generator_on)},
                      {"generators_failed", count(PowerEvent::generator_failed)},
                      {"breakers_opened", count(PowerEvent::breaker_opened)},
                      {"rack_groups_dark", static_cast<double>(groups)},
                      {"racks_dark_s", to_seconds(dark)},
                      {"cooling_dark_s", to_seconds(without_cooling)},
                      {"replicas_down", static_cast<double>(replicas)},
                      {"requests_failed", static_cast<double>(requests)}};
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
