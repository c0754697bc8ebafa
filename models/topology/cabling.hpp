// The switch of a fabric and what its links are made of: the fields that most topologies share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/topology/topology_option.hpp"

namespace tokenworks::topology {

/// Resolved: what a generator needs to know. Bandwidths are those of one port after breakout.
struct Cabling {
  std::string switch_id;
  std::int64_t ports = 0;
  BytesPerSecond port_bandwidth{0};
  BytesPerSecond nic_link_bandwidth{0};      ///< of one cable of a network card, each plane
  BytesPerSecond service_port_bandwidth{0};  ///< most that one cable of a storage port or the front end carries
  std::string endpoint_part, endpoint_switch_part, switch_part;
  Medium endpoint_medium = Medium::optical, switch_medium = Medium::optical;
  Seconds endpoint_latency{0}, switch_latency{0};
};

/// A switch kind for all tiers, as the reference fabrics have it.
struct CablingSpec {
  std::string switch_id = "quantum2_qm9700";
  std::int64_t breakout = 1;
  std::string node_transceiver = "400g_dr4";
  std::string switch_transceiver = "800g_2x400";
  Metres node_cable{20};
  Metres switch_cable{40};

  void visit(FieldVisitor& v);
  PartIds part_ids() const;
  /// Faults go to `faults`; nothing when there are any. A network card has one port in each of `planes` planes.
  std::optional<Cabling> resolve(const Endpoints& endpoints, std::int64_t planes, const Parts& parts,
                                 std::vector<TopologyFault>& faults) const;
};

/// Cables that a storage port or the front end needs: as many as carry `bandwidth` on ports of that rate.
std::int64_t cables_for(BytesPerSecond bandwidth, BytesPerSecond port_bandwidth);

/// 4.5 ns/m in fibre (NVIDIA, MMS4X50-NM application overview, docs.nvidia.com/networking); copper is taken as equal.
Seconds propagation(Metres length);

/// "400 Gbit/s".
std::string gbit(BytesPerSecond bandwidth);

}  // namespace tokenworks::topology
