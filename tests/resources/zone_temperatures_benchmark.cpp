// Nanoseconds of one change of a zone's heat, each at a date of its own, with the events that it brings:
//   cmake --build build/release --target zone_temperatures_benchmark && build/release/bin/zone_temperatures_benchmark
#include <benchmark/benchmark.h>

#include <limits>

#include "sim/resources/zone_temperatures.hpp"

namespace {

using namespace tokenworks;
using namespace tokenworks::resources;

struct Changes final : engine::TimerClient, ZoneTemperatureClient {
  Changes(const std::vector<CoolingZone>& zones, const CoolingLoop& loop, Picoseconds changes_apart)
      : temperatures(simulation, *this, zones, {loop}),
        timer(simulation.add_timer(*this, 0, engine::rank(engine::RankClass::step, 0))),
        apart(changes_apart) {
    temperatures.start();
  }
  void on_timer(std::uint32_t) override {
    const auto zone = static_cast<std::size_t>(count) % temperatures.zones();
    const auto round = count / static_cast<std::int64_t>(temperatures.zones());
    const Milliwatts delta = round == 0 ? -10'000'000 : round % 2 == 0 ? -20'000'000 : 20'000'000;
    temperatures.add_heat(zone, delta, delta / 10);
    if (--left > 0) simulation.set_timer(timer, simulation.now() + apart);
    ++count;
  }
  void run(std::int64_t changes) {
    left = changes;
    simulation.set_timer(timer, simulation.now() + apart);
    while (left > 0) simulation.run();
  }
  void clock_level_changed(std::size_t, int, double) override {}
  void zone_shut_down(std::size_t) override {}
  void loop_held_changed(std::size_t, bool) override {}

  engine::Simulation simulation{{}};
  ZoneTemperatures temperatures;
  engine::TimerId timer;
  Picoseconds apart;
  std::int64_t left = 0, count = 0;
};

CoolingZone cold_plates(double limit_c) {
  CoolingZone zone;
  zone.path.chip_resistance = KelvinPerWatt(0.0218);
  zone.path.flow_share_of_resistance = 0.26;
  zone.path.chip_capacity = JoulesPerKelvin(550);
  zone.path.zone_s = 6.0;
  zone.path.zone_per_k = 0.25;
  zone.design_heat = Watts(80e3);
  zone.gpus = 72;
  zone.most = {72'000'000, 1'000'000, 8'000'000};
  zone.initial = {62'000'000, 1'000'000, 7'000'000};  // the mean: coolant at 39.45, the hottest GPU at 61.25 degC
  zone.limits = {Celsius(limit_c), Celsius(limit_c + 3), Celsius(limit_c + 6)};
  return zone;
}

/// One case a process: SimGrid keeps its clock.
void change(benchmark::State& state, double limit_c, double capability_w) {
  Changes changes(std::vector<CoolingZone>(8, cold_plates(limit_c)),
                  {Celsius(36), {Watts(capability_w), WattsPerKelvin(10e3)}, JoulesPerKelvin(20e6)}, 1'000'000'000);
  for (auto _ : state) changes.run(1'000'000);
  state.SetItemsProcessed(state.iterations() * 1'000'000);
  state.counters["events"] = static_cast<double>(changes.simulation.events());
  state.counters["hottest_c"] = changes.temperatures.zone(0).hottest.value;
}

void not_watched(benchmark::State& state) { change(state, 86, std::numeric_limits<double>::infinity()); }
void watched(benchmark::State& state) { change(state, 61.6, std::numeric_limits<double>::infinity()); }
void followed(benchmark::State& state) { change(state, 61.25002, std::numeric_limits<double>::infinity()); }
void warm_loop(benchmark::State& state) { change(state, 86, 500e3); }

BENCHMARK(not_watched)->Iterations(1);
BENCHMARK(watched)->Iterations(1);
BENCHMARK(followed)->Iterations(1);
BENCHMARK(warm_loop)->Iterations(1);

}  // namespace

BENCHMARK_MAIN();
