#include "models/topology/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace tokenworks::topology {
namespace {

auto order_of(const Link& link) {
  return std::tuple(link.a, link.b, link.bandwidth.value, link.latency.value, link.medium, link.part_a, link.part_b);
}

/// New number of each vertex, in the order in which their merge ids first appear.
std::vector<std::uint32_t> merged_numbers(const Graph& graph, Graph& merged) {
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t most = 0;
  for (const Vertex& vertex : graph.vertices) most = std::max(most, vertex.merge);
  std::vector<std::uint32_t> by_merge(graph.vertices.empty() ? 0 : std::size_t{most} + 1, kNone);
  std::vector<std::uint32_t> numbers;
  numbers.reserve(graph.vertices.size());
  for (std::size_t i = 0; i < graph.vertices.size(); ++i) {
    const Vertex& vertex = graph.vertices[i];
    std::uint32_t& number = by_merge[vertex.merge];
    if (number == kNone) {
      number = static_cast<std::uint32_t>(merged.vertices.size());
      merged.vertices.push_back({vertex.kind, vertex.number, number, vertex.part});
      if (!graph.names.empty()) merged.names.push_back(i < graph.names.size() ? graph.names[i] : std::string());
    }
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

std::string_view kind_name(VertexKind kind) {
  static constexpr std::string_view kNames[] = {"node",    "gpu",       "nvswitch", "pcie_switch", "root_complex",
                                                "nic",     "leaf",      "spine",    "core",        "router",
                                                "storage", "front_end", "custom"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view medium_name(Medium medium) {
  static constexpr std::string_view kNames[] = {"nvlink", "pcie", "copper", "optical", "internal"};
  return kNames[static_cast<std::size_t>(medium)];
}

bool computes(VertexKind kind) { return kind == VertexKind::node || kind == VertexKind::gpu; }

std::string Graph::name(std::uint32_t vertex) const {
  if (vertex < names.size() && !names[vertex].empty()) return names[vertex];
  const Vertex& v = vertices.at(vertex);
  return fmt::format("{}_{}", kind_name(v.kind), v.number);
}

Graph contracted(const Graph& graph) {
  Graph merged;
  const std::vector<std::uint32_t> number = merged_numbers(graph, merged);
  merged.parts = graph.parts;
  for (const std::uint32_t endpoint : graph.endpoints) merged.endpoints.push_back(number[endpoint]);

  std::vector<Link> links;
  links.reserve(graph.links.size());
  for (Link link : graph.links) {
    link.a = number[link.a];
    link.b = number[link.b];
    if (link.a == link.b) continue;
    if (link.a > link.b) {
      std::swap(link.a, link.b);
      std::swap(link.part_a, link.part_b);
    }
    links.push_back(link);
  }
  std::sort(links.begin(), links.end(), [](const Link& x, const Link& y) { return order_of(x) < order_of(y); });
  for (const Link& link : links) {
    if (!merged.links.empty() && order_of(merged.links.back()) == order_of(link)) {
      merged.links.back().cables += link.cables;
    } else {
      merged.links.push_back(link);
    }
  }
  return merged;
}

Incidence::Incidence(const Graph& graph) : first_(graph.vertices.size() + 1, 0), links_(2 * graph.links.size()) {
  for (const Link& link : graph.links) {
    ++first_[link.a + 1];
    ++first_[link.b + 1];
  }
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  std::vector<std::uint32_t> next(first_.begin(), first_.end() - 1);
  for (std::uint32_t i = 0; i < graph.links.size(); ++i) {
    links_[next[graph.links[i].a]++] = i;
    links_[next[graph.links[i].b]++] = i;
  }
}

}  // namespace tokenworks::topology
