// Question   how many leaves, spines and cores join a number of leaves, and which cables run between them
// Equation   one tier: a single leaf. Two tiers, while the leaves are no more than a spine has ports: spines are the
//            fewest that take all uplinks and divide a leaf's uplinks evenly. Three tiers: pods of as many units as a
//            spine's lower half has ports; spine j of every pod goes to core group j; cores by the same rule
// Source     the rule is read off the component tables of the NVIDIA DGX SuperPOD reference architectures (H100:
//            RA-11333-001; B200, B300 and B300-XDR: docs.nvidia.com/dgx-superpod, 2025 to 2026)
// Valid for  one kind of switch; full bandwidth above the leaves; at most as many pods as a core has ports
// Checked by tests/models/topology/super_pod_test.cpp (all 17 rows)
#pragma once

#include <cstdint>
#include <vector>

#include "models/topology/graph_builder.hpp"

namespace tokenworks::topology {

/// What the leaves of one plane need above them. Leaves stand in units (scalable units) that stay in one pod.
struct ClosNeed {
  std::int64_t ports = 0;  ///< of each switch
  std::int64_t units = 0;
  std::int64_t leaves_per_unit = 0;
  std::int64_t leaves = 0;   ///< in all; the last unit may have fewer
  std::int64_t uplinks = 0;  ///< of each leaf
};

struct ClosPlan {
  std::int64_t tiers = 1;
  std::int64_t pods = 1;
  std::int64_t units_per_pod = 0;
  std::int64_t spines_per_pod = 0;
  std::int64_t leaf_spine_cables = 0;  ///< between a leaf and each spine of its pod
  std::int64_t cores_per_spine = 0;    ///< in the core group of a spine
  std::int64_t spine_core_cables = 0;
};

/// Faults go to `faults` with place "switch".
ClosPlan plan_clos(const ClosNeed& need, std::vector<TopologyFault>& faults);

/// A cable bundle from an endpoint down at a leaf.
struct LeafPort {
  std::uint32_t endpoint;
  BytesPerSecond bandwidth;
  std::int64_t cables;
};

/// The leaves of a unit, each with what hangs on it.
struct ClosUnit {
  std::vector<std::vector<LeafPort>> leaves;
};

/// What the planes of one fabric share: the first vertex of each merge id, and the next number of each kind of switch.
struct ClosMerge {
  std::vector<std::uint32_t> leaf_of_unit, spine_of_pod, core;
  std::uint32_t next_leaf = 0, next_spine = 0, next_core = 0;
};

/// Adds one plane to the graph. Spines of a pod share a merge id and so do all cores; leaves of a unit do where
/// `merge_leaves`. Planes that are given the same `merge` share theirs.
void add_clos(GraphBuilder& builder, const ClosPlan& plan, const std::vector<ClosUnit>& units, bool merge_leaves,
              ClosMerge& merge);

/// Spreads storage ports and the front end over leaves of `down` ports, in units of at most `leaves_per_unit`.
std::vector<ClosUnit> service_units(const GraphBuilder& builder, const Endpoints& endpoints, const Cabling& cabling,
                                    std::int64_t planes, std::int64_t down, std::int64_t leaves_per_unit);
/// How many leaves that takes.
std::int64_t service_leaves(const Endpoints& endpoints, const Cabling& cabling, std::int64_t planes, std::int64_t down);

/// Uplinks of a leaf whose `down` ports carry `bandwidth` each: their sum over `oversubscription`, in whole ports.
std::int64_t uplinks_for(std::int64_t down, BytesPerSecond bandwidth, BytesPerSecond port_bandwidth,
                         double oversubscription);
/// The most down ports that leave room for their uplinks on a switch.
std::int64_t most_down_ports(std::int64_t ports, BytesPerSecond bandwidth, BytesPerSecond port_bandwidth,
                             double oversubscription);

}  // namespace tokenworks::topology
