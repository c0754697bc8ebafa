// The part of the factory's building that has to do with what its power and its cooling do to the work.
#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "models/power/availability.hpp"

#include "sim/scenario/cooling_incident_spec.hpp"
#include "sim/scenario/factory.hpp"
#include "sim/scenario/factory_parts.hpp"
#include "sim/scenario/power_incident_spec.hpp"

namespace tokenworks::scenario {

std::size_t Factory::group_number(const std::string& racks) const {
  const auto group = std::find_if(racks_.begin(), racks_.end(), [&](const auto* one) { return one->name == racks; });
  return static_cast<std::size_t>(group - racks_.begin());
}

void Factory::build_thermal_protection(metrics::RunWatch* watch) {
  jobs::ThermalProtection::Setup setup{.simulation = *simulation_,
                                       .facility = *facility_,
                                       .outages = *outages_,
                                       .services = {},
                                       .groups = {},
                                       .restart_after = to_picoseconds(scenario_.spec.factory.restart_after.value),
                                       .watch = watch};
  for (const auto& service : services_) setup.services.push_back(service.get());
  for (const RackGroupSpec* racks : racks_) setup.groups.push_back(racks->name);
  protection_ = std::make_unique<jobs::ThermalProtection>(std::move(setup));

  std::vector<jobs::CoolingIncident> incidents;
  for (const IncidentSpec& incident : scenario_.spec.incidents) {
    jobs::CoolingIncident added;
    added.plan.kind = incident.kind();
    added.plan.at = to_picoseconds(incident->at.value);
    if (const auto* pump = dynamic_cast<const CoolingPumpFailureSpec*>(&*incident)) {
      added.plan.target = pump->target;
      added.group = group_number(pump->target);
      added.flow_share = pump->flow_share.value_or(1.0);
      added.pumps = pump->pumps.value_or(0);
      added.plan.repair_after = span_of(pump->repair_after);
    } else if (const auto* unit = dynamic_cast<const CoolingUnitFailureSpec*>(&*incident)) {
      added.plan.target = cooling::part_name(unit->part);
      added.part = unit->part;
      added.units = unit->units;
      added.plan.repair_after = span_of(unit->repair_after);
    } else {
      continue;
    }
    incidents.push_back(std::move(added));
  }
  std::stable_sort(incidents.begin(), incidents.end(),
                   [](const auto& a, const auto& b) { return jobs::strikes_before(a.plan, b.plan); });
  cooling_incidents_ =
      std::make_unique<jobs::CoolingIncidents>(*simulation_, *facility_, *protection_, std::move(incidents), watch);
}

void Factory::build_power_incidents(metrics::RunWatch* watch) {
  const CoolingRestartSpec& restart = scenario_.spec.factory.cooling_restart;
  jobs::PowerEffects::Setup setup{.simulation = *simulation_,
                                  .facility = *facility_,
                                  .outages = *outages_,
                                  .groups = {},
                                  .restart_after = to_picoseconds(scenario_.spec.factory.restart_after.value),
                                  .pumps_after = to_picoseconds(restart.pumps_after.value),
                                  .chillers_after = to_picoseconds(restart.chillers_after.value),
                                  .watch = watch};
  for (const RackGroupSpec* racks : racks_) setup.groups.push_back(racks->name);
  power_effects_ = std::make_unique<jobs::PowerEffects>(std::move(setup));

  const power::Network& network = facility_->supply().network();
  std::vector<jobs::PowerIncident> incidents;
  for (const IncidentSpec& incident : scenario_.spec.incidents) {
    jobs::PowerIncident added;
    added.plan.kind = incident.kind();
    added.plan.at = to_picoseconds(incident->at.value);
    if (const auto* loss = dynamic_cast<const UtilityLossSpec*>(&*incident)) {
      added.plan.target = loss->target.value_or("");
      added.is_utility = true;
      added.plan.repair_after = span_of(loss->repair_after);
      for (power::NodeId id = 0; id < network.size(); ++id) {
        if (network.kind(id) != power::NodeKind::utility) continue;
        if (!loss->target || network.name(id) == *loss->target) added.nodes.push_back(id);
      }
    } else if (const auto* path = dynamic_cast<const PowerPathDownSpec*>(&*incident)) {
      added.plan.target = path->target;
      added.nodes.push_back(*network.find(path->target));
      added.plan.repair_after = span_of(path->repair_after);
    } else {
      continue;
    }
    incidents.push_back(std::move(added));
  }
  std::stable_sort(incidents.begin(), incidents.end(),
                   [](const auto& a, const auto& b) { return jobs::strikes_before(a.plan, b.plan); });
  power_incidents_ =
      std::make_unique<jobs::PowerIncidents>(*simulation_, *facility_, *power_effects_, std::move(incidents), watch);
}

/// Rack groups that a node may feed.
std::vector<std::size_t> Factory::groups_under(power::NodeId node) const {
  const power::Network& network = facility_->supply().network();
  std::vector<bool> below(network.size(), false);
  below[node] = true;
  std::vector<std::size_t> groups;
  for (const power::NodeId id : network.order()) {
    if (!below[id]) continue;
    for (const power::Network::Feed& feed : network.feeds_out_of(id)) below[feed.node] = true;
    if (network.kind(id) == power::NodeKind::rack) groups.push_back(group_number(network.name(id)));
  }
  std::sort(groups.begin(), groups.end());
  return groups;
}

void Factory::build_power_control(metrics::RunWatch* watch) {
  const PowerControlSpec& spec = scenario_.spec.factory.power_control;
  jobs::PowerControl::Setup setup{.simulation = *simulation_,
                                  .facility = *facility_,
                                  .policy = &*spec.policy,
                                  .limits = {},
                                  .demand_responses = {},
                                  .services = {},
                                  .watch = watch};
  for (const PowerLimitSpec& limit : spec.limits) {
    jobs::PowerLimit& added = setup.limits.emplace_back();
    added.node = limit.node;
    added.limit = limit.limit;
    if (limit.ramp_w_per_min) added.ramp = Watts(*limit.ramp_w_per_min);
    if (limit.node != "meter") added.id = facility_->supply().network().find(limit.node);
    added.can_be_exceeded = added.ramp || facility_->can_exceed(added.id, limit.limit);
    if (added.id) {
      added.groups = groups_under(*added.id);
    } else {
      for (std::size_t group = 0; group < racks_.size(); ++group) added.groups.push_back(group);
    }
  }
  for (const IncidentSpec& incident : scenario_.spec.incidents) {
    const auto* response = dynamic_cast<const DemandResponseSpec*>(&*incident);
    if (response == nullptr) continue;
    setup.demand_responses.push_back({.reduction_share = response->reduction_share,
                                      .at = to_picoseconds(response->at.value),
                                      .baseline = to_picoseconds(response->baseline.value),
                                      .ramp = to_picoseconds(response->ramp.value),
                                      .duration = to_picoseconds(response->duration.value)});
  }
  if (setup.limits.empty() && setup.demand_responses.empty()) return;
  std::stable_sort(setup.limits.begin(), setup.limits.end(),
                   [](const auto& a, const auto& b) { return a.node < b.node; });
  std::stable_sort(setup.demand_responses.begin(), setup.demand_responses.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  for (std::size_t s = 0; s < services_.size(); ++s) {
    setup.services.push_back({services_[s].get(), llm_specs_[s]->power_class == "batch" ? 0 : 1});
  }
  power_control_ = std::make_unique<jobs::PowerControl>(std::move(setup));
}

/// What darkens each load, and how often. The rates of failure that no node states are assumptions.
void Factory::report_power_tree(metrics::RunResult& result) const {
  const power::Network& network = facility_->supply().network();
  std::vector<power::SinkAvailability> available;
  try {
    available = power::availability(network);
  } catch (const std::invalid_argument&) {  // too wide
  }
  for (const power::WeakPoints& weak : power::weak_points(network)) {
    metrics::PowerLoadResult& load = result.power.loads.emplace_back();
    load.load = network.name(weak.sink);
    for (const power::NodeId node : weak.single) load.single_points_of_failure.push_back(network.name(node));
    load.has_all_pairs = weak.has_all_pairs;
    for (const auto& [a, b] : weak.pairs) load.failing_pairs.emplace_back(network.name(a), network.name(b));
    for (const power::SinkAvailability& of : available) {
      if (of.sink == weak.sink) load.availability = of.availability;
    }
  }
  std::set<power::NodeKind> assumed;
  for (power::NodeId node = 0; node < network.size(); ++node) {
    if (!network.node(node).reliability && !power::is_sink(network.kind(node))) assumed.insert(network.kind(node));
  }
  for (const power::NodeKind kind : assumed) {
    const power::DefaultReliability& given = power::default_reliability(kind);
    if (given.evidence != 'E' && given.evidence != 'R') continue;
    result.assumptions.push_back(
        {fmt::format("models/power/availability/{}", power::node_kind_name(kind)),
         fmt::format("{} failures a year, {} h to repair", given.spec.failures_per_year, given.spec.repair_h),
         std::string(1, given.evidence), std::string(given.source)});
  }
}

}  // namespace tokenworks::scenario
