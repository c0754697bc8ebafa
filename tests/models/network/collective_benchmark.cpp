// Wall time of one collective over many GPUs in closed form; 4,096 are to cost less than 10 us:
//   cmake --build build/dev --target collective_benchmark && build/dev/bin/collective_benchmark
#include <benchmark/benchmark.h>

#include "models/compute/gpu.hpp"
#include "models/network/expert_exchange.hpp"
#include "models/network/fabric_collective.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/kernel_entries.hpp"

namespace {

using namespace tokenworks;

const network::FabricLinks kLinks{.domain_gpus = 8, .nic_bandwidth = BytesPerSecond(50e9)};

template <typename Work>
void over(benchmark::State& state, Work work) {
  const auto gpu = tests::catalog_entry<compute::GpuSpec>("gpus", "h100_sxm5");
  ValidityNotes notes;
  const network::FabricCollectives collectives(gpu.ratings, tests::kernel_entries(gpu), {"nccl"}, state.range(0),
                                               &kLinks, notes);
  double bytes = 1e3;
  for (auto unused : state) {
    (void)unused;
    benchmark::DoNotOptimize(work(collectives, bytes));
    bytes = bytes < 1e9 ? bytes * 1.37 : 1e3;
  }
}

void expert_exchange(benchmark::State& state) {
  const auto gpu = tests::catalog_entry<compute::GpuSpec>("gpus", "h100_sxm5");
  const network::ExpertExchange exchange({.gpus = state.range(0),
                                          .domain_gpus = 8,
                                          .hidden = 7168,
                                          .active = 8,
                                          .link = gpu.ratings.scale_up_bandwidth,
                                          .nic = BytesPerSecond(50e9)},
                                         tests::kernel_entries(gpu));
  double tokens = 1;
  for (auto unused : state) {
    (void)unused;
    benchmark::DoNotOptimize(exchange.time(tokens));
    tokens = tokens < 1e5 ? tokens * 1.37 : 1;
  }
}

void all_reduce(benchmark::State& state) {
  over(state, [](const auto& collectives, double bytes) { return collectives.all_reduce(bytes); });
}
void all_gather(benchmark::State& state) {
  over(state, [](const auto& collectives, double bytes) { return collectives.all_gather(bytes); });
}
void all_to_all(benchmark::State& state) {
  over(state, [](const auto& collectives, double bytes) { return collectives.all_to_all(bytes); });
}

}  // namespace

BENCHMARK(all_reduce)->Arg(8)->Arg(64)->Arg(4096);
BENCHMARK(all_gather)->Arg(4096);
BENCHMARK(all_to_all)->Arg(4096);
BENCHMARK(expert_exchange)->Arg(64);
BENCHMARK_MAIN();
