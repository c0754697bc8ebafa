#include "models/topology/topology_option.hpp"

#include "models/topology/analysis.hpp"
#include "tests/catch.hpp"
#include "tests/models/topology/fabric.hpp"

using namespace tokenworks;
using namespace tokenworks::topology;
using nlohmann::json;

namespace {

/// The one fault of a fabric that cannot be built.
TopologyFault only_fault(const char* kind, const json& fields, const Endpoints& endpoints) {
  const auto faults = tests::faults_of(kind, fields, endpoints);
  for (const TopologyFault& fault : faults) UNSCOPED_INFO(fault.place << ": " << fault.message);
  REQUIRE(faults.size() == 1);
  CHECK_THROWS_AS(tests::built(kind, fields, endpoints), std::invalid_argument);
  return faults[0];
}

bool says(const TopologyFault& fault, const std::string& place, const std::string& part) {
  INFO(fault.place << ": " << fault.message);
  return fault.place == place && fault.message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("topology options: endpoints that cannot be are all reported at once", "[models][topology][faults]") {
  Endpoints endpoints;
  endpoints.storage_ports = 2;
  endpoints.front_end = true;
  for (const auto& option : topology_options()) {
    INFO(option.kind);
    CHECK(option.make()->faults(endpoints, tests::shipped_parts()).size() >= 5);
    CHECK_THROWS_AS(option.make()->build(endpoints, tests::shipped_parts()), std::invalid_argument);
  }
  endpoints = tests::nodes(3);
  endpoints.node_names = {"row/0", "row/0"};
  CHECK(tests::faults_of("fat_tree", {}, endpoints).size() == 2);
}

TEST_CASE("topology options: switch, transceivers and cables must fit", "[models][topology][faults]") {
  for (const char* kind : {"rail_optimized", "fat_tree", "dragonfly"}) {
    INFO(kind);
    CHECK(says(only_fault(kind, {{"switch", "no_such"}}, tests::nodes(4)), "switch", "no switch 'no_such'"));
    CHECK(says(only_fault(kind, {{"node_transceiver", "no_such"}}, tests::nodes(4)), "node_transceiver", "no_such"));
    CHECK(says(only_fault(kind, {{"node_transceiver", "dac_400g"}}, tests::nodes(4)), "node_cable_m", "20 m"));
    CHECK(says(only_fault(kind, {{"switch_cable_m", 300}}, tests::nodes(4)), "switch_cable_m", "100 m"));
  }
  const auto faults = tests::faults_of("rail_optimized", {}, tests::nodes(4, 8, 800));
  REQUIRE(faults.size() == 2);
  CHECK(says(faults[0], "switch", "brings 800 Gbit/s to a port, and a port of 'quantum2_qm9700' carries 400 Gbit/s"));
  CHECK(says(faults[1], "node_transceiver", "800 Gbit/s is more than '400g_dr4' carries"));
  json copper = {{"node_transceiver", "dac_400g"}, {"node_cable_m", 2}};
  const Graph graph = tests::built("rail_optimized", copper, tests::nodes(4));
  CHECK(graph.links[0].medium == Medium::copper);
}

TEST_CASE("rail_optimized: units that do not fit are faults with their numbers", "[models][topology][faults]") {
  CHECK(says(only_fault("rail_optimized", {{"nodes_per_scalable_unit", 40}}, tests::nodes(80)),
             "nodes_per_scalable_unit", "40 servers need 40 ports on a leaf, and a leaf of 64 ports has 32"));
  // 64-port switches end at 64 pods of 32 leaves: 65,536 ports. 12,500 servers of 8 cards need 100,000.
  CHECK(says(only_fault("rail_optimized", {}, tests::nodes(12'500)), "switch", "at most 2048 leaves fit"));
  CHECK(says(only_fault("rail_optimized", {{"switch", tests::test_switch(8)}}, tests::nodes(40, 8)), "switch",
             "a unit has 8 leaves, and a spine has 4 ports"));
}

TEST_CASE("fat_tree: a server that needs more ports than a leaf has is a fault", "[models][topology][faults]") {
  CHECK(says(only_fault("fat_tree", {}, tests::nodes(4, 40)), "switch",
             "1 servers of 40 network cards need 40 ports on a leaf, and a leaf of 64 ports has 32"));
  CHECK(says(only_fault("fat_tree", {{"nodes_per_leaf", 5}}, tests::nodes(8)), "nodes_per_leaf", "need 40 ports"));
}

TEST_CASE("fat_tree: one, two and three tiers as needed", "[models][topology]") {
  // 16 ports, 2 cards: 4 servers on a leaf, 8 uplinks; up to 16 leaves under two tiers.
  const auto tiers = [](std::int64_t count) {
    const Graph graph = tests::built("fat_tree", {{"switch", tests::test_switch(16)}}, tests::nodes(count, 2));
    return std::tuple(tests::count(graph, VertexKind::leaf), tests::count(graph, VertexKind::spine),
                      tests::count(graph, VertexKind::core));
  };
  CHECK(tiers(4) == std::tuple(1, 0, 0));
  CHECK(tiers(64) == std::tuple(16, 8, 0));
  CHECK(tiers(128) == std::tuple(32, 32, 16));
  // The largest of three tiers: 16^3 / 4 ports.
  CHECK(tiers(512) == std::tuple(128, 128, 64));
  CHECK(says(only_fault("fat_tree", {{"switch", tests::test_switch(16)}}, tests::nodes(513, 2)), "switch",
             "at most 128 leaves fit"));
}

TEST_CASE("dragonfly: counts that do not add up", "[models][topology][faults]") {
  CHECK(says(only_fault("dragonfly", {{"groups", 2}}, tests::nodes(200)), "groups", "hold 128 servers"));
  CHECK(says(only_fault("dragonfly", {{"routers_per_group", 60}}, tests::nodes(4)), "routers_per_group",
             "87 of its 64 ports"));
  CHECK(says(only_fault("dragonfly", {{"groups", 20}, {"routers_per_group", 2}, {"global_links_per_router", 4}},
                        tests::nodes(4)),
             "global_links_per_router", "have 8 ports for 19 other groups"));
  // Balanced: every group has a direct link to every other, so no path has more than three links between routers.
  const Graph graph = tests::built("dragonfly", {}, tests::nodes(640));
  const Routes routes(graph);
  std::vector<DirectedLink> path;
  for (std::uint32_t to = 1; to < 640; ++to) {
    REQUIRE(routes.path(0, to, to, path));
    CHECK(path.size() <= 5);
  }
}

TEST_CASE("torus: counts that do not add up", "[models][topology][faults]") {
  CHECK(says(only_fault("torus", {{"dimensions", {2, 2}}}, tests::nodes(5)), "dimensions", "hold 4 servers"));
  CHECK(says(only_fault("torus", {{"dimensions", {3, 3}}, {"cables_per_link", 20}}, tests::nodes(5)), "dimensions",
             "80 for other routers: 88 of its 64 ports"));
  CHECK(says(only_fault("torus", {{"dimensions", json::array()}}, tests::nodes(5)), "dimensions", "at least one"));
  CHECK(says(only_fault("torus", {{"dimensions", {100'000, 100'000}}}, tests::nodes(5)), "dimensions", "more than"));
}

TEST_CASE("topology options: storage and front end are endpoints behind the nodes", "[models][topology]") {
  Endpoints endpoints = tests::nodes(64);
  endpoints.storage_ports = 10;
  endpoints.storage_port_bandwidth = tests::gbit(400);
  endpoints.front_end = true;
  endpoints.front_end_bandwidth = tests::gbit(1600);
  for (const auto& [kind, fields] : std::map<std::string, json>{{"rail_optimized", json::object()},
                                                                {"fat_tree", json::object()},
                                                                {"dragonfly", json::object()},
                                                                {"torus", {{"dimensions", {8, 8}}}}}) {
    INFO(kind);
    const Graph graph = tests::built(kind, fields, endpoints);
    REQUIRE(graph.endpoints.size() == 75);
    CHECK(graph.vertices[graph.endpoints[63]].kind == VertexKind::node);
    CHECK(graph.vertices[graph.endpoints[64]].kind == VertexKind::storage);
    CHECK(graph.vertices[graph.endpoints[74]].kind == VertexKind::front_end);
    double front_end = 0;
    for (const Link& link : graph.links) {
      if (link.a == graph.endpoints[74]) front_end += link.capacity().value;
    }
    CHECK_THAT(front_end, WithinRel(200e9, 1e-12));
    const Graph merged = contracted(graph);
    const Routes routes(merged);
    std::vector<DirectedLink> path;
    for (std::uint32_t to = 1; to < 75; ++to) REQUIRE(routes.path(0, to, to, path));
  }
}
