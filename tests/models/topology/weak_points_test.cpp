#include <rapidcheck.h>

#include "models/topology/analysis.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/topology/fabric.hpp"

using namespace tokenworks;
using namespace tokenworks::topology;

namespace {

/// Switches only, random links with one or two cables, sometimes in parallel.
Graph random_switches() {
  const auto count = *rc::gen::inRange<std::uint32_t>(1, 9);
  Graph graph;
  for (std::uint32_t i = 0; i < count; ++i) graph.vertices.push_back({VertexKind::custom, i, i});
  const auto links = *rc::gen::inRange<std::size_t>(0, 14);
  for (std::size_t i = 0; i < links && count > 1; ++i) {
    const auto a = *rc::gen::inRange<std::uint32_t>(0, count);
    const auto step = *rc::gen::inRange<std::uint32_t>(1, count);
    graph.links.push_back({a, (a + step) % count, BytesPerSecond(1e9), *rc::gen::inRange<std::uint32_t>(1, 3)});
  }
  return graph;
}

/// Connected components without one vertex and one cable of one link.
std::size_t components(const Graph& graph, std::uint32_t vertex, std::size_t link) {
  std::vector<std::uint32_t> root(graph.vertices.size());
  for (std::uint32_t i = 0; i < root.size(); ++i) root[i] = i;
  const auto find = [&](std::uint32_t i) {
    while (root[i] != i) i = root[i];
    return i;
  };
  for (std::size_t i = 0; i < graph.links.size(); ++i) {
    const Link& one = graph.links[i];
    if ((i == link && one.cables == 1) || one.a == vertex || one.b == vertex) continue;
    root[find(one.a)] = find(one.b);
  }
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < root.size(); ++i) count += root[i] == i && i != vertex;
  return count;
}

constexpr std::uint32_t kNoVertex = 1000;
constexpr std::size_t kNoLink = 1000;

}  // namespace

TEST_CASE("weak points: bridges and articulation points are those of brute force", "[models][topology][law]") {
  CHECK(rc::check([] {
    const Graph graph = random_switches();
    const WeakPoints weak = weak_points(graph);
    const std::size_t whole = components(graph, kNoVertex, kNoLink);
    std::vector<std::uint32_t> points, bridges;
    for (std::uint32_t i = 0; i < graph.vertices.size(); ++i) {
      const bool isolated = std::none_of(graph.links.begin(), graph.links.end(),
                                         [&](const Link& link) { return link.a == i || link.b == i; });
      if (!isolated && components(graph, i, kNoLink) > whole) points.push_back(i);
    }
    for (std::uint32_t i = 0; i < graph.links.size(); ++i) {
      if (components(graph, kNoVertex, i) > whole) bridges.push_back(i);
    }
    RC_ASSERT(weak.articulation_points == points);
    RC_ASSERT(weak.bridges == bridges);
    RC_ASSERT(weak.single_homed.empty());
  }));
}

TEST_CASE("weak points: a link that is no bridge can go without parting anybody", "[models][topology][law]") {
  CHECK(rc::check([] {
    const Graph graph = random_switches();
    const WeakPoints weak = weak_points(graph);
    const std::size_t whole = components(graph, kNoVertex, kNoLink);
    for (std::uint32_t i = 0; i < graph.links.size(); ++i) {
      if (std::count(weak.bridges.begin(), weak.bridges.end(), i)) continue;
      RC_ASSERT(components(graph, kNoVertex, i) == whole);
    }
  }));
}

TEST_CASE("weak points: a rail-optimised fabric has none, a fat tree has its leaves", "[models][topology]") {
  const WeakPoints rails = weak_points(tests::built("rail_optimized", {}, tests::nodes(128)));
  CHECK(rails.articulation_points.empty());
  CHECK(rails.bridges.empty());
  CHECK(rails.single_homed.empty());
  CHECK(rails.biconnected_components == 1);

  const Graph tree = tests::built("fat_tree", {}, tests::nodes(16));  // four servers of eight cards on a leaf
  const WeakPoints leaves = weak_points(tree);
  CHECK(leaves.articulation_points.empty());
  REQUIRE(leaves.single_homed.size() == 4);
  for (const SingleHomed& leaf : leaves.single_homed) {
    CHECK(tree.vertices[leaf.vertex].kind == VertexKind::leaf);
    CHECK(leaf.endpoints == 4);
    CHECK(leaf.on_one_cable == 0);
  }
  const WeakPoints thin = weak_points(tests::built("fat_tree", {}, tests::nodes(64, 1)));
  REQUIRE(thin.single_homed.size() == 2);
  CHECK(thin.single_homed[0].on_one_cable == 32);
}
