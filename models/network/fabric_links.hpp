// What links the scale-up domains of a factory, as one of its GPUs sees it.
#pragma once

#include <cstdint>
#include <stdexcept>

#include "models/core/units.hpp"

namespace tokenworks::network {

struct FabricLinks {
  std::int64_t domain_gpus = 8;     ///< GPUs of a scale-up domain
  BytesPerSecond nic_bandwidth{0};  ///< of one NIC, one direction
  std::int64_t nics_per_node = 1, gpus_per_node = 1;
  Seconds hop_latency{0};             ///< one way from NIC to NIC, switches and cables
  bool in_network_reduction = false;  ///< switches add what passes through them (SHARP)

  /// A GPU's share of its node's NICs.
  BytesPerSecond gpu_bandwidth() const {
    return nic_bandwidth * (static_cast<double>(nics_per_node) / static_cast<double>(gpus_per_node));
  }
};

/// Throws std::invalid_argument unless domains have GPUs, nodes have NICs, and these have a bandwidth.
inline void check(const FabricLinks& links) {
  if (links.domain_gpus < 1) throw std::invalid_argument("fabric: a domain has at least 1 GPU");
  if (links.nics_per_node < 1 || links.gpus_per_node < 1) {
    throw std::invalid_argument("fabric: a node has at least 1 NIC and 1 GPU");
  }
  if (!(links.nic_bandwidth.value > 0.0)) throw std::invalid_argument("fabric: a NIC's bandwidth is above 0 B/s");
  if (!(links.hop_latency.value >= 0.0)) throw std::invalid_argument("fabric: a hop's latency is at least 0 s");
}

}  // namespace tokenworks::network
