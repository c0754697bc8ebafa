// Nanoseconds of what a run asks of coupled temperatures:
//   cmake --build build/release --target thermal_benchmark && build/release/bin/thermal_benchmark
#include <benchmark/benchmark.h>

#include "models/thermal/rc_network.hpp"

namespace {

using namespace tokenworks;
using namespace tokenworks::thermal;

/// Chips and coolants in pairs on a loop, and the loop on a fixed temperature.
RcNetwork chain(std::size_t nodes) {
  std::vector<JoulesPerKelvin> capacities;
  std::vector<ThermalLink> links;
  for (std::size_t i = 0; i + 1 < nodes; ++i) {
    capacities.emplace_back(i % 2 == 0 ? 40e3 + 100.0 * static_cast<double>(i) : 500e3);
    links.push_back({i, i % 2 == 0 && i + 2 < nodes ? i + 1 : nodes - 1, WattsPerKelvin(3e3)});
  }
  capacities.emplace_back(5e6);
  links.push_back({nodes - 1, nodes, WattsPerKelvin(20e3)});
  return {capacities, 1, links};
}

struct State {
  explicit State(std::size_t nodes)
      : network(chain(nodes)), initial(nodes, Celsius(50)), heats(nodes, Watts(0)), out(nodes) {
    for (std::size_t i = 0; i + 1 < nodes; i += 2) heats[i] = Watts(60e3);
  }
  Trajectory start() const { return network.from(initial, heats, fixed); }
  RcNetwork network;
  std::vector<Celsius> initial, fixed{Celsius(40)};
  std::vector<Watts> heats;
  std::vector<Celsius> out;
};

void construct(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(chain(static_cast<std::size_t>(state.range(0))));
}
void from(benchmark::State& state) {
  const State s(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(s.start());
}
void at_all(benchmark::State& state) {
  State s(static_cast<std::size_t>(state.range(0)));
  const Trajectory course = s.start();
  double t = 1.0;
  for (auto _ : state) {
    course.at(Seconds(t), s.out);
    benchmark::DoNotOptimize(s.out.data());
    t += 1e-3;
  }
}
void crossing(benchmark::State& state) {
  const State s(static_cast<std::size_t>(state.range(0)));
  const Trajectory course = s.start();
  double limit = 55.0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(course.first_crossing(0, Celsius(limit), Direction::rising));
    limit = limit > 60.0 ? 55.0 : limit + 1e-3;
  }
}
void no_crossing(benchmark::State& state) {
  const State s(static_cast<std::size_t>(state.range(0)));
  const Trajectory course = s.start();
  for (auto _ : state) benchmark::DoNotOptimize(course.first_crossing(0, Celsius(500), Direction::rising));
}

BENCHMARK(construct)->Arg(2)->Arg(4)->Arg(12);
BENCHMARK(from)->Arg(4)->Arg(12);
BENCHMARK(at_all)->Arg(4)->Arg(12);
BENCHMARK(crossing)->Arg(4)->Arg(12);
BENCHMARK(no_crossing)->Arg(4)->Arg(12);

}  // namespace

BENCHMARK_MAIN();
