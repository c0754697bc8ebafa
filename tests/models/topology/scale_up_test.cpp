#include "models/topology/scale_up_option.hpp"

#include "models/topology/analysis.hpp"
#include "tests/catch.hpp"
#include "tests/models/topology/fabric.hpp"

using namespace tokenworks;
using namespace tokenworks::topology;
using nlohmann::json;

namespace {

Choice<ScaleUpOption> scale_up(std::string_view kind, const json& fields = json::object()) {
  return tests::option_from(scale_up_options(), kind, fields);
}

ScaleUpDomain server(std::int64_t gpus = 8, std::int64_t nics = 8) {
  return {gpus, nics, BytesPerSecond(450e9), BytesPerSecond(64e9)};
}

std::uint32_t hops(const Graph& graph, std::uint32_t from, std::uint32_t to) {
  std::vector<DirectedLink> path;
  return Routes(graph).path(from, to, 1, path) ? static_cast<std::uint32_t>(path.size()) : 0;
}

}  // namespace

TEST_CASE("hgx8: GPUs have their NVLink bandwidth to all others at once", "[models][topology]") {
  const Graph graph = scale_up("hgx8")->build(server());
  CHECK(tests::count(graph, VertexKind::nvswitch) == 4);
  CHECK(graph.vertices[graph.endpoints[7]].kind == VertexKind::gpu);
  CHECK(graph.vertices[graph.endpoints[8]].kind == VertexKind::nic);
  CHECK_THAT(all_to_all_bandwidth(contracted(graph)).value, WithinRel(450e9, 1e-9));
  // Four GPUs over NVLink, and what crosses between the sockets.
  CHECK_THAT(bisection_bandwidth(graph).value, WithinRel(4 * 450e9 + 50e9, 1e-9));
  const Routes routes(graph);
  // Neighbours behind one PCIe switch use NVLink alone, too.
  std::vector<std::vector<DirectedLink>> paths;
  routes.equal_cost_paths(0, 1, 100, paths);
  CHECK(paths.size() == 4);
  CHECK(graph.name(graph.links.back().a) == "nic_7");
  CHECK_THAT(hop_latency(graph, routes, 0, 7).value, WithinRel(250e-9, 1e-9));
  // GPU and its network card share a PCIe switch; the farthest card is behind the other socket.
  CHECK(hops(graph, 0, 8) == 3);
  CHECK(hops(graph, 0, 15) == 6);
  CHECK_THAT(hop_latency(graph, routes, 0, 8).value, WithinRel(450e-9, 1e-9));
}

TEST_CASE("nvl72: 72 GPUs behind 18 switch chips, cards within a tray", "[models][topology]") {
  const ScaleUpDomain rack{72, 18, BytesPerSecond(900e9), BytesPerSecond(64e9)};
  const Graph graph = scale_up("nvl72")->build(rack);
  CHECK(tests::count(graph, VertexKind::nvswitch) == 18);
  CHECK(tests::count(graph, VertexKind::root_complex) == 18);
  CHECK_THAT(all_to_all_bandwidth(contracted(graph)).value, WithinRel(900e9, 1e-9));
  CHECK_THAT(bisection_bandwidth(graph).value, WithinRel(36 * 900e9, 1e-9));
  CHECK(hops(graph, 0, 71) == 2);
  for (std::uint32_t gpu = 0; gpu < 72; ++gpu) {  // GPU i beside card i * nics / gpus
    CHECK(hops(graph, gpu, 72 + gpu / 4) == 3);
    CHECK(hops(graph, gpu, 72 + (gpu / 4 + 1) % 18) == 0);
  }
  const Graph dense = scale_up("nvl72")->build({72, 144, BytesPerSecond(900e9), BytesPerSecond(64e9)});
  for (std::uint32_t nic = 0; nic < 144; ++nic) CHECK(hops(dense, nic / 2, 72 + nic) == 3);
}

TEST_CASE("pcie_server: measured latencies with and without peer-to-peer", "[models][topology]") {
  // voipmonitor/rtx6kpro: 0.36 us under one root complex, 0.45 behind one switch, 0.44 across sockets, 14 without.
  const auto latency = [](const json& fields, std::uint32_t to) {
    const Graph graph = scale_up("pcie_server", fields)->build(server());
    return hop_latency(graph, Routes(graph), 0, to).value;
  };
  CHECK_THAT(latency(json::object(), 1), WithinRel(0.36e-6, 1e-9));
  CHECK_THAT(latency(json::object(), 7), WithinRel(0.44e-6, 1e-9));
  CHECK_THAT(latency({{"gpus_per_pcie_switch", 4}}, 1), WithinRel(0.45e-6, 1e-9));
  CHECK_THAT(latency({{"peer_to_peer", false}}, 1), WithinRel(14e-6, 1e-9));
}

TEST_CASE("pcie_server: sockets and shared uplinks are the bottleneck", "[models][topology]") {
  const Graph direct = scale_up("pcie_server")->build(server());
  // 4 GPUs send 4 of 7 parts across 50 GB/s: r = 50 x 7 / 16; all 8 together 175 GB/s, measured 164 to 192.
  CHECK_THAT(8 * all_to_all_bandwidth(direct).value, WithinRel(175e9, 1e-9));
  CHECK_THAT(bisection_bandwidth(direct).value, WithinRel(50e9, 1e-9));
  const Graph staged =
      scale_up("pcie_server", {{"peer_to_peer", false}, {"gpus_per_pcie_switch", 4}, {"root_complexes", 1}})
          ->build(server());
  CHECK(tests::count(staged, VertexKind::pcie_switch) == 0);
  CHECK_THAT(all_to_all_bandwidth(staged).value, WithinRel(16e9, 1e-9));
}

TEST_CASE("scale-up options: what cannot be built is reported", "[models][topology][faults]") {
  for (const auto& option : scale_up_options()) {
    INFO(option.kind);
    const ScaleUpDomain nothing{0, -1, BytesPerSecond(0), BytesPerSecond(0)};
    CHECK(option.make()->faults(nothing).size() >= 3);
    CHECK_THROWS_AS(option.make()->build(nothing), std::invalid_argument);
    CHECK(option.make()->faults(server()).empty());
  }
  const auto faults = scale_up("pcie_server", {{"root_complexes", 9}})->faults(server());
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].place == "root_complexes");
}
