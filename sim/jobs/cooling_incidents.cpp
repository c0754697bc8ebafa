#include "sim/jobs/cooling_incidents.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::jobs {
namespace {

enum : std::uint32_t { kStrike, kRepair };

}  // namespace

CoolingIncidents::CoolingIncidents(engine::Simulation& simulation, resources::Facility& facility,
                                   const ThermalProtection& protection, std::vector<CoolingIncident> incidents,
                                   metrics::RunWatch* watch)
    : simulation_(simulation),
      facility_(facility),
      protection_(protection),
      watch_(watch),
      incidents_(std::move(incidents)),
      happened_(incidents_.size()),
      acts_(incidents_.size()) {
  constexpr std::uint64_t kFirst = 1ULL << 41;  // beyond the numbers of other incidents
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

void CoolingIncidents::on_timer(std::uint32_t tag) {
  const std::size_t number = tag / 2;
  const bool begins = tag % 2 == kStrike;
  const CoolingIncident& incident = incidents_[number];
  if (watch_ != nullptr) watch_->on_incident(incident.kind, incident.target, begins, simulation_.now());
  acts_[number] = begins;
  if (begins) happened_[number] = true;
  apply(incident);
}

/// Several incidents at one place act together: flows multiply, failed units add.
void CoolingIncidents::apply(const CoolingIncident& changed) {
  if (changed.group) {
    double flow = 1.0;
    for (std::size_t i = 0; i < incidents_.size(); ++i) {
      if (acts_[i] && incidents_[i].group == changed.group) flow *= incidents_[i].flow_share;
    }
    facility_.set_coolant_flow(*changed.group, flow, simulation_.now());
    return;
  }
  std::int64_t failed = 0;
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    if (acts_[i] && !incidents_[i].group && incidents_[i].part == changed.part) failed += incidents_[i].units;
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
    metrics::IncidentResult result;
    result.kind = incident.kind;
    result.target = incident.target;
    result.at_s = to_seconds(incident.at);
    if (happened_[i] && !acts_[i]) result.repaired_at_s = to_seconds(incident.at + *incident.repair_after);
    ThermalProtection::Story all;
    for (std::size_t group = 0; group < protection_.groups() && happened_[i]; ++group) {
      if (incident.group && group != *incident.group) continue;
      const ThermalProtection::Story one = protection_.story(group, incident.at, end);
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
    result.effects = {{"happened", happened_[i] ? 1.0 : 0.0},
                      {"least_clock_share", all.least_clock_share},
                      {"slowed_s", to_seconds(all.slow_time)},
                      {"dark_s", to_seconds(all.dark_time)},
                      {"replicas_down", static_cast<double>(all.replicas_down)},
                      {"requests_failed", static_cast<double>(all.requests_failed)}};
    if (all.slowed) result.effects.emplace_back("time_to_throttle_s", to_seconds(*all.slowed - incident.at));
    if (all.dark) result.effects.emplace_back("time_to_shutdown_s", to_seconds(*all.dark - incident.at));
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
