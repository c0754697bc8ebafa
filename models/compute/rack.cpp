#include "models/compute/rack.hpp"

#include <algorithm>

namespace tokenworks::compute {

void RackSpec::visit(FieldVisitor& v) {
  const Rule count = rule().required().at_least(1);
  const Rule power = rule().required().at_least(0);

  field(v, "title", title, "Name for people", rule().required());
  field(v, "gpu", gpu, "GPU in it", rule().required().from_catalog("gpus"));
  field(v, "nodes", nodes, "Servers or compute trays in the rack or system", count);
  field(v, "gpus_per_node", gpus_per_node, "GPUs in a node", count);
  field(v, "scale_up_domain_gpus", scale_up_domain_gpus, "GPUs behind one NVLink, xGMI or PCIe domain", count);
  field(v, "liquid_heat_share", liquid_heat_share,
        "Share of a node's heat that goes to cold plates where the hall offers them", rule().required().share());
  field(v, "nameplate_power_w", nameplate_power, "Greatest power of the whole rack or system",
        rule().required().above(0));
  field(v, "node_base_power_w", node_base_power, "Direct-current power of a node with idle GPUs, besides the GPUs",
        power);
  field(v, "node_power_per_gpu_power", node_power_per_gpu_power,
        "Watts besides the GPUs that come with each watt that the GPUs add", power);
  field(v, "fan_share_of_base", fan_share_of_base, "Share of a node's power besides the GPUs that its fans draw",
        rule().required().share());
  field(v, "rack_shared_power_w", rack_shared_power,
        "Direct-current power of what the nodes of a rack share: switch trays, management", power);
  field(v, "supply", supply, "Efficiency table of the power supplies", rule().required());
  field(v, "supply_rated_power_w", supply_rated_power, "Rated output of all power supplies of the rack or system",
        rule().required().above(0));
  scaled_field(v, "storage_bandwidth_gb_per_s", storage_bandwidth, 1e9, "Bandwidth of a node towards storage",
               rule().required().above(0));
  field(v, "nics_per_node", nics_per_node, "Network cards of a node on the compute fabric", count);
  scaled_field(v, "nic_gbit_per_s", nic_bandwidth, 1e9 / 8, "Rate of one such network card, one direction",
               rule().required().above(0));
  scaled_field(v, "host_link_gb_per_s", host_link_bandwidth, 1e9,
               "Bandwidth between one GPU and host memory, one direction, as achieved by large copies",
               rule().required().above(0));
  scaled_field(v, "local_read_gb_per_s", local_read_bandwidth, 1e9, "Read bandwidth of a node's own drives together",
               rule().required().above(0));
  scaled_field(v, "local_write_gb_per_s", local_write_bandwidth, 1e9, "Write bandwidth of a node's own drives together",
               rule().required().above(0));
  field(v, "sources", sources, "Who vouches for which field; a nested field is written with a dot", rule().required());
}

RackSpec without_fans(const RackSpec& rack, double removed, Watts gpu_idle, Watts gpu_limit) {
  if (removed <= 0.0) return rack;
  RackSpec result = rack;
  const double gone = rack.fan_share_of_base * removed;
  const Watts added = std::max(gpu_limit - gpu_idle, Watts(0)) * static_cast<double>(rack.gpus_per_node);
  const Watts fans = (rack.node_base_power + added * rack.node_power_per_gpu_power) * gone;
  result.nameplate_power = std::max(rack.nameplate_power - fans * static_cast<double>(rack.nodes), Watts(1));
  result.node_base_power = rack.node_base_power * (1.0 - gone);
  result.node_power_per_gpu_power = rack.node_power_per_gpu_power * (1.0 - gone);
  result.fan_share_of_base = gone < 1.0 ? (rack.fan_share_of_base - gone) / (1.0 - gone) : 0.0;
  return result;
}

}  // namespace tokenworks::compute
