#include "models/compute/rack.hpp"

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::compute;

TEST_CASE("racks without fans: what else a node draws stays", "[models][compute]") {
  RackSpec rack;
  rack.nodes = 2;
  rack.gpus_per_node = 8;
  rack.node_base_power = Watts(1500);
  rack.node_power_per_gpu_power = 0.1;
  rack.fan_share_of_base = 0.3;
  rack.nameplate_power = Watts(20400);
  const auto node = [](const RackSpec& of, double added) {  // besides the GPUs, without and with its fans
    const double all = of.node_base_power.value + of.node_power_per_gpu_power * added;
    return std::pair(all * (1.0 - of.fan_share_of_base), all);
  };
  for (const double removed : {0.25, 0.5, 1.0}) {
    const RackSpec without = without_fans(rack, removed, Watts(80), Watts(700));
    for (const double added : {0.0, 1000.0, 4960.0}) {
      const auto [host, all] = node(rack, added);
      const auto [host_without, all_without] = node(without, added);
      CHECK_THAT(host_without, WithinRel(host, 1e-12));
      CHECK_THAT(all_without, WithinRel(all - 0.3 * removed * all, 1e-12));
    }
    // 1500 + 0.1 * 8 * 620 W, of which 30 % are fans: 598.8 W in each of two nodes.
    CHECK_THAT(without.nameplate_power.value, WithinRel(20400 - removed * 2 * 598.8, 1e-12));
  }
  CHECK(without_fans(rack, 1.0, Watts(80), Watts(700)).fan_share_of_base == 0.0);
  CHECK(without_fans(rack, 0.0, Watts(80), Watts(700)).node_base_power.value == 1500.0);
}
