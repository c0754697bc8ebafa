// Switch counts of the NVIDIA DGX SuperPOD reference architectures (H100: RA-11333-001, 2023; B200, B300 and B300-XDR:
// docs.nvidia.com/dgx-superpod, 2025 to 2026), all rows with published counts.
#include "tests/catch.hpp"
#include "tests/models/topology/fabric.hpp"

using namespace tokenworks;
using namespace tokenworks::topology;
using nlohmann::json;

namespace {

struct Row {
  std::int64_t nodes, leaves, spines, cores;
};

void check_rows(const json& fields, double gbit_per_s, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.nodes << " nodes");
    const Graph graph = tests::built("rail_optimized", fields, tests::nodes(row.nodes, 8, gbit_per_s));
    CHECK(tests::count(graph, VertexKind::leaf) == row.leaves);
    CHECK(tests::count(graph, VertexKind::spine) == row.spines);
    CHECK(tests::count(graph, VertexKind::core) == row.cores);
  }
}

}  // namespace

TEST_CASE("rail_optimized: SuperPOD of DGX H100 and B200 on Quantum-2", "[models][topology]") {
  check_rows({{"nodes_per_scalable_unit", 32}}, 400,
             {{127, 32, 16, 0},  // DGX H100: one slot of 128 is for the fabric manager
              {64, 16, 8, 0},
              {128, 32, 16, 0},
              {256, 64, 32, 0},
              {512, 128, 128, 64},
              {1024, 256, 256, 128},
              {2048, 512, 512, 256}});
}

TEST_CASE("rail_optimized: SuperPOD of DGX B300 on two planes of Spectrum-4", "[models][topology]") {
  // Every port of 800 Gbit/s is split in two, and every network card has one port in each plane.
  check_rows({{"switch", "spectrum4_sn5600"}, {"breakout", 2}, {"planes", 2}, {"nodes_per_scalable_unit", 64}}, 800,
             {{64, 16, 8, 0}, {128, 32, 16, 0}, {256, 64, 32, 0}, {512, 128, 64, 0}, {1024, 256, 128, 0}});
}

TEST_CASE("rail_optimized: SuperPOD of DGX B300 on Quantum-X800", "[models][topology]") {
  // 288 nodes: 16 spines would do, but 72 uplinks do not divide by 16; 18 take 4 of each leaf.
  check_rows(tests::xdr(), 800,
             {{72, 8, 4, 0}, {144, 16, 8, 0}, {288, 32, 18, 0}, {576, 64, 36, 0}, {1296, 144, 72, 0}});
}

TEST_CASE("rail_optimized: no switch has more cables than ports", "[models][topology]") {
  for (const std::int64_t count : {1, 3, 31, 32, 33, 127, 400, 1025, 2048}) {
    INFO(count << " nodes");
    Endpoints endpoints = tests::nodes(count);
    endpoints.storage_ports = count / 4;
    endpoints.storage_port_bandwidth = tests::gbit(400);
    endpoints.front_end = true;
    endpoints.front_end_bandwidth = tests::gbit(3200);
    const Graph graph = tests::built("rail_optimized", {}, endpoints);
    std::vector<std::uint32_t> cables(graph.vertices.size(), 0);
    for (const Link& link : graph.links) {
      cables[link.a] += link.cables;
      cables[link.b] += link.cables;
    }
    std::uint32_t most = 0;
    for (std::size_t i = graph.endpoints.size(); i < cables.size(); ++i) most = std::max(most, cables[i]);
    CHECK(most <= 64);
    for (std::int64_t i = 0; i < count; ++i) CHECK(cables[static_cast<std::size_t>(i)] == 8);
  }
}

TEST_CASE("rail_optimized: network card r of every server of a unit goes to leaf r", "[models][topology]") {
  const Graph graph = tests::built("rail_optimized", {}, tests::nodes(64));
  for (const Link& link : graph.links) {
    if (graph.vertices[link.a].kind != VertexKind::node) continue;
    const std::uint32_t unit = graph.vertices[link.a].number / 32;
    CHECK(graph.vertices[link.b].kind == VertexKind::leaf);
    CHECK(graph.vertices[link.b].number / 8 == unit);
  }
  CHECK(graph.name(graph.endpoints[3]) == "node_3");
  CHECK(graph.name(static_cast<std::uint32_t>(graph.vertices.size() - 1)) == "leaf_15");
}
