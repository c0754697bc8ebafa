#include "sim/resources/it_load.hpp"

#include <algorithm>
#include <cassert>

namespace tokenworks::resources {

ItLoad::ItLoad(const std::vector<RackGroup>& groups, ValidityNotes& notes) {
  servers_.reserve(groups.size());
  for (const RackGroup& group : groups) {
    const auto number = static_cast<std::uint32_t>(servers_.size());
    const ServerPower& server = servers_.emplace_back(group, notes);
    GroupLoad& load = load_.emplace_back();
    const Milliwatts full = server.rack_wall(to_milliwatts(group.gpu_max_power_w) * group.kind.gpus_per_node);
    const Milliwatts given = to_milliwatts(group.kind.nameplate_power.value);
    const Milliwatts nameplate = given > 0 ? given : full;
    design_.push_back({.nameplate = nameplate * group.racks,
                       .nameplate_liquid = server.liquid_heat(nameplate) * group.racks,
                       .largest = std::max(nameplate, full) * group.racks,
                       .largest_liquid = server.liquid_heat(std::max(nameplate, full)) * group.racks});
    full_.push_back(server.full_load(group.racks));
    first_node_.push_back(nodes_.size());
    for (std::int64_t rack = 0; rack < group.racks; ++rack) {
      for (std::int64_t i = 0; i < group.kind.nodes; ++i) {
        if (i == 0 || !server.supplies_are_shared()) pools_.emplace_back();
        Node& node = nodes_.emplace_back();
        node.gpus = server.idle_gpus();
        node.group = number;
        node.pool = static_cast<std::uint32_t>(pools_.size() - 1);
        set_node_on(static_cast<std::int64_t>(nodes_.size()) - 1, true);
      }
      if (server.rack_shared() > 0 && group.kind.nodes > 0) {
        load.rack_shared += server.rack_shared();
        change_pool(server, load, pools_.back(), server.rack_shared());
      }
    }
  }
  first_node_.push_back(nodes_.size());
}

bool ItLoad::add_gpu_power(std::int64_t number, Milliwatts delta) {
  assert(number >= 0 && number < nodes());
  Node& node = nodes_[static_cast<std::size_t>(number)];
  node.gpus += delta;
  if (!node.on || delta == 0) return false;
  const ServerPower& server = servers_[node.group];
  GroupLoad& load = load_[node.group];
  const Milliwatts besides = server.besides_gpus(node.gpus);
  const Milliwatts fans_delta = server.fans(besides) - server.fans(node.besides);
  const Milliwatts besides_delta = besides - node.besides;
  node.besides = besides;
  load.gpu += delta;
  load.server_fans += fans_delta;
  load.host += besides_delta - fans_delta;
  change_pool(server, load, pools_[node.pool], delta + besides_delta);
  return true;
}

bool ItLoad::set_node_on(std::int64_t number, bool on) {
  assert(number >= 0 && number < nodes());
  Node& node = nodes_[static_cast<std::size_t>(number)];
  if (node.on == on) return false;
  node.on = on;
  const ServerPower& server = servers_[node.group];
  GroupLoad& load = load_[node.group];
  const Milliwatts sign = on ? 1 : -1;
  const Milliwatts besides = server.besides_gpus(node.gpus), fans = server.fans(besides);
  node.besides = on ? besides : 0;
  load.gpu += sign * node.gpus;
  load.server_fans += sign * fans;
  load.host += sign * (besides - fans);
  change_pool(server, load, pools_[node.pool], sign * (node.gpus + besides));
  return true;
}

void ItLoad::change_pool(const ServerPower& server, GroupLoad& load, Pool& pool, Milliwatts delta) {
  pool.output += delta;
  const Milliwatts loss = server.supply_loss(pool.output);
  const Milliwatts liquid = server.liquid_heat(pool.output + loss);
  load.power_supply_loss += loss - pool.loss;
  load.liquid_heat += liquid - pool.liquid;
  pool.loss = loss;
  pool.liquid = liquid;
}

Milliwatts ItLoad::hottest_gpu(std::size_t group) const {
  Milliwatts most = 0;
  for (std::size_t i = first_node_[group]; i < first_node_[group + 1]; ++i) {
    if (nodes_[i].on) most = std::max(most, nodes_[i].gpus);
  }
  return most / servers_[group].gpus_per_node();
}

}  // namespace tokenworks::resources
