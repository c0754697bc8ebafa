#include "models/topology/routers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tokenworks::topology {

void check_router_ports(const RouterLoad& load, const Endpoints& endpoints, const Cabling& cabling,
                        std::int64_t fabric_ports, const std::string& place, std::vector<TopologyFault>& faults) {
  const std::int64_t nodes = load.nodes_per_router * endpoints.nics_per_node;
  std::int64_t services = 0;
  if (endpoints.storage_ports > 0) {
    const std::int64_t most = (endpoints.storage_ports + load.routers - 1) / load.routers;
    services += most * cables_for(endpoints.storage_port_bandwidth, cabling.service_port_bandwidth);
  }
  if (endpoints.front_end) services += cables_for(endpoints.front_end_bandwidth, cabling.service_port_bandwidth);
  if (nodes + services + fabric_ports <= cabling.ports) return;
  faults.push_back({place, fmt::format("a router needs {} ports for {} servers of {} network cards, {} for storage and "
                                       "the front end and {} for other routers: {} of its {} ports",
                                       nodes, load.nodes_per_router, endpoints.nics_per_node, services, fabric_ports,
                                       nodes + services + fabric_ports, cabling.ports)});
}

std::vector<std::uint32_t> add_routers(GraphBuilder& builder, const RouterLoad& load, const Endpoints& endpoints,
                                       const Cabling& cabling) {
  std::vector<std::uint32_t> routers;
  for (std::int64_t i = 0; i < load.routers; ++i) {
    routers.push_back(builder.add_switch(VertexKind::router, static_cast<std::uint32_t>(i)));
  }
  std::size_t next = 0;
  for (std::int64_t node = 0; node < endpoints.nodes; ++node) {
    builder.attach(builder.endpoints()[next++], routers[load.router_of_node(node)], cabling.nic_link_bandwidth,
                   endpoints.nics_per_node);
  }
  const auto attach_service = [&](std::size_t router, BytesPerSecond bandwidth) {
    const std::int64_t cables = cables_for(bandwidth, cabling.service_port_bandwidth);
    builder.attach(builder.endpoints()[next++], routers[router], bandwidth / static_cast<double>(cables), cables);
  };
  for (std::int64_t port = 0; port < endpoints.storage_ports; ++port) {
    attach_service(load.router_of_storage(port, endpoints.storage_ports), endpoints.storage_port_bandwidth);
  }
  if (endpoints.front_end) attach_service(0, endpoints.front_end_bandwidth);
  return routers;
}

}  // namespace tokenworks::topology
