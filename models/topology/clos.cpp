#include "models/topology/clos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tokenworks::topology {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The smallest divisor of `value` that is at least `least` (which is at most `value`).
std::int64_t divisor_at_least(std::int64_t value, std::int64_t least) {
  std::int64_t divisor = std::max<std::int64_t>(1, least);
  while (value % divisor != 0) ++divisor;
  return divisor;
}

ClosPlan plan_two_tiers(const ClosNeed& need) {
  ClosPlan plan;
  plan.tiers = 2;
  plan.units_per_pod = need.units;
  plan.spines_per_pod = divisor_at_least(need.uplinks, ceil_div(need.leaves * need.uplinks, need.ports));
  plan.leaf_spine_cables = need.uplinks / plan.spines_per_pod;
  return plan;
}

ClosPlan plan_three_tiers(const ClosNeed& need, std::vector<TopologyFault>& faults) {
  ClosPlan plan;
  plan.tiers = 3;
  const std::int64_t half = need.ports / 2;
  const std::int64_t most_units = half / need.leaves_per_unit;
  if (most_units < 1) {
    faults.push_back({"switch", fmt::format("a unit has {} leaves, and a spine has {} ports towards leaves",
                                            need.leaves_per_unit, half)});
    return plan;
  }
  plan.pods = ceil_div(need.units, most_units);
  plan.units_per_pod = ceil_div(need.units, plan.pods);
  if (plan.pods > need.ports) {
    faults.push_back({"switch", fmt::format("{} leaves need {} pods of {} leaves, and a core has {} ports: at most "
                                            "{} leaves fit under three tiers",
                                            need.leaves, plan.pods, plan.units_per_pod * need.leaves_per_unit,
                                            need.ports, need.ports * most_units * need.leaves_per_unit)});
    return plan;
  }
  const std::int64_t leaves = plan.units_per_pod * need.leaves_per_unit;
  plan.spines_per_pod = divisor_at_least(need.uplinks, ceil_div(leaves * need.uplinks, half));
  plan.leaf_spine_cables = need.uplinks / plan.spines_per_pod;
  const std::int64_t spine_uplinks = std::min(half, leaves * plan.leaf_spine_cables);
  plan.cores_per_spine = divisor_at_least(spine_uplinks, ceil_div(plan.pods * spine_uplinks, need.ports));
  plan.spine_core_cables = spine_uplinks / plan.cores_per_spine;
  return plan;
}

/// Adds a switch that shares its merge id with the first of its group.
std::uint32_t add_merged(GraphBuilder& builder, VertexKind kind, std::uint32_t& number,
                         std::vector<std::uint32_t>& first_of, std::size_t group) {
  const bool is_first = first_of.size() <= group;
  const std::uint32_t vertex =
      is_first ? builder.add_switch(kind, number++) : builder.add_switch(kind, number++, first_of[group]);
  if (is_first) first_of.push_back(vertex);
  return vertex;
}

std::vector<std::vector<std::uint32_t>> add_spines(GraphBuilder& builder, const ClosPlan& plan, ClosMerge& merge) {
  std::vector<std::vector<std::uint32_t>> spines(static_cast<std::size_t>(plan.pods));
  for (std::size_t pod = 0; pod < spines.size(); ++pod) {
    for (std::int64_t i = 0; i < plan.spines_per_pod; ++i) {
      spines[pod].push_back(add_merged(builder, VertexKind::spine, merge.next_spine, merge.spine_of_pod, pod));
    }
  }
  return spines;
}

void add_cores(GraphBuilder& builder, const ClosPlan& plan, const std::vector<std::vector<std::uint32_t>>& spines,
               ClosMerge& merge) {
  for (std::size_t group = 0; group < static_cast<std::size_t>(plan.spines_per_pod); ++group) {
    for (std::int64_t i = 0; i < plan.cores_per_spine; ++i) {
      const std::uint32_t core = add_merged(builder, VertexKind::core, merge.next_core, merge.core, 0);
      for (const auto& pod : spines) builder.join(pod[group], core, plan.spine_core_cables);
    }
  }
}

/// Calls `port(endpoint_index, bandwidth_of_a_cable, cables)` for each storage port and the front end.
template <class Visit>
void for_each_service(const Endpoints& endpoints, const Cabling& cabling, std::int64_t planes, Visit visit) {
  const auto one = [&](std::size_t index, BytesPerSecond bandwidth) {
    const BytesPerSecond share = bandwidth / static_cast<double>(planes);
    const std::int64_t cables = cables_for(share, cabling.service_port_bandwidth);
    visit(index, share / static_cast<double>(cables), cables);
  };
  const auto nodes = static_cast<std::size_t>(endpoints.nodes);
  const auto ports = static_cast<std::size_t>(endpoints.storage_ports);
  for (std::size_t i = 0; i < ports; ++i) one(nodes + i, endpoints.storage_port_bandwidth);
  if (endpoints.front_end) one(nodes + ports, endpoints.front_end_bandwidth);
}

}  // namespace

ClosPlan plan_clos(const ClosNeed& need, std::vector<TopologyFault>& faults) {
  if (need.leaves <= 1) return ClosPlan{.units_per_pod = need.units};
  if (need.uplinks < 1 || need.uplinks >= need.ports) {
    faults.push_back({"switch", fmt::format("a leaf needs {} uplinks of its {} ports", need.uplinks, need.ports)});
    return {};
  }
  return need.leaves <= need.ports ? plan_two_tiers(need) : plan_three_tiers(need, faults);
}

void add_clos(GraphBuilder& builder, const ClosPlan& plan, const std::vector<ClosUnit>& units, bool merge_leaves,
              ClosMerge& merge) {
  const auto spines = plan.tiers > 1 ? add_spines(builder, plan, merge) : std::vector<std::vector<std::uint32_t>>();
  std::size_t group = 0;
  for (std::size_t unit = 0; unit < units.size(); ++unit) {
    for (const auto& ports : units[unit].leaves) {
      const std::size_t merged = merge_leaves ? unit : group++;
      const std::uint32_t leaf = add_merged(builder, VertexKind::leaf, merge.next_leaf, merge.leaf_of_unit, merged);
      for (const LeafPort& port : ports) builder.attach(port.endpoint, leaf, port.bandwidth, port.cables);
      if (spines.empty()) continue;
      for (const std::uint32_t spine : spines[unit / static_cast<std::size_t>(plan.units_per_pod)]) {
        builder.join(leaf, spine, plan.leaf_spine_cables);
      }
    }
  }
  if (plan.tiers > 2) add_cores(builder, plan, spines, merge);
}

std::int64_t service_leaves(const Endpoints& endpoints, const Cabling& cabling, std::int64_t planes,
                            std::int64_t down) {
  std::int64_t ports = 0;
  for_each_service(endpoints, cabling, planes,
                   [&](std::size_t, BytesPerSecond, std::int64_t cables) { ports += cables; });
  return ceil_div(ports, down);
}

std::vector<ClosUnit> service_units(const GraphBuilder& builder, const Endpoints& endpoints, const Cabling& cabling,
                                    std::int64_t planes, std::int64_t down, std::int64_t leaves_per_unit) {
  std::vector<ClosUnit> units;
  std::int64_t free = 0;
  const auto add = [&](std::size_t index, BytesPerSecond bandwidth, std::int64_t cables) {
    while (cables > 0) {
      if (free == 0) {
        const bool full = units.empty() || static_cast<std::int64_t>(units.back().leaves.size()) == leaves_per_unit;
        if (full) units.emplace_back();
        units.back().leaves.emplace_back();
        free = down;
      }
      const std::int64_t here = std::min(free, cables);
      units.back().leaves.back().push_back({builder.endpoints()[index], bandwidth, here});
      free -= here;
      cables -= here;
    }
  };
  for_each_service(endpoints, cabling, planes, add);
  return units;
}

std::int64_t uplinks_for(std::int64_t down, BytesPerSecond bandwidth, BytesPerSecond port_bandwidth,
                         double oversubscription) {
  const double needed = static_cast<double>(down) * (bandwidth / port_bandwidth) / oversubscription;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(needed - 1e-9)));
}

std::int64_t most_down_ports(std::int64_t ports, BytesPerSecond bandwidth, BytesPerSecond port_bandwidth,
                             double oversubscription) {
  const double share = bandwidth / port_bandwidth / oversubscription;
  auto down = static_cast<std::int64_t>(std::floor(static_cast<double>(ports) / (1.0 + share) + 1e-9));
  while (down > 0 && down + uplinks_for(down, bandwidth, port_bandwidth, oversubscription) > ports) --down;
  return down;
}

}  // namespace tokenworks::topology
