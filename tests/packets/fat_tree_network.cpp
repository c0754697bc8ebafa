#include "tests/packets/fat_tree_network.hpp"

#include <ns3/data-rate.h>
#include <ns3/internet-stack-helper.h>
#include <ns3/ipv4-static-routing-helper.h>
#include <ns3/ipv4-static-routing.h>
#include <ns3/ipv4.h>
#include <ns3/nstime.h>
#include <ns3/point-to-point-helper.h>
#include <ns3/point-to-point-net-device.h>
#include <ns3/queue.h>
#include <ns3/string.h>
#include <ns3/uinteger.h>

#include <stdexcept>

namespace tokenworks::testing {
namespace {

const ns3::Ipv4Mask kHost("255.255.255.252"), kLeaf("255.255.255.0"), kSpine("255.255.0.0");

// 10.spine.leaf.place: four addresses for each place, so that the second is neither network nor broadcast.
ns3::Ipv4Address address_of(int spine, int leaf, int place) {
  return ns3::Ipv4Address((10U << 24) | (spine << 16) | (leaf << 8) | (4 * place + 1));
}

ns3::Ptr<ns3::Ipv4StaticRouting> routes_of(const ns3::Ptr<ns3::Node>& node) {
  return ns3::Ipv4StaticRoutingHelper().GetStaticRouting(node->GetObject<ns3::Ipv4>());
}

// Brings a port up and gives it an address. Returns its index.
std::uint32_t bring_up(const ns3::Ptr<ns3::NetDevice>& port, ns3::Ipv4Address address) {
  auto ipv4 = port->GetNode()->GetObject<ns3::Ipv4>();
  const std::uint32_t interface = ipv4->AddInterface(port);
  ipv4->AddAddress(interface, ns3::Ipv4InterfaceAddress(address, kHost));
  ipv4->SetUp(interface);
  return interface;
}

ns3::NetDeviceContainer connect(const FatTree& tree, const ns3::Ptr<ns3::Node>& below,
                                const ns3::Ptr<ns3::Node>& above) {
  ns3::PointToPointHelper link;
  link.SetDeviceAttribute("DataRate",
                          ns3::DataRateValue(ns3::DataRate(static_cast<std::uint64_t>(tree.link_bits_per_s))));
  link.SetDeviceAttribute("Mtu", ns3::UintegerValue(9000));
  link.SetChannelAttribute("Delay", ns3::TimeValue(ns3::Seconds(tree.link_delay_s)));
  link.SetQueue("ns3::DropTailQueue<Packet>", "MaxSize", ns3::StringValue(kPlacesInQueues));
  return link.Install(below, above);
}

}  // namespace

FatTreeNetwork::FatTreeNetwork(const FatTree& tree) : tree_(tree) {
  if (tree.nodes_a_leaf > 63 || tree.leaves > 255 || tree.spines > 255) {
    throw std::invalid_argument("a fat tree of at most 255 leaves and spines and 63 nodes a leaf");
  }
  nodes_.Create(tree.nodes());
  leaves_.Create(tree.leaves);
  spines_.Create(tree.spines);
  ns3::InternetStackHelper stack;
  stack.SetIpv6StackInstall(false);
  stack.SetRoutingHelper(ns3::Ipv4StaticRoutingHelper());
  for (const ns3::NodeContainer& group : {nodes_, leaves_, spines_}) stack.Install(group);
  connect_nodes();
  connect_switches();
  for (auto port = switch_ports_.Begin(); port != switch_ports_.End(); ++port) {
    ns3::DynamicCast<ns3::PointToPointNetDevice>(*port)->GetQueue()->SetMaxSize(ns3::QueueSize("1p"));
  }
}

ns3::Ipv4Address FatTreeNetwork::next_switch_address() {
  return ns3::Ipv4Address((172U << 24) | (16U << 16) | (4 * switch_addresses_++ + 1));
}

ns3::Ipv4Address FatTreeNetwork::address(int node, int spine) const {
  return address_of(spine, tree_.leaf_of(node), node % tree_.nodes_a_leaf);
}

void FatTreeNetwork::connect_nodes() {
  for (int node = 0; node < tree_.nodes(); ++node) {
    const ns3::Ptr<ns3::Node> leaf = leaves_.Get(tree_.leaf_of(node));
    const ns3::NetDeviceContainer ends = connect(tree_, nodes_.Get(node), leaf);
    node_ports_.Add(ends.Get(0));
    switch_ports_.Add(ends.Get(1));
    const std::uint32_t up = bring_up(ends.Get(0), address(node, 0));
    for (int spine = 1; spine < tree_.spines; ++spine) {
      nodes_.Get(node)->GetObject<ns3::Ipv4>()->AddAddress(up, ns3::Ipv4InterfaceAddress(address(node, spine), kHost));
    }
    routes_of(nodes_.Get(node))->SetDefaultRoute(ns3::Ipv4Address::GetAny(), up);
    const std::uint32_t down = bring_up(ends.Get(1), next_switch_address());
    for (int spine = 0; spine < tree_.spines; ++spine) {
      routes_of(leaf)->AddNetworkRouteTo(address(node, spine).CombineMask(kHost), kHost, down);
    }
  }
}

void FatTreeNetwork::connect_switches() {
  for (int leaf = 0; leaf < tree_.leaves; ++leaf) {
    for (int spine = 0; spine < tree_.spines; ++spine) {
      const ns3::NetDeviceContainer ends = connect(tree_, leaves_.Get(leaf), spines_.Get(spine));
      switch_ports_.Add(ends);
      const std::uint32_t up = bring_up(ends.Get(0), next_switch_address());
      const std::uint32_t down = bring_up(ends.Get(1), next_switch_address());
      routes_of(leaves_.Get(leaf))->AddNetworkRouteTo(address_of(spine, 0, 0).CombineMask(kSpine), kSpine, up);
      routes_of(spines_.Get(spine))->AddNetworkRouteTo(address_of(spine, leaf, 0).CombineMask(kLeaf), kLeaf, down);
    }
  }
}

}  // namespace tokenworks::testing
