#include "models/network/fabric_collective.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace tokenworks::network {
namespace {

constexpr double kNicShare = 0.92;  // 46 of 50 GB/s, NVIDIA/nccl-tests issue 290 (S)
constexpr CollectiveTime kNever{std::numeric_limits<double>::infinity(), 0.0, 0.0};

double count(std::int64_t number) { return static_cast<double>(number); }

DomainForm inside_of(const FabricShape& shape) { return {shape.constants, shape.domain_gpus, shape.link}; }

double nic_seconds(const FabricShape& shape, double bytes) { return bytes / (kNicShare * shape.nic.value); }

/// Levels of a binary tree over domains.
double levels(std::int64_t domains) {
  double count = 0.0;
  for (std::int64_t reached = 1; reached < domains; reached *= 2) count += 1.0;
  return count;
}

/// Chunks stream through links inside and NICs at the same time; `sent`: bytes over one NIC.
CollectiveTime pipelined(const FabricShape& shape, double latency, double inside, double sent) {
  const double across = nic_seconds(shape, sent);
  return {latency + std::max(inside, across), across, sent};
}

CollectiveTime fastest(std::initializer_list<CollectiveTime> times) {
  return *std::min_element(times.begin(), times.end(),
                           [](const auto& a, const auto& b) { return a.seconds < b.seconds; });
}

/// A ring of all GPUs that enters and leaves each domain once, one ring a rail.
CollectiveTime ring(const FabricShape& shape, double steps, double bytes, const Protocol& protocol) {
  const double n = count(shape.gpus), g = count(shape.domain_gpus);
  const double crossing = count(shape.domains()) / n;
  const double step = (1.0 - crossing) * shape.constants.step_scale * protocol.ring_link_s +
                      crossing * (protocol.ring_network_s + shape.hop_latency.value);
  const double moved = steps / n * bytes;
  const double inside = g > 1 ? moved / inside_of(shape).rate(protocol, shape.domains()) : 0.0;
  return pipelined(shape, shape.constants.start_scale * protocol.ring_base_s + steps * step, inside,
                   moved / g * protocol.wire_bytes);
}

CollectiveTime fastest_ring(const FabricShape& shape, double steps, double bytes) {
  return fastest(
      {ring(shape, steps, bytes, kLL), ring(shape, steps, bytes, kLL128), ring(shape, steps, bytes, kSimple)});
}

/// Two binary trees over the domains, a chain inside each.
CollectiveTime tree(const FabricShape& shape, double bytes, const Protocol& protocol) {
  const double g = count(shape.domain_gpus);
  const double one_way = (g - 1.0) * shape.constants.step_scale * protocol.tree_link_s +
                         levels(shape.domains()) * (protocol.tree_network_s + shape.hop_latency.value);
  const double inside = g > 1 ? 2.0 * bytes / inside_of(shape).rate(protocol, shape.domains()) : 0.0;
  return pipelined(shape, shape.constants.start_scale * protocol.tree_base_s + 2.0 * one_way, inside,
                   2.0 * bytes / g * protocol.wire_bytes);
}

/// GPUs of the same index in every domain: one rail.
FabricShape rail_of(const FabricShape& shape) {
  FabricShape rail = shape;
  rail.gpus = shape.domains();
  rail.domain_gpus = 1;
  return rail;
}

/// Doubling distances: few steps for few bytes.
CollectiveTime doubling(const FabricShape& rail, double bytes) {
  const double m = count(rail.gpus);
  const double latency = kPatBase + levels(rail.gpus) * (kPatNetworkLatency + rail.hop_latency.value);
  return pipelined(rail, latency, 0.0, (m - 1.0) / m * bytes);
}

}  // namespace

CollectiveTime ring_all_reduce(const FabricShape& shape, double bytes) {
  return fastest_ring(shape, 2.0 * (count(shape.gpus) - 1.0), bytes);
}

CollectiveTime tree_all_reduce(const FabricShape& shape, double bytes) {
  return fastest({tree(shape, bytes, kLL), tree(shape, bytes, kLL128), tree(shape, bytes, kSimple)});
}

CollectiveTime nvls_tree_all_reduce(const FabricShape& shape, double bytes) {
  const DomainForm inside = inside_of(shape);
  if (!inside.has_nvls()) return kNever;
  const double g = count(shape.domain_gpus);
  const double latency = shape.constants.nvls_scale * kNvlsLinkLatency +
                         2.0 * levels(shape.domains()) * (kNvlsTreeNetworkLatency + shape.hop_latency.value);
  return pipelined(shape, latency, (1.0 + 1.0 / g) * bytes / inside.nvls_rate(), 2.0 * bytes / g);
}

CollectiveTime switch_all_reduce(const FabricShape& shape, double bytes) {
  if (!shape.in_network_reduction) return kNever;
  const DomainForm inside = inside_of(shape);
  const double g = count(shape.domain_gpus), sent = bytes / g;
  const double direct_latency = 2.0 * kCollNetLinkLatency + kCollNetNetworkLatency + shape.hop_latency.value;
  const double direct_inside = g > 1 ? 2.0 * (g - 1.0) / g * bytes / inside.rate(kSimple, 2) : 0.0;
  const CollectiveTime direct = pipelined(shape, direct_latency, direct_inside, sent);
  if (!inside.has_nvls()) return direct;
  const double latency = shape.constants.nvls_scale * kNvlsLinkLatency + kNvlsNetworkLatency + shape.hop_latency.value;
  return fastest({direct, pipelined(shape, latency, (1.0 + 1.0 / g) * bytes / inside.nvls_rate(), sent)});
}

CollectiveTime hierarchical_all_reduce(const FabricShape& shape, const Collectives& inside, double bytes) {
  const FabricShape rail = rail_of(shape);
  const double shard = bytes / count(shape.domain_gpus);
  CollectiveTime time = fastest({ring_all_reduce(rail, shard), tree_all_reduce(rail, shard)});
  time.seconds += inside.reduce_scatter_s(bytes) + inside.all_gather_s(bytes);
  return time;
}

CollectiveTime ring_spread(const FabricShape& shape, double bytes) {
  return fastest_ring(shape, count(shape.gpus) - 1.0, bytes);
}

CollectiveTime rail_spread(const FabricShape& shape, double inside_s, double bytes) {
  const FabricShape rail = rail_of(shape);
  const double shard = bytes / count(shape.domain_gpus);
  CollectiveTime time = fastest({fastest_ring(rail, count(rail.gpus) - 1.0, shard), doubling(rail, shard)});
  time.seconds += inside_s;
  return time;
}

CollectiveTime fabric_all_to_all(const FabricShape& shape, double inside_s, double bytes) {
  const double n = count(shape.gpus), g = count(shape.domain_gpus);
  const double sent = (n - g) / n * bytes;
  const double posts = (count(shape.domains()) - 1.0) * kPostOverhead;  // messages to one domain go together (E)
  const auto across = [&](const Protocol& protocol) {
    const double start =
        shape.constants.start_scale * protocol.ring_base_s + protocol.ring_network_s + shape.hop_latency.value + posts;
    const double on_nic = nic_seconds(shape, sent * protocol.wire_bytes);
    return CollectiveTime{std::max(inside_s, start + on_nic), on_nic, sent * protocol.wire_bytes};
  };
  return fastest({across(kLL), across(kLL128), across(kSimple)});
}

std::int64_t gpus_in_a_domain(std::int64_t gpus, std::int64_t domain_gpus) {
  if (gpus <= 1 || domain_gpus % gpus == 0) return gpus;
  return std::gcd(gpus, domain_gpus);
}

CollectiveTime fabric_send(const FabricLinks& links, double bytes) {
  check(links);
  FabricShape pair;
  pair.nic = links.gpu_bandwidth();
  const auto send = [&](const Protocol& protocol) {
    const double latency = kPostOverhead + protocol.ring_network_s + links.hop_latency.value;
    return pipelined(pair, latency, 0.0, bytes * protocol.wire_bytes);
  };
  return fastest({send(kLL), send(kLL128), send(kSimple)});
}

FabricCollectives::FabricCollectives(const compute::GpuRatings& gpu,
                                     const std::vector<const compute::KernelSpec*>& entries,
                                     const std::vector<std::string>& libraries, std::int64_t gpus,
                                     const FabricLinks* links, ValidityNotes& notes)
    : shape_{.gpus = gpus,
             .domain_gpus = links && gpus > links->domain_gpus ? gpus_in_a_domain(gpus, links->domain_gpus) : gpus,
             .constants = generation_of(gpu),
             .link = gpu.scale_up_bandwidth},
      inside_(gpu, entries, libraries, shape_.domain_gpus, notes) {
  if (links == nullptr) return;
  check(*links);
  shape_.nic = links->gpu_bandwidth();
  shape_.hop_latency = links->hop_latency;
  shape_.in_network_reduction = links->in_network_reduction;
}

CollectiveTime FabricCollectives::all_reduce(double bytes) const {
  if (!spans_domains() || bytes <= 0.0) return {inside_.all_reduce_s(bytes)};
  return fastest({ring_all_reduce(shape_, bytes), tree_all_reduce(shape_, bytes), nvls_tree_all_reduce(shape_, bytes),
                  switch_all_reduce(shape_, bytes), hierarchical_all_reduce(shape_, inside_, bytes)});
}

CollectiveTime FabricCollectives::all_gather(double bytes) const {
  if (!spans_domains() || bytes <= 0.0) return {inside_.all_gather_s(bytes)};
  return fastest({ring_spread(shape_, bytes), rail_spread(shape_, inside_.all_gather_s(bytes), bytes)});
}

CollectiveTime FabricCollectives::reduce_scatter(double bytes) const {
  if (!spans_domains() || bytes <= 0.0) return {inside_.reduce_scatter_s(bytes)};
  return fastest({ring_spread(shape_, bytes), rail_spread(shape_, inside_.reduce_scatter_s(bytes), bytes)});
}

CollectiveTime FabricCollectives::all_to_all(double bytes) const {
  if (!spans_domains() || bytes <= 0.0) return {inside_.all_to_all_s(bytes)};
  const double inside_share = static_cast<double>(shape_.domain_gpus) / static_cast<double>(shape_.gpus);
  return fabric_all_to_all(shape_, inside_.all_to_all_s(inside_share * bytes), bytes);
}

}  // namespace tokenworks::network
