// What fabrics of routers (dragonfly, torus) share: which endpoints hang on which router, and whether its ports
// suffice.
#pragma once

#include <cstdint>
#include <vector>

#include "models/topology/graph_builder.hpp"

namespace tokenworks::topology {

/// Servers in blocks of `nodes_per_router` in their order; storage ports and the front end spread evenly over all.
struct RouterLoad {
  std::int64_t routers = 0;
  std::int64_t nodes_per_router = 0;

  std::size_t router_of_node(std::int64_t node) const { return static_cast<std::size_t>(node / nodes_per_router); }
  std::size_t router_of_storage(std::int64_t port, std::int64_t ports) const {
    return static_cast<std::size_t>(port * routers / ports);
  }
};

/// A fault at `place` when a router needs more ports than it has: `fabric_ports` to others, and what hangs on it.
void check_router_ports(const RouterLoad& load, const Endpoints& endpoints, const Cabling& cabling,
                        std::int64_t fabric_ports, const std::string& place, std::vector<TopologyFault>& faults);

/// Adds the routers, in their order, with what hangs on them.
std::vector<std::uint32_t> add_routers(GraphBuilder& builder, const RouterLoad& load, const Endpoints& endpoints,
                                       const Cabling& cabling);

}  // namespace tokenworks::topology
