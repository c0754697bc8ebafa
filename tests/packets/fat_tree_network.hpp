// A fat tree of ns-3 nodes. The address says the way: every node has one address for each spine, and every switch sends
// packets for an address of a spine over that spine.
#pragma once

#include <ns3/ipv4-address.h>
#include <ns3/net-device-container.h>
#include <ns3/node-container.h>

#include <cstdint>

#include "tests/packets/cases.hpp"

namespace tokenworks::testing {

// More than any case needs: a lossless fabric.
constexpr const char* kPlacesInQueues = "1000000p";

class FatTreeNetwork {
 public:
  explicit FatTreeNetwork(const FatTree& tree);

  ns3::Ptr<ns3::Node> node(int index) const { return nodes_.Get(index); }
  // The node's only port.
  ns3::Ptr<ns3::NetDevice> port(int node) const { return node_ports_.Get(node); }
  // The ports of the switches. They hold one packet; their queue is for the transport to install.
  const ns3::NetDeviceContainer& switch_ports() const { return switch_ports_; }
  ns3::Ipv4Address address(int node, int spine) const;

 private:
  void connect_nodes();
  void connect_switches();
  // Switches need an address on each port to send from it, though no one talks to them.
  ns3::Ipv4Address next_switch_address();

  FatTree tree_;
  ns3::NodeContainer nodes_, leaves_, spines_;
  ns3::NetDeviceContainer node_ports_, switch_ports_;
  std::uint32_t switch_addresses_ = 0;
};

}  // namespace tokenworks::testing
