// Puts the graph of a scale-up domain together.
#pragma once

#include <string>
#include <vector>

#include "models/topology/scale_up_option.hpp"

namespace tokenworks::topology {

// Latencies are halved over the two links of a hop, so that they add up along a path (graph.hpp).

/// NVLink switch, port to port: 200 to 300 ns, remembered (evidence R).
constexpr Seconds kNvSwitchLatency{250e-9};
/// GPU to GPU through one PCIe switch, through one root complex, and what a second root complex adds: 0.45, 0.36 and
/// 0.44 - 0.36 us, measured (voipmonitor/rtx6kpro commit 29f3863, RTX PRO 6000 on EPYC Turin).
constexpr Seconds kPcieSwitchLatency{450e-9};
constexpr Seconds kRootComplexLatency{360e-9};
constexpr Seconds kSocketLatency{80e-9};

class DomainBuilder {
 public:
  /// Adds the GPUs and network cards.
  explicit DomainBuilder(const ScaleUpDomain& domain);

  std::uint32_t gpu(std::int64_t index) const { return graph_.endpoints[static_cast<std::size_t>(index)]; }
  std::uint32_t nic(std::int64_t index) const { return gpu(domain_.gpus + index); }
  /// The GPU that a network card sits beside: the first of those that use it.
  std::int64_t gpu_beside_nic(std::int64_t nic) const;

  std::vector<std::uint32_t> add(VertexKind kind, std::int64_t count);
  void link(std::uint32_t a, std::uint32_t b, BytesPerSecond bandwidth, Seconds latency, Medium medium);
  /// A vertex on the GPU's way to its host, joined without latency: it keeps the way over the host longer than that
  /// over NVLink, so that routes of fewest links between GPUs take NVLink alone.
  std::uint32_t add_host_port(std::int64_t gpu);
  /// Every GPU to each of `count` NVLink switches, which share one merge id.
  void add_nvswitches(std::int64_t count);
  Graph take() { return std::move(graph_); }

 private:
  ScaleUpDomain domain_;
  Graph graph_;
};

/// Counts and bandwidths that no domain can have.
void check_domain(const ScaleUpDomain& domain, bool nvlink, std::vector<TopologyFault>& faults);
/// A fault at `key` when `value` is below `least`.
void check_count(const char* key, std::int64_t value, std::int64_t least, std::vector<TopologyFault>& faults);

}  // namespace tokenworks::topology
