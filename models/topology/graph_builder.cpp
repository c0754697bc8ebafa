#include "models/topology/graph_builder.hpp"

#include <algorithm>

namespace tokenworks::topology {

std::uint16_t GraphBuilder::part(const std::string& id) {
  const auto found = std::find(graph_.parts.begin(), graph_.parts.end(), id);
  const std::size_t index = static_cast<std::size_t>(found - graph_.parts.begin());
  if (found == graph_.parts.end()) graph_.parts.push_back(id);
  return static_cast<std::uint16_t>(index);
}

void GraphBuilder::add_endpoints(const Endpoints& endpoints) {
  const auto add = [&](VertexKind kind, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto vertex = static_cast<std::uint32_t>(graph_.vertices.size());
      graph_.vertices.push_back({kind, static_cast<std::uint32_t>(i), vertex});
      graph_.endpoints.push_back(vertex);
    }
  };
  add(VertexKind::node, endpoints.nodes);
  add(VertexKind::storage, endpoints.storage_ports);
  add(VertexKind::front_end, endpoints.front_end ? 1 : 0);
}

std::uint32_t GraphBuilder::add_switch(VertexKind kind, std::uint32_t number, std::optional<std::uint32_t> merge_with) {
  const auto vertex = static_cast<std::uint32_t>(graph_.vertices.size());
  const std::uint32_t merge = merge_with ? graph_.vertices[*merge_with].merge : vertex;
  graph_.vertices.push_back({kind, number, merge, part(cabling_.switch_id)});
  return vertex;
}

void GraphBuilder::attach(std::uint32_t endpoint, std::uint32_t to_switch, BytesPerSecond bandwidth,
                          std::int64_t cables) {
  graph_.links.push_back({endpoint, to_switch, bandwidth, static_cast<std::uint32_t>(cables), cabling_.endpoint_latency,
                          cabling_.endpoint_medium, part(cabling_.endpoint_part), part(cabling_.endpoint_switch_part)});
}

void GraphBuilder::join(std::uint32_t a, std::uint32_t b, std::int64_t cables) {
  const std::uint16_t id = part(cabling_.switch_part);
  graph_.links.push_back({a, b, cabling_.port_bandwidth, static_cast<std::uint32_t>(cables), cabling_.switch_latency,
                          cabling_.switch_medium, id, id});
}

}  // namespace tokenworks::topology
