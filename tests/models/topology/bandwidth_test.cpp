#include <rapidcheck.h>

#include <numeric>

#include "models/topology/analysis.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/topology/fabric.hpp"

using namespace tokenworks;
using namespace tokenworks::topology;
using nlohmann::json;

namespace {

constexpr double kPort = 50e9;  // bytes/s: 400 Gbit/s

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b)) + 1.0; }

/// Capacity of all links by the kinds at their ends.
std::map<std::pair<VertexKind, VertexKind>, double> capacity_by_kinds(const Graph& graph) {
  std::map<std::pair<VertexKind, VertexKind>, double> sums;
  for (const Link& link : graph.links) {
    const auto ends = std::minmax(graph.vertices[link.a].kind, graph.vertices[link.b].kind);
    sums[{ends.first, ends.second}] += link.capacity().value;
  }
  return sums;
}

Graph random_tree(bool rails) {
  const auto ports = *rc::gen::element<std::int64_t>(8, 12, 16, 32);
  const auto nics = *rc::gen::inRange<std::int64_t>(1, 4);
  const auto count = *rc::gen::inRange<std::int64_t>(2, 80);
  const auto ratio = *rc::gen::element(1.0, 1.5, 2.0, 3.0);
  const json fields = {{"switch", tests::test_switch(ports)}, {"oversubscription", ratio}};
  const char* kind = rails ? "rail_optimized" : "fat_tree";
  RC_PRE(tests::faults_of(kind, fields, tests::nodes(count, nics)).empty());
  return tests::built(kind, fields, tests::nodes(count, nics));
}

}  // namespace

TEST_CASE("fat_tree: bisection is that of the uplinks of half the leaves", "[models][topology][law]") {
  CHECK(rc::check([] {
    const auto half_ports = *rc::gen::element<std::int64_t>(4, 6, 8, 12);
    const auto ratio = *rc::gen::inRange<std::int64_t>(1, 4);
    const std::int64_t ports = half_ports * (1 + ratio);  // of them half_ports go up
    const std::int64_t down = half_ports * ratio;
    const auto leaves = 2 * *rc::gen::inRange<std::int64_t>(1, 12);
    const json fields = {{"switch", tests::test_switch(ports)}, {"oversubscription", static_cast<double>(ratio)}};
    const Endpoints endpoints = tests::nodes(leaves * down, 1);
    RC_PRE(tests::faults_of("fat_tree", fields, endpoints).empty());
    const Graph graph = tests::built("fat_tree", fields, endpoints);
    RC_ASSERT(tests::count(graph, VertexKind::leaf) == leaves);
    const double formula = static_cast<double>(leaves / 2 * half_ports) * kPort;
    RC_ASSERT(near(bisection_bandwidth(graph).value, formula));
    RC_ASSERT(near(bisection_bandwidth(contracted(graph)).value, formula));
  }));
}

TEST_CASE("rail_optimized: bisection is that of the uplinks of half the units", "[models][topology][law]") {
  CHECK(rc::check([] {
    const auto up = *rc::gen::element<std::int64_t>(4, 6, 8);
    const auto ratio = *rc::gen::inRange<std::int64_t>(1, 4);
    const auto nics = *rc::gen::inRange<std::int64_t>(1, 4);
    const auto units = 2 * *rc::gen::inRange<std::int64_t>(1, 6);
    const json fields = {{"switch", tests::test_switch(up * (1 + ratio))},
                         {"oversubscription", static_cast<double>(ratio)}};
    const Endpoints endpoints = tests::nodes(units * up * ratio, nics);
    RC_PRE(tests::faults_of("rail_optimized", fields, endpoints).empty());  // not too many for three tiers
    const Graph graph = tests::built("rail_optimized", fields, endpoints);
    const double formula = static_cast<double>(units / 2 * nics * up) * kPort;
    RC_ASSERT(near(bisection_bandwidth(graph).value, formula));
    RC_ASSERT(near(bisection_bandwidth(contracted(graph)).value, formula));
  }));
}

TEST_CASE("dragonfly: bisection is that of the links between halves of the groups", "[models][topology][law]") {
  // Holds while a router's servers bring at least what its global links carry.
  CHECK(rc::check([] {
    const auto groups = 2 * *rc::gen::inRange<std::int64_t>(1, 5);
    const auto routers = *rc::gen::inRange<std::int64_t>(1, 6);
    const auto nics = *rc::gen::inRange<std::int64_t>(1, 5);
    const auto per_router = *rc::gen::inRange<std::int64_t>(1, 3);
    const auto global = *rc::gen::inRange<std::int64_t>(1, nics * per_router + 1);
    RC_PRE(routers * global >= groups - 1);
    const json fields = {{"groups", groups},
                         {"routers_per_group", routers},
                         {"nodes_per_router", per_router},
                         {"global_links_per_router", global}};
    const Graph graph = tests::built("dragonfly", fields, tests::nodes(groups * routers * per_router, nics));
    const std::int64_t pairs = groups / 2 * (groups / 2), links = routers * global / (groups - 1);
    RC_ASSERT(near(bisection_bandwidth(graph).value, static_cast<double>(pairs * links) * kPort));
  }));
}

TEST_CASE("torus: bisection is twice the section across the first dimension", "[models][topology][law]") {
  CHECK(rc::check([] {
    std::vector<std::int64_t> dimensions = {2 * *rc::gen::inRange<std::int64_t>(1, 5)};
    const auto rest = *rc::gen::inRange<std::size_t>(0, 3);
    for (std::size_t i = 0; i < rest; ++i) dimensions.push_back(*rc::gen::inRange<std::int64_t>(1, 5));
    const auto cables = *rc::gen::inRange<std::int64_t>(1, 3);
    const auto nics = *rc::gen::inRange<std::int64_t>(1, 5);
    const std::int64_t routers = std::accumulate(dimensions.begin(), dimensions.end(), std::int64_t{1},
                                                 [](std::int64_t a, std::int64_t b) { return a * b; });
    const Graph graph =
        tests::built("torus", {{"dimensions", dimensions}, {"cables_per_link", cables}}, tests::nodes(routers, nics));
    const std::int64_t size = dimensions[0], columns = routers / size;
    const std::int64_t column = std::min((size > 2 ? 2 : 1) * cables, size / 2 * nics);
    RC_ASSERT(near(bisection_bandwidth(graph).value, static_cast<double>(columns * column) * kPort));
    // Every router has its neighbours: two in dimensions above two, one in dimensions of two.
    std::int64_t links = 0;
    for (const std::int64_t one : dimensions) links += one > 2 ? routers : one == 2 ? routers / 2 : 0;
    RC_ASSERT(static_cast<std::int64_t>(graph.links.size()) == links + routers);
  }));
}

TEST_CASE("contracted: capacity between tiers stays, parallel links become one", "[models][topology][law]") {
  CHECK(rc::check([] {
    const Graph graph = random_tree(*rc::gen::arbitrary<bool>());
    const Graph merged = contracted(graph);
    const auto before = capacity_by_kinds(graph), after = capacity_by_kinds(merged);
    RC_ASSERT(before.size() == after.size());
    for (const auto& [kinds, capacity] : before) RC_ASSERT(near(after.at(kinds), capacity));
    RC_ASSERT(merged.endpoints.size() == graph.endpoints.size());
    std::set<std::pair<std::uint32_t, std::uint32_t>> pairs;
    for (const Link& link : merged.links) RC_ASSERT(pairs.insert({link.a, link.b}).second);
    RC_ASSERT(contracted(merged).links.size() == merged.links.size());
  }));
}

TEST_CASE("all-to-all: never above the max-flow bound, equal to it on a full tree", "[models][topology][law]") {
  CHECK(rc::check([] {
    const Graph graph = random_tree(*rc::gen::arbitrary<bool>());
    const AllToAll rate = all_to_all(graph);
    RC_ASSERT(rate.routed.value > 0.0);
    RC_ASSERT(rate.routed.value <= rate.upper_bound.value * (1 + 1e-9));
  }));
  // Full bandwidth everywhere: a node's own cards are the limit. 8 x 50 GB/s.
  const Graph full = tests::built("rail_optimized", {}, tests::nodes(128));
  CHECK_THAT(all_to_all_bandwidth(full).value, WithinRel(400e9, 1e-9));
  CHECK_THAT(all_to_all_bandwidth(contracted(full)).value, WithinRel(400e9, 1e-9));
  CHECK_THAT(all_to_all(full).upper_bound.value, WithinRel(400e9, 1e-9));
}

TEST_CASE("all-to-all: worked examples", "[models][topology]") {
  // Two leaves of 24 nodes each, 8 uplinks: a node sends 24 of its 47 parts up. 24 nodes x 24/47 r <= 8 x 50 GB/s.
  const Graph tree =
      tests::built("fat_tree", {{"switch", tests::test_switch(32)}, {"oversubscription", 3.0}}, tests::nodes(48, 1));
  CHECK_THAT(all_to_all_bandwidth(tree).value, WithinRel(400e9 * 47 / (24 * 24), 1e-9));
  CHECK_THAT(all_to_all(tree).upper_bound.value, WithinRel(400e9 * 47 / (24 * 24), 1e-9));
  // A ring of 5 routers with a node each: two neighbours at one hop, two at two hops; each directed link carries
  // 1 + 2 parts of 1/4 r.
  const Graph ring = tests::built("torus", {{"dimensions", {5}}}, tests::nodes(5, 8));
  CHECK_THAT(all_to_all_bandwidth(ring).value, WithinRel(50e9 * 4 / 3, 1e-9));
  // Of 6: the opposite router is three hops away on either side, half a part each: 1 + 2 + 3/2 parts of 1/5 r.
  const Graph even = tests::built("torus", {{"dimensions", {6}}}, tests::nodes(6, 8));
  CHECK_THAT(all_to_all_bandwidth(even).value, WithinRel(50e9 * 5 / 4.5, 1e-9));
}
