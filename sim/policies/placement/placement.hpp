// Which GPUs each replica stands on: a pure decision on what there is and what is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tokenworks::placement {

/// Nodes of one kind that stand together, in the order in which they are filled.
struct RackGroup {
  std::string name;
  std::int64_t racks = 0;
  std::int64_t nodes_per_rack = 1;
  std::int64_t gpus_per_node = 8;
  std::int64_t domain_gpus =
      8;  ///< GPUs of one scale-up domain: a whole number of nodes of one rack, or part of a node
};

struct Demand {
  std::string service;
  std::int64_t replicas = 1;
  std::int64_t gpus_per_replica = 1;
  std::vector<std::string> racks;  ///< names of groups; empty: all
  bool may_span = false;           ///< over several whole scale-up domains of a group, when one is too small
};

/// GPUs of one node that belong to a replica.
struct Slice {
  std::int64_t node = 0;  ///< counted through all groups in their order
  std::int64_t gpus = 0;
  std::int64_t first_gpu = 0;  ///< within the node
};

struct Placement {
  /// By demand, then by replica.
  std::vector<std::vector<std::vector<Slice>>> slices;
  /// By demand: replicas that found no scale-up domain with enough free GPUs.
  std::vector<std::int64_t> missing;
  bool complete() const;
};

/// Fills scale-up domains one after another, groups and demands in the order of their names. A replica lies in one
/// domain; one that may span and is larger takes whole, empty, neighbouring domains of one group. The result does not
/// depend on the order of `groups` and `demands` but for the numbering of its lists
/// (`slices` and `missing` follow `demands`; nodes count through `groups` sorted by name).
Placement place(const std::vector<RackGroup>& groups, const std::vector<Demand>& demands);

}  // namespace tokenworks::placement
