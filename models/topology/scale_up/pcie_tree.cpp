#include "models/topology/scale_up/pcie_tree.hpp"

#include <fmt/format.h>

namespace tokenworks::topology {
namespace {

/// GPU to GPU through the host's memory: about 14 us (voipmonitor/rtx6kpro commit 29f3863, EPYC Genoa).
constexpr Seconds kStagedLatency{14e-6};

}  // namespace

void PcieTree::visit(FieldVisitor& v) {
  field(v, "root_complexes", root_complexes, "Sockets with PCIe lanes; GPUs are dealt evenly in their order",
        rule().at_least(1).at_most(64));
  field(v, "gpus_per_pcie_switch", gpus_per_switch, "GPUs behind one PCIe switch; 0: on the root complex itself",
        rule().at_least(0));
  scaled_field(v, "socket_link_gb_per_s", socket_bandwidth, 1e9,
               "PCIe traffic that crosses between two sockets, each direction",
               rule().above(0).default_from('S',
                                            "voipmonitor/rtx6kpro commit 29f3863: 39 to 51 GB/s for one pair; an "
                                            "all-to-all of 8 GPUs at 164 to 192 GB/s in all means 47 to 55"));
}

void PcieTree::check(const ScaleUpDomain& domain, std::vector<TopologyFault>& faults) const {
  check_count("root_complexes", root_complexes, 1, faults);
  check_count("gpus_per_pcie_switch", gpus_per_switch, 0, faults);
  if (root_complexes > domain.gpus && domain.gpus > 0) {
    faults.push_back({"root_complexes", fmt::format("{} root complexes are more than the {} GPUs to hang on them",
                                                    root_complexes, domain.gpus)});
  }
  if (!(socket_bandwidth.value > 0.0)) {
    faults.push_back({"socket_link_gb_per_s", fmt::format("{:g} is not above 0", socket_bandwidth.value * 1e-9)});
  }
}

void PcieTree::add_to(DomainBuilder& builder, const ScaleUpDomain& domain, bool peer_to_peer,
                      bool beside_nvlink) const {
  const auto roots = builder.add(VertexKind::root_complex, root_complexes);
  for (std::size_t a = 0; a < roots.size(); ++a) {
    for (std::size_t b = a + 1; b < roots.size(); ++b) {
      builder.link(roots[a], roots[b], socket_bandwidth, kSocketLatency, Medium::internal);
    }
  }
  const auto root_of = [&](std::int64_t gpu) {
    return roots[static_cast<std::size_t>(gpu * root_complexes / domain.gpus)];
  };
  std::vector<std::uint32_t> above_gpu;
  BytesPerSecond gpu_bandwidth = domain.pcie_bandwidth;
  Seconds gpu_latency = kRootComplexLatency / 2.0;
  if (gpus_per_switch == 0 || !peer_to_peer) {
    for (std::int64_t i = 0; i < domain.gpus; ++i) above_gpu.push_back(root_of(i));
    if (!peer_to_peer) gpu_latency = kStagedLatency / 2.0;
    if (gpus_per_switch > 1) gpu_bandwidth /= static_cast<double>(gpus_per_switch);
  } else {
    const auto switches = builder.add(VertexKind::pcie_switch, (domain.gpus + gpus_per_switch - 1) / gpus_per_switch);
    for (std::int64_t i = 0; i < domain.gpus; ++i) {
      above_gpu.push_back(switches[static_cast<std::size_t>(i / gpus_per_switch)]);
    }
    gpu_latency = kPcieSwitchLatency / 2.0;
    for (std::size_t i = 0; i < switches.size(); ++i) {
      builder.link(switches[i], root_of(static_cast<std::int64_t>(i) * gpus_per_switch), domain.pcie_bandwidth,
                   (kPcieSwitchLatency + kRootComplexLatency) / 2.0, Medium::pcie);
    }
  }
  for (std::int64_t i = 0; i < domain.gpus; ++i) {
    const std::uint32_t device = beside_nvlink ? builder.add_host_port(i) : builder.gpu(i);
    builder.link(device, above_gpu[static_cast<std::size_t>(i)], gpu_bandwidth, gpu_latency, Medium::pcie);
  }
  for (std::int64_t i = 0; i < domain.nics; ++i) {
    builder.link(builder.nic(i), above_gpu[static_cast<std::size_t>(builder.gpu_beside_nic(i))], domain.pcie_bandwidth,
                 peer_to_peer ? gpu_latency : kRootComplexLatency / 2.0, Medium::pcie);
  }
}

}  // namespace tokenworks::topology
