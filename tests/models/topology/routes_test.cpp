#include "models/topology/routes.hpp"

#include <rapidcheck.h>

#include <map>
#include <queue>

#include "models/topology/analysis.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/topology/fabric.hpp"

using namespace tokenworks;
using namespace tokenworks::topology;
using nlohmann::json;

namespace {

std::uint32_t start(const Graph& graph, DirectedLink link) {
  return link % 2 == 0 ? graph.links[link / 2].a : graph.links[link / 2].b;
}
std::uint32_t finish(const Graph& graph, DirectedLink link) { return start(graph, link ^ 1u); }

/// Links from one endpoint to another by plain search, never through a third endpoint; -1: none.
int plain_distance(const Graph& graph, const Routes& routes, std::uint32_t from, std::uint32_t to) {
  const Incidence incidence(graph);
  std::vector<int> distance(graph.vertices.size(), -1);
  std::vector<bool> is_endpoint(graph.vertices.size(), false);
  for (const std::uint32_t endpoint : graph.endpoints) is_endpoint[endpoint] = true;
  std::queue<std::uint32_t> queue;
  queue.push(graph.endpoints[from]);
  distance[graph.endpoints[from]] = 0;
  while (!queue.empty()) {
    const std::uint32_t at = queue.front();
    queue.pop();
    if (is_endpoint[at] && at != graph.endpoints[from]) continue;
    for (const std::uint32_t* link = incidence.begin(at); link != incidence.end(at); ++link) {
      const std::uint32_t next = graph.links[*link].other(at);
      if (!routes.usable(*link) || distance[next] >= 0) continue;
      distance[next] = distance[at] + 1;
      queue.push(next);
    }
  }
  return distance[graph.endpoints[to]];
}

void assert_valid(const Graph& graph, const Routes& routes, std::uint32_t from, std::uint32_t to,
                  const std::vector<DirectedLink>& path) {
  RC_ASSERT(!path.empty());
  RC_ASSERT(start(graph, path.front()) == graph.endpoints[from]);
  RC_ASSERT(finish(graph, path.back()) == graph.endpoints[to]);
  for (std::size_t i = 0; i < path.size(); ++i) {
    RC_ASSERT(routes.usable(path[i] / 2));
    if (i > 0) RC_ASSERT(finish(graph, path[i - 1]) == start(graph, path[i]));
  }
}

Graph random_fabric() {
  const auto count = *rc::gen::inRange<std::int64_t>(2, 33);
  const json small = {{"switch", tests::test_switch(16)}};
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return tests::built("rail_optimized", small, tests::nodes(count, 2));
    case 1:
      return tests::built("fat_tree", small, tests::nodes(count, 2));
    case 2:
      return tests::built("dragonfly",
                          {{"routers_per_group", 4}, {"nodes_per_router", 2}, {"global_links_per_router", 2}},
                          tests::nodes(count, 2));
    default:
      return tests::built("torus", {{"dimensions", {3, 4, 3}}}, tests::nodes(count, 2));
  }
}

}  // namespace

TEST_CASE("routes: paths are valid and shortest, also after random failures", "[models][topology][law]") {
  CHECK(rc::check([] {
    Graph graph = random_fabric();
    if (*rc::gen::arbitrary<bool>()) graph = contracted(graph);
    Routes routes(graph);
    const auto broken = *rc::gen::container<std::vector<std::uint32_t>>(
        rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(graph.links.size())));
    for (const std::uint32_t link : broken) routes.set_usable(link, false);
    const auto last = static_cast<std::uint32_t>(graph.vertices.size());
    if (*rc::gen::arbitrary<bool>()) routes.set_vertex_usable(*rc::gen::inRange<std::uint32_t>(0, last), false);
    const auto count = static_cast<std::uint32_t>(graph.endpoints.size());
    const auto from = *rc::gen::inRange<std::uint32_t>(0, count), to = *rc::gen::inRange<std::uint32_t>(0, count);
    RC_PRE(from != to);
    std::vector<DirectedLink> path;
    const bool found = routes.path(from, to, *rc::gen::arbitrary<std::uint64_t>(), path);
    const int shortest = plain_distance(graph, routes, from, to);
    RC_ASSERT(found == (shortest >= 0));
    if (!found) {
      RC_ASSERT(path.empty());
      return;
    }
    RC_ASSERT(static_cast<int>(path.size()) == shortest);
    assert_valid(graph, routes, from, to, path);
    std::vector<std::vector<DirectedLink>> all;
    routes.equal_cost_paths(from, to, 10'000, all);
    for (const auto& one : all) {
      RC_ASSERT(static_cast<int>(one.size()) == shortest);
      assert_valid(graph, routes, from, to, one);
    }
    RC_ASSERT(std::count(all.begin(), all.end(), path) == 1);
    RC_ASSERT(std::set<std::vector<DirectedLink>>(all.begin(), all.end()).size() == all.size());
  }));
}

TEST_CASE("routes: losing a cable that is no bridge keeps every node in reach", "[models][topology][law]") {
  CHECK(rc::check([] {
    Graph graph = random_fabric();
    const WeakPoints weak = weak_points(graph);
    const auto link = *rc::gen::inRange<std::uint32_t>(0, static_cast<std::uint32_t>(graph.links.size()));
    RC_PRE(!std::count(weak.bridges.begin(), weak.bridges.end(), link));
    const bool bundle = graph.links[link].cables > 1;
    if (bundle) --graph.links[link].cables;
    Routes routes(graph);
    routes.set_usable(link, bundle);
    std::vector<DirectedLink> path;
    for (std::uint32_t to = 1; to < graph.endpoints.size(); ++to) RC_ASSERT(routes.path(0, to, 7, path));
  }));
}

TEST_CASE("routes: failures are avoided and come back", "[models][topology]") {
  const Graph graph = tests::built("rail_optimized", {}, tests::nodes(64));
  Routes routes(graph);
  std::vector<DirectedLink> before, during, after;
  // Rail 5 of two units: node, leaf, spine, leaf, node.
  REQUIRE(routes.path(0, 63, 12345, before));
  CHECK(before.size() == 4);
  routes.set_usable(before[1] / 2, false);
  CHECK_FALSE(routes.usable(before[1] / 2));
  REQUIRE(routes.path(0, 63, 12345, during));
  CHECK(during.size() == 4);
  CHECK(std::count(during.begin(), during.end(), before[1]) == 0);
  routes.set_usable(before[1] / 2, true);
  REQUIRE(routes.path(0, 63, 12345, after));
  CHECK(after == before);

  const std::uint32_t spine = finish(graph, before[1]);
  routes.set_vertex_usable(spine, false);
  CHECK_FALSE(routes.usable(before[1] / 2));
  REQUIRE(routes.path(0, 63, 12345, during));
  for (const DirectedLink link : during) CHECK(finish(graph, link) != spine);
  routes.set_vertex_usable(spine, true);
  REQUIRE(routes.path(0, 63, 12345, after));
  CHECK(after == before);

  routes.set_vertex_usable(graph.endpoints[63], false);
  CHECK_FALSE(routes.path(0, 63, 1, after));
  CHECK(after.empty());
  CHECK(routes.path(5, 5, 1, after));
  CHECK(after.empty());
}

TEST_CASE("routes: hashes spread evenly over network cards and spines", "[models][topology]") {
  const Graph graph = tests::built("rail_optimized", {}, tests::nodes(64));
  const Routes routes(graph);
  std::map<std::uint32_t, int> by_spine, by_leaf;
  std::vector<DirectedLink> path;
  constexpr int kHashes = 64'000;
  for (int hash = 0; hash < kHashes; ++hash) {
    REQUIRE(routes.path(1, 40, static_cast<std::uint64_t>(hash), path));
    ++by_leaf[finish(graph, path[0])];
    ++by_spine[finish(graph, path[1])];
  }
  CHECK(by_leaf.size() == 8);
  CHECK(by_spine.size() == 8);
  // 64,000 draws over 8 cells: 8,000 each, standard deviation 84.
  for (const auto& [unused, draws] : by_leaf) CHECK(std::abs(draws - 8000) < 420);
  for (const auto& [unused, draws] : by_spine) CHECK(std::abs(draws - 8000) < 420);
}

TEST_CASE("routes: latency adds cables and switches once", "[models][topology]") {
  // Node to node over leaf, spine, leaf: two cables of 20 m and two of 40 m at 4.5 ns/m, three switches of 150 ns.
  const Graph graph = tests::built("rail_optimized", {}, tests::nodes(64));
  const Routes routes(graph);
  CHECK_THAT(hop_latency(graph, routes, 0, 63).value, WithinRel(120 * 4.5e-9 + 3 * 150e-9, 1e-9));
  CHECK_THAT(hop_latency(graph, routes, 0, 1).value, WithinRel(40 * 4.5e-9 + 150e-9, 1e-9));
  const Graph merged = contracted(graph);
  const Routes ideal(merged);
  CHECK_THAT(hop_latency(merged, ideal, 0, 63).value, WithinRel(120 * 4.5e-9 + 3 * 150e-9, 1e-9));
}
