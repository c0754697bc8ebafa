// What a transfer costs by how many are in flight, with our flows and with SimGrid's: random pairs of 1,024 nodes
// behind 32 leaves and 16 spines. "nodes": routes hold the links of the nodes alone, as where no uplink can be a
// bottleneck; "paths": also an uplink and a downlink of a random spine, as under ECMP. Prints a table; each case in a
// child. `flow_benchmark 3000` measures ours alone with 3,000 in flight.
#include <fmt/format.h>

#include <chrono>
#include <random>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "tests/engine/fork_case.hpp"

using namespace tokenworks;
using engine::LinkId;
using engine::Simulation;

namespace {

constexpr std::size_t kNodes = 1024, kNodesOfLeaf = 32, kSpines = 16;

struct Traffic : engine::TimerClient, engine::TransferClient {
  Traffic(Simulation& s, bool with_paths, int in_flight, int total) : simulation(s), paths(with_paths), left(total) {
    const auto links = [&](std::size_t count, double bytes_per_s) {
      std::vector<LinkId> made;
      for (std::size_t i = 0; i < count; ++i) made.push_back(s.add_link(BytesPerSecond(bytes_per_s)));
      return made;
    };
    up = links(kNodes, 400e9);
    down = links(kNodes, 400e9);
    leaf_up = links(kNodes / kNodesOfLeaf * kSpines, 800e9);
    leaf_down = links(kNodes / kNodesOfLeaf * kSpines, 800e9);
    const auto first = s.add_timer(*this, 0, engine::rank(engine::RankClass::incident, 0));
    s.set_timer(first, 0);
    at_start = in_flight;
  }
  void on_timer(std::uint32_t) override {
    for (int i = 0; i < at_start; ++i) start();
  }
  void on_transfer_done(std::uint32_t) override {
    if (left > 0) start();
  }
  void start() {
    --left;
    const std::size_t from = random() % kNodes, to = (from + 1 + random() % (kNodes - 1)) % kNodes;
    LinkId route[4] = {up[from], down[to]};
    std::size_t length = 2;
    const std::size_t spine = random() % kSpines;
    if (paths && from / kNodesOfLeaf != to / kNodesOfLeaf) {
      route[length++] = leaf_up[from / kNodesOfLeaf * kSpines + spine];
      route[length++] = leaf_down[to / kNodesOfLeaf * kSpines + spine];
    }
    const double bytes = 1e9 * (0.5 + static_cast<double>(random() >> 11) * 0x1p-53);
    simulation.start_transfer(*this, 0, {.links = {route, length}, .bytes = Bytes(bytes)}, number++);
  }
  Simulation& simulation;
  bool paths;
  int left;
  int at_start = 0;
  std::uint64_t number = 0;
  std::mt19937_64 random{20261124};
  std::vector<LinkId> up, down, leaf_up, leaf_down;
};

std::string measure(bool simgrid_flows, bool paths, int in_flight, int total) {
  return testing::in_child([=] {
    Simulation simulation({.simgrid_flows = simgrid_flows, .simgrid_links = 0});
    Traffic traffic(simulation, paths, in_flight, total);
    const auto start = std::chrono::steady_clock::now();
    simulation.run();
    const double wall_us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
    return fmt::format("{:10.1f} us a transfer, {:.6f} s simulated", wall_us / total, to_seconds(simulation.now()));
  });
}

}  // namespace

int main(int count, char** words) {
  const int only = count > 1 ? std::atoi(words[1]) : 0;
  for (const bool paths : {false, true}) {
    for (const int in_flight : {30, 100, 300, 1000, 3000, 10000}) {
      if (only > 0 && in_flight != only) continue;
      for (const bool simgrid_flows : {false, true}) {
        if (simgrid_flows && (in_flight > 3000 || only > 0)) continue;
        const bool slow = in_flight > 300 && (simgrid_flows || in_flight > 3000 || (paths && in_flight > 1000));
        const int total = std::max(2 * in_flight, slow ? 4'000 : 100'000);
        fmt::print("{} {:6} in flight, {}: {}\n", paths ? "paths" : "nodes", in_flight,
                   simgrid_flows ? "SimGrid's" : "ours     ", measure(simgrid_flows, paths, in_flight, total));
        std::fflush(stdout);
      }
    }
  }
}
