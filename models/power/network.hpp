// Question   is the power tree sound, and which parts darken which loads when they fail
// Equation   single points of failure: dominators of a load in the graph of what feeds what, from a source of all
//            sources; pairs: dominators that appear when a further node is taken out
// Source     T. Lengauer, R. Tarjan, TOPLAS 1 (1979); implementation: Boost.Graph lengauer_tarjan_dominator_tree
// Valid for  any graph without loops; batteries bridge, they are no source; a node with spare units does not fail whole
// Checked by tests/models/power/network_test.cpp against brute force
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/power/network_spec.hpp"

namespace tokenworks::power {

/// What does not add up, and where below the network's fields ("/feeds/3/from").
struct NetworkFault {
  std::string place, message;
};

/// All faults at once: names, loops, loads and equipment that nothing feeds, feeds out of loads or into sources, no
/// utility, paths said to be redundant that share a part, ratings below what is drawn at rest, fields that do not act.
std::vector<NetworkFault> network_faults(const NetworkSpec& spec);

/// Nodes by their place in the spec.
using NodeId = std::uint32_t;

/// A sound network.
class Network {
 public:
  struct Feed {
    NodeId node = 0;  ///< that gives (or draws, seen from the giver)
    double share = 1.0;
    std::int64_t priority = 0;
  };

  /// Throws std::invalid_argument with all faults when there are any.
  explicit Network(NetworkSpec spec);

  std::size_t size() const { return spec_.nodes.size(); }
  const NodeSpec& node(NodeId id) const { return spec_.nodes[id]; }
  NodeKind kind(NodeId id) const { return kinds_[id]; }
  const std::string& name(NodeId id) const { return spec_.nodes[id].name; }
  std::optional<NodeId> find(std::string_view name) const;
  /// What `id` draws from: lowest priority first, else in the order of the spec.
  std::span<const Feed> feeds_into(NodeId id) const { return into_[id]; }
  std::span<const Feed> feeds_out_of(NodeId id) const { return out_of_[id]; }
  /// Sources first: each node after all that it draws from.
  std::span<const NodeId> order() const { return order_; }
  std::span<const NodeId> sinks() const { return sinks_; }
  const NetworkSpec& spec() const { return spec_; }
  /// Units of a node without which it is out.
  std::int64_t units_needed(NodeId id) const;
  /// It is out when a single unit fails.
  bool fails_whole(NodeId id) const { return units_needed(id) == node(id).units; }

 private:
  NetworkSpec spec_;
  std::vector<NodeKind> kinds_;
  std::map<std::string, NodeId, std::less<>> ids_;
  std::vector<std::vector<Feed>> into_, out_of_;
  std::vector<NodeId> order_, sinks_;
};

/// Minimal sets of one and of two nodes that darken a sink when they fail.
struct WeakPoints {
  NodeId sink = 0;
  std::vector<NodeId> single;
  std::vector<std::pair<NodeId, NodeId>> pairs;  ///< the lower id first, sorted; at most kMostWeakPairs, those first
  bool has_all_pairs = true;                     ///< false: there are more, or none were looked for
};
inline constexpr std::size_t kMostWeakPairs = 256;
/// A dominator tree for each node besides loads: a tenth of a second for 700 of them, a few seconds for so many. In
/// larger networks no pairs are looked for.
inline constexpr std::size_t kMostNodesForPairs = 2000;

/// By sink.
std::vector<WeakPoints> weak_points(const Network& network);

}  // namespace tokenworks::power
