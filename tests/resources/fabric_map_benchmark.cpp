// Time and memory of a fabric for 12,500 servers of eight 800 Gbit/s cards, to be built before a run can begin:
//   cmake --build build/dev --target fabric_map_benchmark && build/dev/bin/fabric_map_benchmark
#include <sys/resource.h>

#include <chrono>

#include "tests/engine/fork_case.hpp"
#include "tests/resources/small_factory.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;

namespace {

class Watch {
 public:
  /// Seconds since the last call, and the most memory so far.
  std::string lap(std::string_view what) {
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return fmt::format("  {:32} {:7.3f} s {:6.0f} MB\n", what, seconds, static_cast<double>(usage.ru_maxrss) / 1e3);
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

std::string measure(bool adaptive) {
  constexpr std::int64_t kNodes = 12'500;
  resources::FabricGroup group = servers(kNodes);
  group.kind.nic_bandwidth = gbit(800);
  shipped_parts();
  engine::Simulation simulation({});
  Watch watch;
  std::string text = watch.lap("before");
  topology::Graph graph = built("rail_optimized", xdr(), nodes(kNodes, 8, 800));
  text += watch.lap("graph");
  resources::FabricMap map(
      simulation, {.groups = {group}, .graph = std::move(graph), .storage = {}, .behaviour = {.adaptive = adaptive}});
  text += watch.lap("map");
  for (std::int64_t i = 0; i < kNodes; ++i)
    map.paths(gpus(i), gpus((i + 1 + i * 7919 % (kNodes - 1)) % kNodes), static_cast<std::uint64_t>(i));
  text += watch.lap("a path from each node");
  map.set_link_share(5, 0.0);
  text += watch.lap("the first failure");
  map.set_link_share(5, 1.0);
  return text + watch.lap("its repair");
}

}  // namespace

int main() {
  for (const bool adaptive : {true, false}) {
    const std::string text = tokenworks::testing::in_child([adaptive] { return measure(adaptive); });
    fmt::print("{}\n{}", adaptive ? "adaptive" : "ECMP", text);
  }
}
