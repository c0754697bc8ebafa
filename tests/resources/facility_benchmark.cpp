// Nanoseconds of one change of a replica's GPU power, each at a date of its own, through the whole chain:
//   cmake --build build/release --target facility_benchmark && build/release/bin/facility_benchmark
#include <benchmark/benchmark.h>

#include <boost/random/uniform_int_distribution.hpp>

#include "models/core/random.hpp"
#include "models/weather/psychrometrics.hpp"
#include "sim/resources/facility.hpp"

namespace {

using namespace tokenworks;

resources::RackGroup servers(std::int64_t count) {
  resources::RackGroup group;
  group.kind.nodes = 1;
  group.kind.gpus_per_node = 8;
  group.kind.nameplate_power = Watts(10.2e3);
  group.kind.node_base_power = Watts(1500);
  group.kind.node_power_per_gpu_power = 0.10;
  group.kind.fan_share_of_base = 0.3;
  group.kind.liquid_heat_share = 0.5;
  group.kind.supply_rated_power = Watts(19.8e3);
  group.gpu_idle_power_w = 80;
  group.gpu_max_power_w = 700;
  group.racks = count;
  return group;
}

void change_of_gpu_power(benchmark::State& state, const char* kind) {
  Choice<cooling::CoolingOption> cooling(cooling::cooling_options(), kind);
  const auto outside = weather::air_at_relative_humidity(Celsius(25), 0.5, Pascals(101325));
  const auto design = weather::air_at_relative_humidity(Celsius(35), 0.4, Pascals(101325));
  ValidityNotes notes;
  resources::Facility facility(
      {{servers(state.range(0))}, {}, {}, {}, &*cooling, outside, design, 10 * kPicosecondsPerSecond}, notes);
  // Each replica steps between three levels of its batch; the pattern is drawn before.
  RandomEngine random = random_stream(1, "benchmark");
  struct Step {
    std::int64_t node;
    Milliwatts delta;
  };
  std::vector<Step> steps;
  std::vector<Milliwatts> level(static_cast<std::size_t>(facility.nodes()), 0);
  for (int i = 0; i < 1 << 20; ++i) {
    const auto node = boost::random::uniform_int_distribution<std::int64_t>(0, facility.nodes() - 1)(random);
    const Milliwatts next = boost::random::uniform_int_distribution<Milliwatts>(0, 8 * 620'000)(random);
    steps.push_back({node, next - level[static_cast<std::size_t>(node)]});
    level[static_cast<std::size_t>(node)] = next;
  }
  for (std::size_t i = 0; i < level.size(); ++i)
    steps.push_back({static_cast<std::int64_t>(i), -level[i]});  // and back
  Picoseconds now = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    const Step& step = steps[next];
    next = next + 1 == steps.size() ? 0 : next + 1;
    facility.add_gpu_power(step.node, step.delta, now);
    now += 40'000'000;  // 25,000 replicas' worth of iterations a second
  }
  facility.finish(now);
  benchmark::DoNotOptimize(facility.facility_energy());
}

BENCHMARK_CAPTURE(change_of_gpu_power, air_crah, "air_crah")->Arg(1)->Arg(1600)->Arg(12500);
BENCHMARK_CAPTURE(change_of_gpu_power, direct_to_chip, "direct_to_chip")->Arg(1600)->Arg(12500);

}  // namespace

BENCHMARK_MAIN();
