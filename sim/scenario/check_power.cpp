#include "sim/scenario/check_power.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

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

void check_node(const std::string& pointer, const std::string& target, const std::vector<std::string>& nodes,
                std::string_view what, FaultList& faults) {
  if (target.empty() || faults.concern(pointer)) return;
  if (std::find(nodes.begin(), nodes.end(), target) != nodes.end()) return;
  faults.add(FaultKind::unknown_name, pointer, fmt::format("found {}; {}: {}", shown(target), what, name_list(nodes)),
             nearest_name(target, nodes));
}

}  // namespace

void check_power(const ScenarioSpec& spec, Catalog& catalog, bool racks_known, FaultList& faults) {
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
