// A rack kind of the catalog: what stands in it, how its GPUs hang together, what it draws besides the GPUs and where
// its heat goes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::compute {

/// The unit of power and failure is the node: a server or a compute tray with its own GPUs.
struct RackSpec {
  std::string title;
  std::string gpu;         ///< catalog id
  std::int64_t nodes = 1;  ///< servers or compute trays in the rack (or the system)
  std::int64_t gpus_per_node = 8;
  std::int64_t scale_up_domain_gpus = 8;      ///< GPUs behind one NVLink, xGMI or PCIe domain
  double liquid_heat_share = 0.0;             ///< of the node's heat, to cold plates where the hall offers them
  Watts nameplate_power{0};                   ///< of the whole rack or system: sizes power and cooling
  Watts node_base_power{0};                   ///< direct current of a node with idle GPUs, besides the GPUs
  double node_power_per_gpu_power = 0.0;      ///< added watts besides the GPUs for each watt that the GPUs add
  double fan_share_of_base = 0.0;             ///< of the node's power besides the GPUs, drawn by its fans
  Watts rack_shared_power{0};                 ///< direct current of what the nodes share (switch trays, management)
  std::string supply = "titanium_redundant";  ///< power supply efficiency table
  Watts supply_rated_power{0};                ///< rated output of all power supplies of the rack or system
  BytesPerSecond storage_bandwidth{0};        ///< of a node towards storage: its north-south NICs
  std::int64_t nics_per_node = 8;             ///< on the compute fabric (east-west)
  BytesPerSecond nic_bandwidth{0};            ///< of one such NIC, one direction
  BytesPerSecond host_link_bandwidth{0};      ///< between one GPU and host memory, one direction, as achieved
  BytesPerSecond local_read_bandwidth{0};     ///< of a node's NVMe drives together
  BytesPerSecond local_write_bandwidth{0};    ///< of a node's NVMe drives together
  std::vector<SourceNote> sources;

  void visit(FieldVisitor& v);
};

/// The rack with `removed` of its nodes' fans taken out. They drew a fixed share of what a node draws besides its GPUs,
/// so that falls at every load, and the nameplate by what they drew with all GPUs at `gpu_limit` each.
RackSpec without_fans(const RackSpec& rack, double removed, Watts gpu_idle, Watts gpu_limit);

}  // namespace tokenworks::compute
