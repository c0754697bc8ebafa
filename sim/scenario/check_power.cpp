#include "sim/scenario/check_power.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/scenario/json_text.hpp"
#include "sim/scenario/power_incident_spec.hpp"

namespace tokenworks::scenario {
namespace {

// Power supplies at rest take at most an eighth more than they give.
constexpr double kSupplyLossAtRest = 1.125;

/// A tree for these racks, to know its nodes by name: what they are sized for does not matter here.
power::NetworkSpec tree_of(const ScenarioSpec& spec, Catalog& catalog) {
  power::PowerLoads loads;
  FaultList unused;
  for (const RackGroupSpec& group : spec.factory.racks) {
    const compute::RackSpec* kind = catalog.rack(group.kind, unused);
    const double nameplate = kind != nullptr ? kind->nameplate_power.value : 0.0;
    double rest = 0.0;
    if (kind != nullptr) {
      const compute::GpuSpec* gpu = catalog.gpu(kind->gpu, unused);
      const double gpus = gpu != nullptr ? gpu->power.idle.value * static_cast<double>(kind->gpus_per_node) : 0.0;
      rest = (kind->node_base_power.value + gpus) * static_cast<double>(kind->nodes) + kind->rack_shared_power.value;
      rest *= kSupplyLossAtRest;
    }
    const auto count = static_cast<double>(group.count);
    loads.racks.push_back({group.name, Watts(std::max(nameplate, 1.0) * count), Watts(rest * count)});
  }
  loads.mechanical = loads.house = Watts(1);
  return spec.factory.power->network(loads);
}

/// Racks that bear the name of a node that the option makes. Whether there are none.
bool check_rack_names(const std::vector<std::string>& racks, const power::NetworkSpec& tree, FaultList& faults) {
  bool is_sound = true;
  for (const power::NodeSpec& node : tree.nodes) {
    const auto rack = std::find(racks.begin(), racks.end(), node.name);
    if (node.kind == "rack" || rack == racks.end()) continue;
    faults.add(FaultKind::duplicate_name, fmt::format("/factory/racks/{}/name", rack - racks.begin()),
               fmt::format("{} is a {} of the power tree; choose another name", shown(node.name), node.kind));
    is_sound = false;
  }
  return is_sound;
}

void check_node(const std::string& pointer, const std::string& target, const std::vector<std::string>& nodes,
                std::string_view what, FaultList& faults) {
  if (target.empty() || faults.concern(pointer)) return;
  if (std::find(nodes.begin(), nodes.end(), target) != nodes.end()) return;
  faults.add(FaultKind::unknown_name, pointer, fmt::format("found {}; {}: {}", shown(target), what, name_list(nodes)),
             nearest_name(target, nodes));
}

/// Limits stand at nodes above the racks and at racks, one at each; "meter" is all feeds of the grid.
void check_limits(const std::vector<PowerLimitSpec>& limits, std::vector<std::string> places, FaultList& faults) {
  places.emplace_back("meter");
  std::set<std::string> limited;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const std::string pointer = fmt::format("/factory/power_control/limits/{}/node", i);
    check_node(pointer, limits[i].node, places, "limits stand at", faults);
    if (limited.insert(limits[i].node).second || faults.concern(pointer)) continue;
    faults.add(FaultKind::duplicate_name, pointer, fmt::format("{} has a limit already", shown(limits[i].node)));
  }
}

void check_policy(const PowerControlSpec& control, FaultList& faults) {
  const std::string pointer = "/factory/power_control/policy";
  if (!control.policy.has_value() || faults.concern(pointer)) return;
  const auto thresholds = control.policy->thresholds();
  if (!thresholds || thresholds->low <= thresholds->high) return;
  faults.add(FaultKind::out_of_range, fmt::format("{}/{}", pointer, thresholds->low_key),
             fmt::format("found {}; allowed: at most {}, {}", number_text(thresholds->low), thresholds->high_key,
                         number_text(thresholds->high)));
}

}  // namespace

void check_power(const ScenarioSpec& spec, Catalog& catalog, bool racks_known, FaultList& faults) {
  check_policy(spec.factory.power_control, faults);
  if (!racks_known || !spec.factory.power.has_value() || faults.stand_at("/factory/power")) return;
  std::vector<std::string> racks;
  for (const RackGroupSpec& group : spec.factory.racks) racks.push_back(group.name);
  if (std::set<std::string>(racks.begin(), racks.end()).size() < racks.size()) return;  // told of elsewhere
  const std::vector<power::NetworkFault> found = spec.factory.power->faults(racks);
  for (const power::NetworkFault& fault : found) {
    faults.add(FaultKind::bad_power_tree, "/factory/power" + fault.place, fault.message);
  }
  if (!found.empty()) return;
  const power::NetworkSpec tree = tree_of(spec, catalog);
  if (!check_rack_names(racks, tree, faults)) return;
  const std::vector<power::NetworkFault> of_tree = power::network_faults(tree);
  for (const power::NetworkFault& fault : of_tree) {
    faults.add(FaultKind::bad_power_tree, "/factory/power", fault.message);
  }
  if (!of_tree.empty()) return;
  std::vector<std::string> utilities, inner;
  for (const power::NodeSpec& node : tree.nodes) {
    if (node.kind == "utility") utilities.push_back(node.name);
    if (!power::is_sink(power::node_kind(node.kind))) inner.push_back(node.name);
  }
  std::vector<std::string> metered = inner;
  metered.insert(metered.end(), racks.begin(), racks.end());
  check_limits(spec.factory.power_control.limits, std::move(metered), faults);
  for (std::size_t i = 0; i < spec.incidents.size(); ++i) {
    if (!spec.incidents[i].has_value()) continue;
    const std::string pointer = fmt::format("/incidents/{}/target", i);
    if (const auto* loss = dynamic_cast<const UtilityLossSpec*>(&*spec.incidents[i])) {
      if (loss->target) check_node(pointer, *loss->target, utilities, "feeds of the grid are", faults);
    }
    if (const auto* path = dynamic_cast<const PowerPathDownSpec*>(&*spec.incidents[i])) {
      check_node(pointer, path->target, inner, "the power tree has the nodes", faults);
    }
  }
}

}  // namespace tokenworks::scenario
