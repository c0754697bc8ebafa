// Nanoseconds of one change of a rack group's power up to the utility, and of one change of topology:
//   cmake --build build/release --target power_flow_benchmark && build/release/bin/power_flow_benchmark
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "models/core/random.hpp"
#include "models/power/power_flow.hpp"
#include "models/power/standard_chain.hpp"

namespace {

using namespace tokenworks;
using namespace tokenworks::power;

ChainDesign design(const char* redundancy, std::int64_t groups) {
  ChainDesign design;
  design.redundancy = redundancy;
  design.busway_per_group = true;
  for (std::int64_t i = 0; i < groups; ++i) {
    design.racks.push_back({fmt::format("racks_{}", i), Watts(130e3), Watts(30e3)});
  }
  design.mechanical = Watts(20e3 * static_cast<double>(groups));
  return design;
}

void set_demand(benchmark::State& state, const char* redundancy) {
  const Network network(standard_chain(design(redundancy, state.range(0))));
  PowerFlow flow(network);
  std::vector<NodeId> racks;
  for (const NodeId sink : network.sinks()) {
    if (network.kind(sink) == NodeKind::rack) racks.push_back(sink);
  }
  RandomEngine random = random_stream(1, "benchmark");
  std::vector<std::pair<NodeId, Milliwatts>> changes(1 << 16);
  for (auto& change : changes) {
    change = {racks[random() % racks.size()], static_cast<Milliwatts>(30'000'000 + random() % 100'000'000)};
  }
  std::size_t next = 0;
  for (auto _ : state) {
    flow.set_demand(changes[next].first, changes[next].second);
    next = (next + 1) & (changes.size() - 1);
  }
  benchmark::DoNotOptimize(flow.given());
}

void lose_a_path(benchmark::State& state) {
  const Network network(standard_chain(design("2n", state.range(0))));
  PowerFlow flow(network);
  const NodeId path = *network.find("switchgear_a");
  bool in_service = true;
  for (auto _ : state) flow.set_in_service(path, in_service = !in_service);
  benchmark::DoNotOptimize(flow.given());
}

BENCHMARK_CAPTURE(set_demand, n_plus_1, "n_plus_1")->Arg(8)->Arg(1000);
BENCHMARK_CAPTURE(set_demand, 2n, "2n")->Arg(8)->Arg(1000);
BENCHMARK_CAPTURE(set_demand, block_redundant, "block_redundant")->Arg(1000);
BENCHMARK(lose_a_path)->Arg(1000);

}  // namespace

BENCHMARK_MAIN();
