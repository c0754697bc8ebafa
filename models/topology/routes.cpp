#include "models/topology/routes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace tokenworks::topology {
namespace {

/// SplitMix64: every hop sees other bits of the hash.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t hop) {
  std::uint64_t bits = hash + 0x9e3779b97f4a7c15ull * (hop + 1);
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ull;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebull;
  return bits ^ (bits >> 31);
}

/// A number below `count`. `count` is far below 2^64, so that the remainder favours none by more than 1e-6.
std::uint64_t pick(std::uint64_t bits, std::uint64_t count) { return bits % count; }

DirectedLink reversed(DirectedLink link) { return link ^ 1u; }

}  // namespace

Routes::Routes(const Graph& graph)
    : graph_(&graph),
      first_hop_(graph.vertices.size() + 1, 0),
      link_usable_(graph.links.size(), true),
      vertex_usable_(graph.vertices.size(), true),
      switch_index_(graph.vertices.size(), 0) {
  std::vector<bool> is_endpoint(graph.vertices.size(), false);
  for (const std::uint32_t endpoint : graph.endpoints) is_endpoint[endpoint] = true;
  for (std::uint32_t i = 0; i < graph.vertices.size(); ++i) {
    if (!is_endpoint[i]) switch_index_[i] = switches_++;
  }
  const Incidence incidence(graph);
  for (std::uint32_t vertex = 0; vertex < graph.vertices.size(); ++vertex) {
    for (const std::uint32_t* at = incidence.begin(vertex); at != incidence.end(vertex); ++at) {
      const Link& link = graph.links[*at];
      const std::uint32_t other = link.other(vertex);
      if (is_endpoint[other] || other == vertex) continue;
      hops_.push_back({other, link.cables, 2 * *at + (link.a == vertex ? 0u : 1u)});
    }
    first_hop_[vertex + 1] = static_cast<std::uint32_t>(hops_.size());
  }
  distances_.resize(switches_);
}

void Routes::forget() const {
  for (auto& table : distances_) table.clear();
}

void Routes::set_usable(std::uint32_t link, bool usable) {
  if (link_usable_.at(link) == usable) return;
  link_usable_[link] = usable;
  forget();
}

void Routes::set_vertex_usable(std::uint32_t vertex, bool usable) {
  if (vertex_usable_.at(vertex) == usable) return;
  vertex_usable_[vertex] = usable;
  forget();
}

const std::uint16_t* Routes::distances_to(std::uint32_t target) const {
  std::vector<std::uint16_t>& table = distances_[switch_index_[target]];
  if (!table.empty()) return table.data();
  table.assign(switches_, kUnreachable);
  table[switch_index_[target]] = 0;
  queue_.assign(1, target);
  for (std::size_t next = 0; next < queue_.size(); ++next) {
    const std::uint32_t at = queue_[next];
    const auto beyond = static_cast<std::uint16_t>(table[switch_index_[at]] + 1);
    for (const Hop* hop = begin(at); hop != end(at); ++hop) {
      std::uint16_t& distance = table[switch_index_[hop->vertex]];
      if (distance != kUnreachable || !usable(hop->link / 2)) continue;
      distance = beyond;
      queue_.push_back(hop->vertex);
    }
  }
  return table.data();
}

std::uint16_t Routes::distance(std::uint32_t from_switch, std::uint32_t to_switch) const {
  return distances_to(to_switch)[switch_index_[from_switch]];
}

/// Two passes: the shortest length and how many cable pairs have it; then the one that the hash picks.
bool Routes::choose_ends(std::uint32_t from, std::uint32_t to, std::uint64_t hash, Ends& chosen) const {
  std::uint16_t shortest = kUnreachable;
  std::uint64_t choices = 0;
  const auto each_pair = [&](auto visit) {
    for (const Hop* last = begin(to); last != end(to); ++last) {
      if (!usable(last->link / 2)) continue;
      const std::uint16_t* distances = distances_to(last->vertex);
      for (const Hop* first = begin(from); first != end(from); ++first) {
        if (usable(first->link / 2) && visit(distances[switch_index_[first->vertex]], *first, *last)) return;
      }
    }
  };
  each_pair([&](std::uint16_t distance, const Hop& first, const Hop& last) {
    if (distance < shortest) {
      shortest = distance;
      choices = 0;
      chosen = {&first, &last};
    }
    if (distance == shortest && distance != kUnreachable) choices += std::uint64_t{first.cables} * last.cables;
    return false;
  });
  if (shortest == kUnreachable) return false;
  std::uint64_t left = pick(mixed(hash, 0), choices);
  each_pair([&](std::uint16_t distance, const Hop& first, const Hop& last) {
    if (distance != shortest) return false;
    const std::uint64_t cables = std::uint64_t{first.cables} * last.cables;
    chosen = {&first, &last};
    if (left < cables) return true;
    left -= cables;
    return false;
  });
  return true;
}

bool Routes::path(std::uint32_t from_endpoint, std::uint32_t to_endpoint, std::uint64_t hash,
                  std::vector<DirectedLink>& out) const {
  out.clear();
  if (from_endpoint == to_endpoint) return true;
  Ends ends{};
  if (!choose_ends(graph_->endpoints.at(from_endpoint), graph_->endpoints.at(to_endpoint), hash, ends)) return false;
  follow(ends, hash, out);
  return true;
}

bool Routes::path_on_rail(std::uint32_t from_endpoint, std::uint32_t to_endpoint, std::uint32_t rail,
                          std::uint64_t hash, std::vector<DirectedLink>& out) const {
  out.clear();
  const std::uint32_t from = graph_->endpoints.at(from_endpoint), to = graph_->endpoints.at(to_endpoint);
  if (begin(from) == end(from) || begin(to) == end(to)) return false;
  const Ends ends{begin(from) + rail % (end(from) - begin(from)), begin(to) + rail % (end(to) - begin(to))};
  if (!usable(ends.first->link / 2) || !usable(ends.last->link / 2)) return false;
  if (distance(ends.first->vertex, ends.last->vertex) == kUnreachable) return false;
  follow(ends, hash, out);
  return true;
}

void Routes::follow(const Ends& ends, std::uint64_t hash, std::vector<DirectedLink>& out) const {
  out.push_back(ends.first->link);
  const std::uint16_t* distances = distances_to(ends.last->vertex);
  std::uint32_t at = ends.first->vertex;
  for (std::uint16_t left = distances[switch_index_[at]]; left > 0; --left) {
    const auto leads_on = [&](const Hop& hop) {
      return distances[switch_index_[hop.vertex]] + 1 == left && usable(hop.link / 2);
    };
    std::uint64_t choices = 0;
    for (const Hop* hop = begin(at); hop != end(at); ++hop) choices += leads_on(*hop) ? hop->cables : 0;
    std::uint64_t chosen = pick(mixed(hash, out.size()), choices);
    for (const Hop* hop = begin(at); hop != end(at); ++hop) {
      if (!leads_on(*hop)) continue;
      if (chosen < hop->cables) {
        out.push_back(hop->link);
        at = hop->vertex;
        break;
      }
      chosen -= hop->cables;
    }
  }
  out.push_back(reversed(ends.last->link));
}

void Routes::collect(std::uint32_t at, const Hop& last, std::size_t most, std::vector<DirectedLink>& path,
                     std::vector<std::vector<DirectedLink>>& out) const {
  if (out.size() >= most) return;
  const std::uint16_t* distances = distances_to(last.vertex);
  const std::uint16_t left = distances[switch_index_[at]];
  if (left == 0) {
    path.push_back(reversed(last.link));
    out.push_back(path);
    path.pop_back();
    return;
  }
  for (const Hop* hop = begin(at); hop != end(at); ++hop) {
    if (distances[switch_index_[hop->vertex]] + 1 != left || !usable(hop->link / 2)) continue;
    path.push_back(hop->link);
    collect(hop->vertex, last, most, path, out);
    path.pop_back();
  }
}

void Routes::equal_cost_paths(std::uint32_t from_endpoint, std::uint32_t to_endpoint, std::size_t most,
                              std::vector<std::vector<DirectedLink>>& out) const {
  out.clear();
  const std::uint32_t from = graph_->endpoints.at(from_endpoint), to = graph_->endpoints.at(to_endpoint);
  Ends ends{};
  if (from == to || !choose_ends(from, to, 0, ends)) return;
  const std::uint16_t shortest = distance(ends.first->vertex, ends.last->vertex);
  std::vector<DirectedLink> path;
  for (const Hop* first = begin(from); first != end(from); ++first) {
    for (const Hop* last = begin(to); last != end(to); ++last) {
      if (!usable(first->link / 2) || !usable(last->link / 2)) continue;
      if (distance(first->vertex, last->vertex) != shortest) continue;
      path.assign(1, first->link);
      collect(first->vertex, *last, most, path, out);
    }
  }
}

Seconds hop_latency(const Graph& graph, const Routes& routes, std::uint32_t from_endpoint, std::uint32_t to_endpoint) {
  std::vector<DirectedLink> path;
  if (!routes.path(from_endpoint, to_endpoint, 0, path)) {
    throw std::invalid_argument(fmt::format("no path joins endpoints {} and {}", from_endpoint, to_endpoint));
  }
  Seconds latency{0};
  for (const DirectedLink link : path) latency += graph.links[link / 2].latency;
  return latency;
}

}  // namespace tokenworks::topology
