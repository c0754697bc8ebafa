// The PCIe side of a server: switches under root complexes, one root complex a socket, sockets joined to each other.
#pragma once

#include "models/topology/scale_up/domain_builder.hpp"

namespace tokenworks::topology {

struct PcieTree {
  std::int64_t root_complexes = 2;
  std::int64_t gpus_per_switch = 2;  ///< 0: no switches, GPUs hang on their root complex
  BytesPerSecond socket_bandwidth{50e9};

  void visit(FieldVisitor& v);
  void check(const ScaleUpDomain& domain, std::vector<TopologyFault>& faults) const;
  /// Hangs GPUs and network cards on it. Without peer-to-peer, data between GPUs are staged in the host's memory: a GPU
  /// then has its share of the switch's uplink, and the staging's latency. Beside NVLink every GPU gets a host port.
  void add_to(DomainBuilder& builder, const ScaleUpDomain& domain, bool peer_to_peer, bool beside_nvlink) const;
};

}  // namespace tokenworks::topology
