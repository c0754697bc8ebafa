// What a router remembers of the prompts that it has sent, and where to. An approximation of the replicas' caches: it
// never hears what they throw away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "models/workload/content.hpp"
#include "sim/policies/routing/recency_list.hpp"

namespace tokenworks::routing {

/// A radix tree: each edge is a run of units with consecutive ids, each path from the root a beginning of prompts. All
/// calls cost by the edges on a prompt's path and by `holders`, never by the number of replicas; how a prompt is cut
/// into runs does not matter.
class ContentIndex {
 public:
  /// Remembers up to `capacity_tokens` of content, and for each piece of it the last `holders` replicas it went to.
  ContentIndex(std::size_t replicas, std::int64_t capacity_tokens, std::size_t holders);

  struct Match {
    std::int64_t units = 0;
    std::span<const std::int32_t> replicas;  ///< the latest first; valid until the next call
  };
  /// The longest beginning of the first `units` of a content that some replica holds, and who holds it.
  Match longest(const workload::Content& content, std::int64_t units);
  /// What longest() was asked for last went to `replica`; the content must still be there. Beyond the capacity the
  /// units used least recently are forgotten, of one prompt the last ones first.
  void remember(std::int32_t replica);
  /// `replica` has lost all that it held. Costs nothing: what is kept of it turns invalid.
  void forget(std::int32_t replica) { ++lives_[static_cast<std::size_t>(replica)]; }

  std::int64_t tokens() const { return tokens_; }

 private:
  using NodeId = RecencyList::Slot;
  struct Holder {
    std::int32_t replica = 0;
    std::uint32_t life = 0;
  };
  /// An edge and the node at its end. Its units have one date of last use.
  struct Node {
    workload::ContentRun run;
    std::int64_t unit_tokens = 1;
    NodeId parent = 0;
    std::uint32_t children = 0;
    boost::container::small_vector<Holder, 2> holders;  // the latest first; mostly one
  };
  struct Edge {
    NodeId parent = 0;
    std::int64_t first = 0;
    bool operator==(const Edge&) const = default;
  };
  struct EdgeHash {
    std::size_t operator()(const Edge& edge) const;
  };
  struct Step {
    NodeId node = 0;
    std::int64_t units = 0;  // of the node's run that agree
  };
  /// A walk over the first units of a content.
  class Cursor {
   public:
    Cursor() = default;
    Cursor(const workload::Content& content, std::int64_t units);
    bool done() const { return left_ <= 0 || run_ == runs_.size(); }
    std::int64_t id() const { return runs_[run_].first + offset_; }
    /// Units from here on that have consecutive ids, up to `limit`; goes past them.
    std::int64_t take(std::int64_t limit);
    /// All units from here on that go on with consecutive ids; goes past them.
    workload::ContentRun take_run();

   private:
    void skip_finished();
    std::span<const workload::ContentRun> runs_;
    std::size_t run_ = 0;
    std::int64_t offset_ = 0;
    std::int64_t left_ = 0;
  };

  void walk();
  NodeId add_node(NodeId parent, workload::ContentRun run, std::int64_t unit_tokens);
  NodeId split(NodeId node, std::int64_t units);
  void drop_lost_holders(Node& node);
  void shrink_to_capacity();

  std::vector<std::uint32_t> lives_;  // by replica: how often it was forgotten
  std::int64_t capacity_tokens_;
  std::size_t max_holders_;
  std::int64_t tokens_ = 0;
  std::vector<Node> nodes_{Node{}};  // the first is the root
  std::vector<NodeId> free_;
  std::unordered_map<Edge, NodeId, EdgeHash> edges_;
  RecencyList recency_;  // nodes; a parent is always ahead of its children
  // Of the last longest(): what of the content is in the tree, and where the rest begins.
  std::vector<Step> path_;
  Cursor rest_;
  std::int64_t unit_tokens_ = 1;
  std::vector<std::int32_t> matched_;
};

}  // namespace tokenworks::routing
