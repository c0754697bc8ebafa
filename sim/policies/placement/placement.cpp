#include "sim/policies/placement/placement.hpp"

#include <algorithm>
#include <numeric>

namespace tokenworks::placement {
namespace {

/// A scale-up domain with what is still free in it. Small domains share a node, large ones span several.
struct Domain {
  const std::string* group;
  std::int64_t first_node;
  std::int64_t first_gpu_of_node;  // of a domain that is part of a node
  std::int64_t gpus_per_node;
  std::int64_t size;
  std::int64_t used = 0;
};

std::vector<Domain> domains_of(const std::vector<RackGroup>& groups) {
  std::vector<Domain> domains;
  std::int64_t node = 0;
  for (const RackGroup& group : groups) {
    const std::int64_t nodes_per_domain = std::max<std::int64_t>(1, group.domain_gpus / group.gpus_per_node);
    const std::int64_t domain_gpus = std::min(group.domain_gpus, nodes_per_domain * group.gpus_per_node);
    for (std::int64_t rack = 0; rack < group.racks; ++rack) {
      for (std::int64_t n = 0; n < group.nodes_per_rack; n += nodes_per_domain) {
        const std::int64_t nodes = std::min(nodes_per_domain, group.nodes_per_rack - n);
        const std::int64_t gpus = nodes * group.gpus_per_node;
        for (std::int64_t first = 0; first < gpus; first += domain_gpus) {
          domains.push_back({&group.name, node + n, first, group.gpus_per_node, std::min(domain_gpus, gpus - first)});
        }
      }
      node += group.nodes_per_rack;
    }
  }
  return domains;
}

std::vector<Slice> take(Domain& domain, std::int64_t gpus) {
  std::vector<Slice> slices;
  while (gpus > 0) {
    const std::int64_t offset = domain.first_gpu_of_node + domain.used;
    const std::int64_t here = std::min(gpus, domain.gpus_per_node - offset % domain.gpus_per_node);
    slices.push_back({domain.first_node + offset / domain.gpus_per_node, here, offset % domain.gpus_per_node});
    domain.used += here;
    gpus -= here;
  }
  return slices;
}

/// How many domains from `first` on a replica takes; 0: it does not fit there.
std::size_t domains_for(const std::vector<Domain>& domains, std::size_t first, const Demand& demand) {
  const Domain& domain = domains[first];
  const bool allowed =
      demand.racks.empty() || std::find(demand.racks.begin(), demand.racks.end(), *domain.group) != demand.racks.end();
  if (!allowed) return 0;
  if (domain.size - domain.used >= demand.gpus_per_replica) return 1;
  if (!demand.may_span || demand.gpus_per_replica % domain.size != 0) return 0;
  const auto count = static_cast<std::size_t>(demand.gpus_per_replica / domain.size);
  if (count < 2) return 0;
  for (std::size_t i = first; i < first + count; ++i) {
    if (i == domains.size() || domains[i].group != domain.group || domains[i].size != domain.size) return 0;
    if (domains[i].used > 0) return 0;
  }
  return count;
}

template <class T, class Name>
std::vector<std::size_t> sorted_by_name(const std::vector<T>& list, Name name) {
  std::vector<std::size_t> order(list.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return list[a].*name < list[b].*name; });
  return order;
}

}  // namespace

bool Placement::complete() const {
  return std::all_of(missing.begin(), missing.end(), [](std::int64_t count) { return count == 0; });
}

Placement place(const std::vector<RackGroup>& groups, const std::vector<Demand>& demands) {
  std::vector<RackGroup> sorted;
  for (const std::size_t g : sorted_by_name(groups, &RackGroup::name)) sorted.push_back(groups[g]);
  std::vector<Domain> domains = domains_of(sorted);

  Placement result;
  result.slices.resize(demands.size());
  result.missing.resize(demands.size(), 0);
  for (const std::size_t d : sorted_by_name(demands, &Demand::service)) {
    const Demand& demand = demands[d];
    std::size_t next = 0;  // replicas of one demand are alike: a domain that was too full stays too full
    for (std::int64_t replica = 0; replica < demand.replicas; ++replica) {
      std::size_t needed = 0;
      while (next < domains.size() && (needed = domains_for(domains, next, demand)) == 0) ++next;
      if (next == domains.size()) {
        result.missing[d] = demand.replicas - replica;
        break;
      }
      std::vector<Slice>& slices = result.slices[d].emplace_back();
      std::int64_t left = demand.gpus_per_replica;
      for (std::size_t i = next; i < next + needed; ++i) {
        const std::int64_t here = std::min(left, domains[i].size);
        for (const Slice& slice : take(domains[i], here)) slices.push_back(slice);
        left -= here;
      }
    }
  }
  return result;
}

}  // namespace tokenworks::placement
