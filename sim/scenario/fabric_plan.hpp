// From a scenario's racks and fabric to what a topology is built for, and from the graph to what a report says of it.
#pragma once

#include <vector>

#include "models/topology/graph.hpp"
#include "models/topology/parts.hpp"
#include "models/topology/topology_option.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/scenario/catalog.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

struct FabricPlan {
  topology::Endpoints endpoints;
  topology::Parts parts;
  std::int64_t nics = 0;  ///< of all nodes
};

/// Rack groups count in the order of their names. Leaves have a port for every card that the best equipped node has; a
/// node with fewer or slower ones leaves some unused. Racks and parts that the catalog lacks are left out.
FabricPlan plan_fabric(const ScenarioSpec& spec, Catalog& catalog, FaultList& faults);

/// The graph that the fabric's topology makes of it: nodes bear their names, and the ports of the storage system count
/// as one under an ideal spread, as files are striped over its servers. Throws std::invalid_argument when the topology
/// has faults.
topology::Graph build_fabric(const FabricOption& fabric, const FabricPlan& plan);

/// What stands in one scale-up domain of a rack kind.
topology::ScaleUpDomain scale_up_domain(const compute::RackSpec& rack, const compute::GpuSpec& gpu);
/// What each GPU of the domain can send to all others at once, at most its rated bandwidth.
BytesPerSecond scale_up_bandwidth(const topology::ScaleUpOption& option, const compute::RackSpec& rack,
                                  const compute::GpuSpec& gpu);
/// The same for the report, with bisection and weak points; kind and racks are left to the caller.
metrics::ScaleUpResult describe_scale_up(const topology::ScaleUpOption& option, const compute::RackSpec& rack,
                                         const compute::GpuSpec& gpu);

/// Counts, bandwidths and weak points of a fabric as it was built; kind and behaviour are left to the caller.
metrics::FabricResult describe_fabric(const topology::Graph& graph, const std::vector<topology::PartCount>& bill);

}  // namespace tokenworks::scenario
