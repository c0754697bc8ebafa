#include "models/topology/scale_up/domain_builder.hpp"

#include <fmt/format.h>

namespace tokenworks::topology {

DomainBuilder::DomainBuilder(const ScaleUpDomain& domain) : domain_(domain) {
  graph_.endpoints = add(VertexKind::gpu, domain.gpus);
  const std::vector<std::uint32_t> nics = add(VertexKind::nic, domain.nics);
  graph_.endpoints.insert(graph_.endpoints.end(), nics.begin(), nics.end());
}

std::int64_t DomainBuilder::gpu_beside_nic(std::int64_t nic) const {
  const bool more_nics = domain_.nics > domain_.gpus;
  return (nic * domain_.gpus + (more_nics ? 0 : domain_.nics - 1)) / domain_.nics;
}

std::vector<std::uint32_t> DomainBuilder::add(VertexKind kind, std::int64_t count) {
  std::vector<std::uint32_t> vertices;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto vertex = static_cast<std::uint32_t>(graph_.vertices.size());
    graph_.vertices.push_back({kind, static_cast<std::uint32_t>(i), vertex});
    vertices.push_back(vertex);
  }
  return vertices;
}

void DomainBuilder::link(std::uint32_t a, std::uint32_t b, BytesPerSecond bandwidth, Seconds latency, Medium medium) {
  graph_.links.push_back({a, b, bandwidth, 1, latency, medium});
}

std::uint32_t DomainBuilder::add_host_port(std::int64_t index) {
  const auto port = static_cast<std::uint32_t>(graph_.vertices.size());
  graph_.vertices.push_back({VertexKind::custom, static_cast<std::uint32_t>(index), port});
  graph_.names.resize(graph_.vertices.size());
  graph_.names.back() = fmt::format("host_port_{}", index);
  link(gpu(index), port, domain_.pcie_bandwidth, Seconds(0), Medium::internal);
  return port;
}

void DomainBuilder::add_nvswitches(std::int64_t count) {
  const BytesPerSecond share = domain_.scale_up_bandwidth / static_cast<double>(count);
  const std::vector<std::uint32_t> switches = add(VertexKind::nvswitch, count);
  for (const std::uint32_t vertex : switches) {
    graph_.vertices[vertex].merge = switches.front();
    for (std::int64_t i = 0; i < domain_.gpus; ++i) link(gpu(i), vertex, share, kNvSwitchLatency / 2.0, Medium::nvlink);
  }
}

void check_count(const char* key, std::int64_t value, std::int64_t least, std::vector<TopologyFault>& faults) {
  if (value < least) faults.push_back({key, fmt::format("{} is less than {}", value, least)});
}

void check_domain(const ScaleUpDomain& domain, bool nvlink, std::vector<TopologyFault>& faults) {
  const auto check_bandwidth = [&](const char* what, BytesPerSecond bandwidth) {
    if (bandwidth.value > 0.0) return;
    faults.push_back({"", fmt::format("{} of a GPU is {} GB/s; it must be more than 0", what, bandwidth.value * 1e-9)});
  };
  if (domain.gpus < 1) faults.push_back({"", fmt::format("there are {} GPUs; at least 1 is needed", domain.gpus)});
  if (domain.nics < 0) faults.push_back({"", fmt::format("there are {} network cards", domain.nics)});
  check_bandwidth("PCIe bandwidth", domain.pcie_bandwidth);
  if (nvlink) check_bandwidth("scale-up bandwidth", domain.scale_up_bandwidth);
}

}  // namespace tokenworks::topology
