#include "sim/scenario/fabric_plan.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "models/topology/analysis.hpp"

namespace tokenworks::scenario {

FabricPlan plan_fabric(const ScenarioSpec& spec, Catalog& catalog, FaultList& faults) {
  FabricPlan plan;
  topology::Endpoints& endpoints = plan.endpoints;
  std::vector<const RackGroupSpec*> groups;
  for (const RackGroupSpec& group : spec.factory.racks) groups.push_back(&group);
  std::sort(groups.begin(), groups.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  for (const RackGroupSpec* group : groups) {
    const compute::RackSpec* kind = catalog.rack(group->kind, faults);
    if (kind == nullptr) continue;
    const std::int64_t nodes = group->count * kind->nodes;
    for (std::int64_t node = 0; node < nodes; ++node) {
      endpoints.node_names.push_back(group->name + "/" + std::to_string(node));
    }
    endpoints.nodes += nodes;
    endpoints.nics_per_node = std::max(endpoints.nics_per_node, kind->nics_per_node);
    endpoints.nic_bandwidth = std::max(endpoints.nic_bandwidth, kind->nic_bandwidth);
    plan.nics += nodes * kind->nics_per_node;
  }
  const FabricOption& fabric = **spec.factory.fabric;
  if (fabric.carries_storage() && spec.factory.storage && spec.factory.storage->has_value()) {
    const storage::StorageProfile profile = (*spec.factory.storage)->profile();
    const double most = std::max(profile.read_bandwidth.value, profile.write_bandwidth.value);
    if (!profile.is_local && endpoints.nic_bandwidth.value > 0) {
      endpoints.storage_ports =
          std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(most / endpoints.nic_bandwidth.value - 1e-9)));
      endpoints.storage_port_bandwidth = endpoints.nic_bandwidth;
    }
  }
  if (fabric.front_end()) {
    endpoints.front_end = true;
    endpoints.front_end_bandwidth = *fabric.front_end();
  }
  const topology::PartIds ids = fabric.topology().part_ids();
  for (const std::string& id : ids.switches) {
    if (const auto* part = catalog.network_switch(id, faults)) plan.parts.switches[id] = part;
  }
  for (const std::string& id : ids.transceivers) {
    if (const auto* part = catalog.transceiver(id, faults)) plan.parts.transceivers[id] = part;
  }
  return plan;
}

topology::Graph build_fabric(const FabricOption& fabric, const FabricPlan& plan) {
  topology::Graph graph = fabric.topology().build(plan.endpoints, plan.parts);
  if (graph.names.empty()) graph.names.resize(graph.vertices.size());
  std::optional<std::uint32_t> first_port;
  for (std::size_t i = 0; i < graph.endpoints.size(); ++i) {
    const std::uint32_t vertex = graph.endpoints[i];
    if (i < plan.endpoints.node_names.size()) graph.names[vertex] = plan.endpoints.node_names[i];
    if (graph.vertices[vertex].kind != topology::VertexKind::storage) continue;
    if (!first_port) first_port = vertex;
    graph.vertices[vertex].merge = graph.vertices[*first_port].merge;
  }
  return graph;
}

topology::ScaleUpDomain scale_up_domain(const compute::RackSpec& rack, const compute::GpuSpec& gpu) {
  const std::int64_t nics = rack.nics_per_node * rack.scale_up_domain_gpus / rack.gpus_per_node;
  return {.gpus = rack.scale_up_domain_gpus,
          .nics = std::max<std::int64_t>(1, nics),
          .scale_up_bandwidth = gpu.ratings.scale_up_bandwidth,
          .pcie_bandwidth = rack.host_link_bandwidth};
}

BytesPerSecond scale_up_bandwidth(const topology::ScaleUpOption& option, const compute::RackSpec& rack,
                                  const compute::GpuSpec& gpu) {
  const BytesPerSecond rated = gpu.ratings.scale_up_bandwidth;
  if (rack.scale_up_domain_gpus < 2) return rated;
  const BytesPerSecond possible = topology::all_to_all_bandwidth(option.build(scale_up_domain(rack, gpu)));
  constexpr double kRounding = 1e-9;
  return possible > rated * (1.0 - kRounding) ? rated : possible;
}

metrics::ScaleUpResult describe_scale_up(const topology::ScaleUpOption& option, const compute::RackSpec& rack,
                                         const compute::GpuSpec& gpu) {
  const topology::Graph graph = option.build(scale_up_domain(rack, gpu));
  metrics::ScaleUpResult result;
  result.gpus = rack.scale_up_domain_gpus;
  for (const topology::Vertex& vertex : graph.vertices) {
    if (vertex.kind == topology::VertexKind::nvswitch || vertex.kind == topology::VertexKind::pcie_switch)
      ++result.switches;
  }
  result.bisection_bytes_per_s = topology::bisection_bandwidth(graph).value;
  result.all_to_all_bytes_per_s = scale_up_bandwidth(option, rack, gpu).value;
  if (result.gpus > 1) {
    const topology::Routes routes(graph);
    result.latency_s =
        topology::hop_latency(graph, routes, 0, static_cast<std::uint32_t>(rack.scale_up_domain_gpus - 1)).value;
  }
  for (const std::uint32_t vertex : topology::weak_points(graph).articulation_points)
    result.single_points_of_failure.push_back(graph.name(vertex));
  return result;
}

metrics::FabricResult describe_fabric(const topology::Graph& graph, const std::vector<topology::PartCount>& bill) {
  constexpr std::size_t kMostNamed = 100;
  metrics::FabricResult result;
  std::vector<std::uint32_t> nodes;
  for (std::uint32_t i = 0; i < graph.endpoints.size(); ++i) {
    if (graph.vertices[graph.endpoints[i]].kind == topology::VertexKind::node) nodes.push_back(i);
  }
  result.nodes = static_cast<std::int64_t>(nodes.size());
  result.switches = static_cast<std::int64_t>(graph.vertices.size() - graph.endpoints.size());
  result.links = static_cast<std::int64_t>(graph.links.size());
  for (const topology::Link& link : graph.links) result.cables += link.cables;

  // Under an ideal spread, and in milliseconds at any size.
  const topology::Graph merged = topology::contracted(graph);
  result.bisection_bytes_per_s = topology::bisection_bandwidth(merged).value;
  if (nodes.size() > 1) {
    result.all_to_all_bytes_per_s = topology::all_to_all_bandwidth(merged).value;
    const topology::Routes routes(merged);
    result.latency_s = topology::hop_latency(merged, routes, nodes.front(), nodes.back()).value;
  }
  const topology::WeakPoints weak = topology::weak_points(graph);
  result.biconnected_components = static_cast<std::int64_t>(weak.biconnected_components);
  std::vector<std::string>& named = result.single_points_of_failure;
  for (const std::uint32_t vertex : weak.articulation_points) named.push_back(graph.name(vertex));
  for (const topology::SingleHomed& homed : weak.single_homed) {
    const std::string name = graph.name(homed.vertex);
    if (std::find(named.begin(), named.end(), name) == named.end()) named.push_back(name);
  }
  for (const std::uint32_t link : weak.bridges) {
    named.push_back(graph.name(graph.links[link].a) + "--" + graph.name(graph.links[link].b));
  }
  if (named.size() > kMostNamed) named.resize(kMostNamed);
  for (const topology::PartCount& part : bill) {
    if (!result.parts.empty() && result.parts.back().part == part.part) {  // fibres of one price for several modules
      metrics::PartResult& last = result.parts.back();
      last.count += part.count;
      last.price_usd += part.usd_each * static_cast<double>(part.count);
      continue;
    }
    const auto count = static_cast<double>(part.count);
    result.parts.push_back({.part = part.part,
                            .category = part.category,
                            .count = part.count,
                            .idle_w = part.watts_each_idle * count,
                            .full_w = part.watts_each_full * count,
                            .price_usd = part.usd_each * count});
  }
  return result;
}

}  // namespace tokenworks::scenario
