#include "sim/resources/server_power.hpp"

#include <cmath>

#include "models/power/supply_efficiency.hpp"
#include "sim/resources/it_load.hpp"

namespace tokenworks::resources {

ServerPower::ServerPower(const RackGroup& group, ValidityNotes& notes)
    : idle_gpus_(to_milliwatts(group.gpu_idle_power_w) * group.kind.gpus_per_node),
      full_gpus_(to_milliwatts(group.gpu_max_power_w) * group.kind.gpus_per_node),
      base_(to_milliwatts(group.kind.node_base_power.value)),
      rack_shared_(to_milliwatts(group.kind.rack_shared_power.value)),
      slope_(share_in_2_32(group.kind.node_power_per_gpu_power)),
      fan_share_(share_in_2_32(group.kind.fan_share_of_base)),
      liquid_share_(share_in_2_32(group.kind.liquid_heat_share)),
      nodes_in_rack_(group.kind.nodes),
      gpus_per_node_(std::max<std::int64_t>(group.kind.gpus_per_node, 1)),
      supplies_are_shared_(rack_shared_ > 0 || group.kind.supply == "power_shelf_33kw") {
  const Milliwatts full_node = full_gpus_ + besides_gpus(full_gpus_);
  const std::int64_t pools = supplies_are_shared_ ? 1 : nodes_in_rack_;
  const Watts full_pool(to_watts(supplies_are_shared_ ? full_node * nodes_in_rack_ + rack_shared_ : full_node));
  // Supplies without a rating are taken as twice what full load takes, as in redundant pairs.
  const Watts given = group.kind.supply_rated_power / static_cast<double>(pools);
  const Watts rated = given.value > 0.0 ? given : std::max(full_pool * 2.0, Watts(1.0));
  notes.check("power supplies: output at full load of the GPUs [share of rating]", full_pool / rated, 0.0, 1.0);

  while ((static_cast<Milliwatts>(kSegments) << step_bits_) < to_milliwatts(rated.value)) ++step_bits_;
  const power::SupplyEfficiency supplies(group.kind.supply);
  for (std::size_t i = 0; i <= kSegments; ++i) {
    const Watts output(to_watts(static_cast<Milliwatts>(i) << step_bits_));
    loss_.push_back(to_milliwatts((supplies.input(output, rated) - output).value));
  }
}

GroupLoad ServerPower::full_load(std::int64_t racks) const {
  const Milliwatts besides = besides_gpus(full_gpus_), nodes = nodes_in_rack_ * racks;
  const Milliwatts wall = rack_wall(full_gpus_);
  GroupLoad load;
  load.gpu = full_gpus_ * nodes;
  load.server_fans = fans(besides) * nodes;
  load.host = besides * nodes - load.server_fans;
  load.rack_shared = supplies_are_shared_ ? rack_shared_ * racks : 0;
  load.power_supply_loss = wall * racks - load.gpu - besides * nodes - load.rack_shared;
  load.liquid_heat = supplies_are_shared_ ? liquid_heat(wall) * racks : liquid_heat(wall / nodes_in_rack_) * nodes;
  return load;
}

Milliwatts ServerPower::rack_wall(Milliwatts gpus_of_node) const {
  const Milliwatts node = gpus_of_node + besides_gpus(gpus_of_node);
  if (!supplies_are_shared_) return nodes_in_rack_ * (node + supply_loss(node));
  const Milliwatts output = nodes_in_rack_ * node + rack_shared_;
  return output + supply_loss(output);
}

std::int64_t ServerPower::share_in_2_32(double share) { return std::llround(share * 0x1p32); }

}  // namespace tokenworks::resources
