// Building, contracting and routing a fabric of 12,500 servers:
//   cmake --build build/dev --target topology_benchmark && build/dev/bin/topology_benchmark
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "models/topology/analysis.hpp"
#include "tests/models/topology/fabric.hpp"

namespace {

using namespace tokenworks;
using namespace tokenworks::topology;

const Graph& large() {
  static const Graph graph = tests::built("rail_optimized", tests::xdr(), tests::nodes(12'500, 8, 800));
  return graph;
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e3;
}

void build(benchmark::State& state) {
  const auto option = tests::fabric("rail_optimized", tests::xdr());
  for (auto unused : state) {
    (void)unused;
    benchmark::DoNotOptimize(option->build(tests::nodes(12'500, 8, 800), tests::shipped_parts()));
  }
  state.counters["peak_mb"] = peak_megabytes();
}

void contract(benchmark::State& state) {
  for (auto unused : state) {
    (void)unused;
    benchmark::DoNotOptimize(contracted(large()));
  }
  state.counters["peak_mb"] = peak_megabytes();
}

void path(benchmark::State& state, bool merged) {
  const Graph graph = merged ? contracted(large()) : large();
  const Routes routes(graph);
  std::vector<DirectedLink> out;
  for (std::uint32_t to = 0; to < 12'500; ++to) routes.path(1, to, to, out);
  std::uint64_t hash = 0;
  for (auto unused : state) {
    (void)unused;
    hash += 0x9e3779b97f4a7c15ull;
    routes.path(static_cast<std::uint32_t>(hash >> 40) % 12'500, static_cast<std::uint32_t>(hash >> 20) % 12'500, hash,
                out);
    benchmark::DoNotOptimize(out.data());
  }
}

void after_failure(benchmark::State& state) {
  const Graph graph = contracted(large());
  Routes routes(graph);
  std::vector<DirectedLink> out;
  bool usable = false;
  for (auto unused : state) {
    (void)unused;
    routes.set_usable(static_cast<std::uint32_t>(graph.links.size() - 1), usable);
    usable = !usable;
    routes.path(0, 12'499, 1, out);
  }
}

void bisection(benchmark::State& state, bool merged) {
  const Graph graph = merged ? contracted(large()) : large();
  for (auto unused : state) {
    (void)unused;
    benchmark::DoNotOptimize(bisection_bandwidth(graph));
  }
}

void all_to_all_rate(benchmark::State& state, bool merged) {
  const Graph graph = merged ? contracted(large()) : large();
  for (auto unused : state) {
    (void)unused;
    benchmark::DoNotOptimize(all_to_all(graph));
  }
}

void weak(benchmark::State& state) {
  for (auto unused : state) {
    (void)unused;
    benchmark::DoNotOptimize(weak_points(large()));
  }
}

BENCHMARK(build)->Unit(benchmark::kMillisecond);
BENCHMARK(contract)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(path, contracted, true);
BENCHMARK_CAPTURE(path, whole, false);
BENCHMARK(after_failure);
BENCHMARK_CAPTURE(bisection, contracted, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(bisection, whole, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(all_to_all_rate, contracted, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(all_to_all_rate, whole, false)->Unit(benchmark::kMillisecond);
BENCHMARK(weak)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
