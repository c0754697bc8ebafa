#include "sim/scenario/run.hpp"

#include <sys/resource.h>

#include <chrono>

#include "sim/scenario/factory.hpp"

namespace tokenworks::scenario {
namespace {

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace

RunOutput run(ReadOutcome& scenario, const RunOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Factory factory(scenario, options);
  if (options.watch) {
    factory.simulation().set_watch([&] { return options.watch(to_seconds(factory.simulation().now())); });
  }
  if (options.before_running) options.before_running();
  factory.run();
  RunOutput output;
  output.result = factory.result();
  output.cost.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  output.cost.events = factory.simulation().events();
  output.cost.peak_memory_bytes = peak_memory_bytes();
  return output;
}

}  // namespace tokenworks::scenario
