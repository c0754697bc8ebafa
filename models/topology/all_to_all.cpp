// Question   at which rate can all nodes send to all others at once
// Equation   unit demand between every pair of nodes, split over shortest paths by cables at every hop; the rate is the
//            least of (n - 1) capacity / load over all directed links. Upper bound: floor(n/2) ceil(n/2) / (n - 1)
//            times the rate crosses the bisection
// Source     oblivious equal-split routing as in B. Towles, W. Dally, Worst-case traffic for oblivious routing, 2002
// Valid for  uniform traffic; nodes with the same links at the same switches are counted as one class
// Checked by tests/models/topology/bandwidth_test.cpp
#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <tuple>

#include "models/topology/analysis.hpp"

namespace tokenworks::topology {
namespace {

struct Attachment {
  std::uint32_t at = 0;  ///< switch
  std::uint32_t cables = 0;
  double capacity = 0;
  DirectedLink up = 0;                ///< of the class's first node
  double up_load = 0, down_load = 0;  ///< of one node
  auto order() const { return std::tuple(at, capacity, cables); }
};

/// Nodes that hang on the same switches alike.
struct NodeClass {
  std::vector<Attachment> attachments;
  double nodes = 0;
};

std::vector<Attachment> attachments_of(const Graph& graph, const Incidence& incidence, std::uint32_t node,
                                       const std::vector<bool>& is_endpoint) {
  std::vector<Attachment> list;
  list.reserve(incidence.size(node));
  for (const std::uint32_t* at = incidence.begin(node); at != incidence.end(node); ++at) {
    const Link& link = graph.links[*at];
    const std::uint32_t other = link.other(node);
    if (is_endpoint[other]) continue;
    list.push_back({other, link.cables, link.capacity().value, 2 * *at + (link.a == node ? 0u : 1u)});
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.order() < b.order(); });
  return list;
}

std::vector<NodeClass> node_classes(const Graph& graph, const Incidence& incidence,
                                    const std::vector<bool>& is_endpoint) {
  std::map<std::vector<std::tuple<std::uint32_t, double, std::uint32_t>>, NodeClass> classes;
  for (const std::uint32_t endpoint : graph.endpoints) {
    if (!computes(graph.vertices[endpoint].kind)) continue;
    std::vector<Attachment> attachments = attachments_of(graph, incidence, endpoint, is_endpoint);
    std::vector<std::tuple<std::uint32_t, double, std::uint32_t>> key;
    key.reserve(attachments.size());
    for (const Attachment& attachment : attachments) key.push_back(attachment.order());
    NodeClass& entry = classes[key];
    if (entry.nodes == 0) entry.attachments = std::move(attachments);
    entry.nodes += 1;
  }
  std::vector<NodeClass> list;
  list.reserve(classes.size());
  for (auto& [unused, entry] : classes) list.push_back(std::move(entry));
  return list;
}

class Loads {
 public:
  Loads(const Graph& graph, const Incidence& incidence, const std::vector<bool>& is_endpoint)
      : graph_(graph),
        incidence_(incidence),
        is_endpoint_(is_endpoint),
        routes_(graph),
        inflow_(graph.vertices.size()) {
    load.assign(2 * graph.links.size(), 0.0);
  }

  /// Everything that goes to the nodes of one class.
  void add_destination(std::vector<NodeClass>& classes, NodeClass& to) {
    std::vector<std::vector<std::pair<std::uint32_t, double>>> injected(to.attachments.size());
    for (NodeClass& from : classes) {
      const double pairs = &from == &to ? to.nodes * (to.nodes - 1) : from.nodes * to.nodes;
      if (pairs > 0) split_ends(from, to, pairs, injected);
    }
    for (std::size_t i = 0; i < to.attachments.size(); ++i) spread(to.attachments[i].at, injected[i]);
  }

  std::vector<double> load;  ///< by directed link, between switches

 private:
  void split_ends(NodeClass& from, NodeClass& to, double pairs,
                  std::vector<std::vector<std::pair<std::uint32_t, double>>>& injected) {
    std::uint16_t shortest = Routes::kUnreachable;
    double choices = 0;
    for (const Attachment& last : to.attachments) {
      for (const Attachment& first : from.attachments) {
        const std::uint16_t distance = routes_.distance(first.at, last.at);
        if (distance < shortest) choices = 0;
        shortest = std::min(shortest, distance);
        if (distance == shortest) choices += static_cast<double>(first.cables) * last.cables;
      }
    }
    if (shortest == Routes::kUnreachable) throw std::invalid_argument("two nodes have no path between them");
    for (std::size_t i = 0; i < to.attachments.size(); ++i) {
      Attachment& last = to.attachments[i];
      for (Attachment& first : from.attachments) {
        if (routes_.distance(first.at, last.at) != shortest) continue;
        const double demand = pairs * static_cast<double>(first.cables) * last.cables / choices;
        first.up_load += demand / from.nodes;
        last.down_load += demand / to.nodes;
        injected[i].emplace_back(first.at, demand);
      }
    }
  }

  /// Sends what was injected at switches to `target`, farthest switches first.
  void spread(std::uint32_t target, const std::vector<std::pair<std::uint32_t, double>>& injected) {
    std::vector<std::vector<std::uint32_t>> at_distance;
    const auto add = [&](std::uint32_t vertex, double demand) {
      if (inflow_[vertex] == 0.0) {
        const std::uint16_t distance = routes_.distance(vertex, target);
        if (at_distance.size() <= distance) at_distance.resize(distance + 1u);
        at_distance[distance].push_back(vertex);
      }
      inflow_[vertex] += demand;
    };
    for (const auto& [vertex, demand] : injected) add(vertex, demand);
    for (std::size_t distance = at_distance.size(); distance-- > 1;) {
      for (std::size_t i = 0; i < at_distance[distance].size(); ++i)
        forward(at_distance[distance][i], target, distance, add);
    }
    if (!at_distance.empty()) {
      for (const std::uint32_t vertex : at_distance[0]) inflow_[vertex] = 0.0;
    }
  }

  template <class Add>
  void forward(std::uint32_t vertex, std::uint32_t target, std::size_t distance, Add add) {
    double cables = 0;
    const auto each = [&](auto visit) {
      for (const std::uint32_t* at = incidence_.begin(vertex); at != incidence_.end(vertex); ++at) {
        const Link& link = graph_.links[*at];
        const std::uint32_t other = link.other(vertex);
        if (!is_endpoint_[other] && routes_.distance(other, target) + 1u == distance) visit(*at, link, other);
      }
    };
    each([&](std::uint32_t, const Link& link, std::uint32_t) { cables += link.cables; });
    const double all = inflow_[vertex];
    inflow_[vertex] = 0.0;
    each([&](std::uint32_t index, const Link& link, std::uint32_t other) {
      const double share = all * link.cables / cables;
      load[2 * index + (link.a == vertex ? 0 : 1)] += share;
      add(other, share);
    });
  }

  const Graph& graph_;
  const Incidence& incidence_;
  const std::vector<bool>& is_endpoint_;
  Routes routes_;
  std::vector<double> inflow_;
};

BytesPerSecond upper_bound(const Graph& graph, const std::vector<NodeClass>& classes, double nodes) {
  const double crossing = std::floor(nodes / 2) * std::ceil(nodes / 2) / (nodes - 1);
  double least = bisection_bandwidth(graph).value / crossing;
  for (const NodeClass& entry : classes) {
    double own = 0;
    for (const Attachment& attachment : entry.attachments) own += attachment.capacity;
    least = std::min(least, own);
  }
  return BytesPerSecond(least);
}

}  // namespace

AllToAll all_to_all(const Graph& graph) {
  std::vector<bool> is_endpoint(graph.vertices.size(), false);
  for (const std::uint32_t endpoint : graph.endpoints) is_endpoint[endpoint] = true;
  const Incidence incidence(graph);
  std::vector<NodeClass> classes = node_classes(graph, incidence, is_endpoint);
  double nodes = 0;
  for (const NodeClass& entry : classes) nodes += entry.nodes;
  if (nodes < 2) return {};

  Loads loads(graph, incidence, is_endpoint);
  for (NodeClass& to : classes) loads.add_destination(classes, to);
  double least = std::numeric_limits<double>::infinity();
  AllToAll result;
  const auto consider = [&](DirectedLink link, double capacity, double load) {
    if (load <= 0 || capacity * (nodes - 1) / load >= least) return;
    least = capacity * (nodes - 1) / load;
    result.bottleneck = link;
  };
  for (const NodeClass& entry : classes) {
    for (const Attachment& attachment : entry.attachments) {
      consider(attachment.up, attachment.capacity, attachment.up_load);
      consider(attachment.up ^ 1u, attachment.capacity, attachment.down_load);
    }
  }
  for (DirectedLink i = 0; i < loads.load.size(); ++i) {
    consider(i, graph.links[i / 2].capacity().value, loads.load[i]);
  }
  result.routed = BytesPerSecond(least);
  result.upper_bound = upper_bound(graph, classes, nodes);
  return result;
}

BytesPerSecond all_to_all_bandwidth(const Graph& graph) { return all_to_all(graph).routed; }

}  // namespace tokenworks::topology
