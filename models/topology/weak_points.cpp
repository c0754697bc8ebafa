// Question   which single switch or cable, when it fails, cuts servers off from each other
// Equation   articulation points and biconnected components; a component of one cable is a bridge
// Source     R. Tarjan, SIAM J. Computing 1 (1972); implementation: Boost.Graph biconnected_components
// Valid for  graphs that were not contracted
// Checked by tests/models/topology/weak_points_test.cpp against brute force
#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/biconnected_components.hpp>
#include <iterator>
#include <map>
#include <set>

#include "models/topology/analysis.hpp"

namespace tokenworks::topology {
namespace {

/// One edge for all links between two vertices.
struct Bundle {
  std::uint32_t link = 0;  ///< the first of them
  std::uint64_t cables = 0;
  std::size_t component = 0;
};
using Undirected = boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property, Bundle>;

constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

/// For each endpoint that hangs on one vertex, that vertex; kNobody for all others.
std::vector<std::uint32_t> single_homes(const Graph& graph, const Incidence& incidence) {
  std::vector<std::uint32_t> home(graph.vertices.size(), kNobody);
  std::vector<bool> is_endpoint(graph.vertices.size(), false);
  for (const std::uint32_t endpoint : graph.endpoints) is_endpoint[endpoint] = true;
  for (const std::uint32_t endpoint : graph.endpoints) {
    std::set<std::uint32_t> others;
    for (const std::uint32_t* at = incidence.begin(endpoint); at != incidence.end(endpoint); ++at) {
      others.insert(graph.links[*at].other(endpoint));
    }
    if (others.size() == 1 && !is_endpoint[*others.begin()]) home[endpoint] = *others.begin();
  }
  return home;
}

std::vector<SingleHomed> count_single_homed(const Graph& graph, const Incidence& incidence,
                                            const std::vector<std::uint32_t>& home) {
  std::map<std::uint32_t, SingleHomed> by_vertex;
  for (const std::uint32_t endpoint : graph.endpoints) {
    if (home[endpoint] == kNobody) continue;
    SingleHomed& entry = by_vertex[home[endpoint]];
    entry.vertex = home[endpoint];
    ++entry.endpoints;
    std::uint64_t cables = 0;
    for (const std::uint32_t* at = incidence.begin(endpoint); at != incidence.end(endpoint); ++at) {
      cables += graph.links[*at].cables;
    }
    entry.on_one_cable += cables == 1;
  }
  std::vector<SingleHomed> list;
  list.reserve(by_vertex.size());
  for (const auto& [unused, entry] : by_vertex) list.push_back(entry);
  return list;
}

Undirected bundled(const Graph& graph, const std::vector<std::uint32_t>& home) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < graph.links.size(); ++i) {
    if (home[graph.links[i].a] == kNobody && home[graph.links[i].b] == kNobody) order.push_back(i);
  }
  const auto ends = [&](std::uint32_t i) { return std::minmax(graph.links[i].a, graph.links[i].b); };
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t x, std::uint32_t y) {
    const auto a = ends(x), b = ends(y);
    return std::pair(a.first, a.second) < std::pair(b.first, b.second);
  });
  Undirected bundles(graph.vertices.size());
  Bundle* last = nullptr;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Link& link = graph.links[order[i]];
    const bool is_new =
        i == 0 || std::minmax(link.a, link.b) != std::minmax(graph.links[order[i - 1]].a, graph.links[order[i - 1]].b);
    if (is_new) last = &bundles[boost::add_edge(link.a, link.b, Bundle{order[i], 0, 0}, bundles).first];
    last->cables += link.cables;
  }
  return bundles;
}

}  // namespace

WeakPoints weak_points(const Graph& graph) {
  const Incidence incidence(graph);
  const std::vector<std::uint32_t> home = single_homes(graph, incidence);
  WeakPoints weak;
  weak.single_homed = count_single_homed(graph, incidence, home);

  Undirected bundles = bundled(graph, home);
  std::vector<std::size_t> points;
  weak.biconnected_components =
      boost::biconnected_components(bundles, boost::get(&Bundle::component, bundles), std::back_inserter(points)).first;
  weak.articulation_points.assign(points.begin(), points.end());
  std::sort(weak.articulation_points.begin(), weak.articulation_points.end());

  std::vector<std::size_t> edges_of(weak.biconnected_components, 0);
  const auto [begin, end] = boost::edges(bundles);
  for (auto edge = begin; edge != end; ++edge) ++edges_of[bundles[*edge].component];
  for (auto edge = begin; edge != end; ++edge) {
    const Bundle& bundle = bundles[*edge];
    if (edges_of[bundle.component] == 1 && bundle.cables == 1) weak.bridges.push_back(bundle.link);
  }
  std::sort(weak.bridges.begin(), weak.bridges.end());
  return weak;
}

}  // namespace tokenworks::topology
