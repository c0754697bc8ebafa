// The fat trees and messages that the fluid model and the packets of ns-3 are compared on. Both sides call the same
// generator, so that they agree on every message, its start and its way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/packets/fluid.hpp"

namespace tokenworks::testing {

// Two tiers: every leaf has one link to every spine. All links are full duplex and of one rate and delay, so that
// spines / nodes_a_leaf is the share of a leaf's traffic that its uplinks carry.
struct FatTree {
  int leaves = 4;
  int nodes_a_leaf = 4;
  int spines = 4;
  double link_bits_per_s = 10e9;
  double link_delay_s = 1e-6;

  int nodes() const { return leaves * nodes_a_leaf; }
  int leaf_of(int node) const { return node / nodes_a_leaf; }
};

struct Message {
  int from = 0;
  int to = 0;
  std::int64_t bytes = 0;
  double start_s = 0;
  int spine = 0;  // means nothing within a leaf
};

struct Case {
  std::string name;
  FatTree tree;
  std::vector<Message> messages;
  // Whether acknowledgements overtake data in the queues of the switches, as where they have a traffic class of their
  // own.
  bool acknowledgements_first = true;
};

// Large messages: what the fluid model is for, and is held to.
std::vector<Case> large_permutations();
std::vector<Case> large_all_to_alls();
// Where it is only said how far off it is: incast, acknowledgements in line, random sizes and starts, small messages.
std::vector<Case> reported_cases();

// Throws std::invalid_argument when there is none of that name.
Case case_named(const std::string& name);

// What a message of the packet side is cut into, and what a packet has on the wire besides its payload: PPP 2, IPv4 20,
// UDP 8, and 12 bytes of ours, which is what the base transport header of RDMA has.
constexpr int kPayloadBytes = 4096;
constexpr int kHeaderBytes = 42;

// Share of the wire that is payload: the fluid model knows no headers, its links are that much slower.
constexpr double kPayloadShare = static_cast<double>(kPayloadBytes) / (kPayloadBytes + kHeaderBytes);

// The case for the fluid model: directed links, in this order: node to leaf, leaf to node, leaf to spine, spine to
// leaf.
std::vector<double> link_capacities_bytes_per_s(const FatTree& tree);
std::vector<Flow> flows_of(const Case& the_case);

// What the fluid model leaves out of a message alone: the delay of its links, and a packet's time at each switch, which
// sends it on once it is there as a whole.
double path_latency_s(const FatTree& tree, const Message& message);

}  // namespace tokenworks::testing
