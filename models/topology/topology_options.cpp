#include <fmt/format.h>

#include <set>
#include <stdexcept>

#include "models/topology/topology_option.hpp"

namespace tokenworks::topology {

std::unique_ptr<TopologyOption> make_rail_optimized();
std::unique_ptr<TopologyOption> make_fat_tree();
std::unique_ptr<TopologyOption> make_dragonfly();
std::unique_ptr<TopologyOption> make_torus();
std::unique_ptr<TopologyOption> make_custom();

Options<TopologyOption> topology_options() {
  static constexpr Option<TopologyOption> kOptions[] = {
      {"rail_optimized", "Fat tree whose leaves each take one network card of every server of a scalable unit",
       make_rail_optimized},
      {"fat_tree", "Tree of equal switches; all network cards of a server on one leaf", make_fat_tree},
      {"dragonfly", "Groups of fully meshed routers, groups joined by direct links", make_dragonfly},
      {"torus", "Routers on a grid whose rows close to rings", make_torus},
      {"custom", "Switches and links one by one", make_custom},
  };
  return kOptions;
}

void require_none(const std::vector<TopologyFault>& faults) {
  if (faults.empty()) return;
  std::string text = "the topology cannot be built:";
  for (const TopologyFault& fault : faults) {
    text += fmt::format("\n  {}{}{}", fault.place, fault.place.empty() ? "" : ": ", fault.message);
  }
  throw std::invalid_argument(text);
}

void check_endpoints(const Endpoints& endpoints, std::vector<TopologyFault>& faults) {
  const auto require = [&](bool holds, const std::string& message) {
    if (!holds) faults.push_back({"", message});
  };
  const auto positive = [](BytesPerSecond bandwidth) { return bandwidth.value > 0.0 && bandwidth.value < 1e18; };
  require(endpoints.nodes >= 1, fmt::format("there are {} nodes to join; at least 1 is needed", endpoints.nodes));
  require(endpoints.nodes <= 10'000'000,
          fmt::format("{} nodes are more than a graph here can hold (10,000,000)", endpoints.nodes));
  require(endpoints.nics_per_node >= 1 && endpoints.nics_per_node <= 1024,
          fmt::format("a node has {} network cards; 1 to 1,024 can be joined", endpoints.nics_per_node));
  require(positive(endpoints.nic_bandwidth),
          fmt::format("a network card has {} GB/s; it must be more than 0", endpoints.nic_bandwidth.value * 1e-9));
  require(endpoints.storage_ports >= 0 && endpoints.storage_ports <= 10'000'000,
          fmt::format("there are {} storage ports; 0 to 10,000,000 can be joined", endpoints.storage_ports));
  require(
      endpoints.storage_ports <= 0 || positive(endpoints.storage_port_bandwidth),
      fmt::format("a storage port has {} GB/s; it must be more than 0", endpoints.storage_port_bandwidth.value * 1e-9));
  require(!endpoints.front_end || positive(endpoints.front_end_bandwidth),
          fmt::format("the front end has {} GB/s; it must be more than 0", endpoints.front_end_bandwidth.value * 1e-9));
  const std::size_t names = endpoints.node_names.size();
  require(names == 0 || names == static_cast<std::size_t>(endpoints.nodes),
          fmt::format("{} nodes have {} names", endpoints.nodes, names));
  require(std::set<std::string>(endpoints.node_names.begin(), endpoints.node_names.end()).size() == names,
          "two nodes have one name");
}

}  // namespace tokenworks::topology
