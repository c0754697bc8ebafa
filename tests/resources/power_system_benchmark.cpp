// Nanoseconds of one change of a rack group's power, each at a date of its own, through the power system with its sums:
//   cmake --build build/release --target power_system_benchmark && build/release/bin/power_system_benchmark
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "models/core/random.hpp"
#include "models/power/standard_chain.hpp"
#include "sim/resources/power_system.hpp"

namespace {

using namespace tokenworks;

struct Nobody final : resources::PowerListener {
  void on_sink_dark(power::NodeId, Picoseconds) override {}
  void on_sink_lit(power::NodeId, Picoseconds) override {}
};

/// With bounds on the demands nothing is watched; without, every breaker is.
void set_demand(benchmark::State& state, const char* redundancy, bool bounded) {
  power::ChainDesign design;
  design.redundancy = redundancy;
  for (int i = 0; i < 8; ++i) design.racks.push_back({fmt::format("racks_{}", i), Watts(1e6), Watts(100e3)});
  design.mechanical = Watts(1e6);
  const power::Network network(power::standard_chain(design));
  resources::PowerSystemSettings settings;
  if (bounded) settings.largest_demand.assign(network.size(), 900'000'000);
  static engine::Simulation simulation({});
  Nobody nobody;
  resources::PowerSystem system(simulation, network, settings, nobody);
  RandomEngine random = random_stream(1, "benchmark");
  std::vector<std::pair<power::NodeId, Milliwatts>> changes(1 << 16);
  for (auto& change : changes) {
    change = {*network.find(fmt::format("racks_{}", random() % 8)),
              static_cast<Milliwatts>(100'000'000 + random() % 800'000'000)};
  }
  std::size_t next = 0;
  Picoseconds now = 0;
  for (auto _ : state) {
    system.set_demand(changes[next].first, changes[next].second, now += 40'000'000);
    next = (next + 1) & (changes.size() - 1);
  }
  state.counters["watched"] = static_cast<double>(system.breakers_watched());
}

BENCHMARK_CAPTURE(set_demand, n_plus_1, "n_plus_1", true);
BENCHMARK_CAPTURE(set_demand, 2n, "2n", true);
BENCHMARK_CAPTURE(set_demand, 2n_all_watched, "2n", false);

}  // namespace

BENCHMARK_MAIN();
