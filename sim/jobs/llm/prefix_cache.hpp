// What a replica keeps of the prompts and answers that it has computed: keys and values of leading tokens, in GPU
// memory and in tiers below it. A compressed radix tree over runs of content ids: a node is a run of consecutive ids,
// so that an operation costs the runs that it touches, however many blocks they hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "models/workload/content.hpp"

namespace tokenworks::jobs {

/// Inference engines keep whole KV blocks of `block_tokens` tokens, and so does the tree: the number of tokens that is
/// found, pinned or evicted is always a multiple of it. A block's identity is all tokens up to its end, so it belongs
/// to the content unit that holds its last token. A partial last unit equals another only if the id and the length
/// agree; of a unit, whole or not, its leading blocks alone may be there. Content of different spaces, or in units of
/// different size, shares nothing.
///
/// Content is used when its pin is released: then all of its path becomes the newest, its end being older than its
/// start. There are no dates: last uses are ordered as the calls of release() are, so callers call in order of time.
/// What is older leaves first, block by block from the tail of a path. A block lies in one tier only, and along a path
/// tiers never get faster: it leaves a tier after all that follow it.
class PrefixCache {
  using NodeId = std::int32_t;
  static constexpr NodeId kNone = -1;

 public:
  static constexpr int kMostTiers = 3;  ///< 0: GPU memory; below it: host memory, drives
  /// Blocks or tokens of each tier.
  using ByTier = std::array<std::int64_t, kMostTiers>;

  struct Setup {
    std::int64_t block_tokens = 16;
    /// Room of the tiers below GPU memory, fastest first. Empty: what leaves GPU memory is gone. A tier without room is
    /// passed over.
    std::vector<std::int64_t> tier_blocks;
  };

  /// Leading tokens that cannot leave GPU memory until they are released. A pin from before clear() counts as empty.
  class Pin {
   public:
    std::int64_t tokens() const { return tokens_; }

   private:
    friend class PrefixCache;
    std::int64_t tokens_ = 0;
    NodeId node_ = kNone;  ///< ends at tokens_
    std::uint32_t epoch_ = 0;
  };

  struct Match {
    ByTier tokens{};                   ///< leading tokens that lie in tier 0 .. t, cumulative
    std::int64_t unpinned_blocks = 0;  ///< of those in GPU memory, that nobody has pinned
  };
  struct Extended {
    std::int64_t inserted = 0;  ///< blocks that became the tree's, of those that the request has computed
    std::int64_t present = 0;   ///< blocks that were in GPU memory already: the request's own are duplicates
  };
  struct Evicted {
    std::int64_t freed = 0;  ///< blocks of GPU memory
    ByTier entered{};        ///< blocks written to each lower tier; [0] stays 0
  };
  enum class Lost { gpu_memory, everything };

  /// Throws std::invalid_argument for a block without tokens, too many tiers, or negative room.
  explicit PrefixCache(Setup setup);

  /// How far the content is there, up to `most_tokens`. Changes nothing, last uses included.
  Match match(const workload::Content& content, std::int64_t most_tokens) const;

  /// Pins the first `tokens` tokens, as far as they are in GPU memory.
  Pin pin(const workload::Content& content, std::int64_t tokens);

  /// The request has computed the content's first `tokens` tokens: whole blocks of what the tree has not in GPU memory
  /// become the tree's, and all is pinned. (pin, tokens] = inserted + present, as far as the content names tokens. A
  /// copy in a lower tier is given up for the new one. The content must begin with what is pinned.
  Extended extend(Pin& pin, const workload::Content& content, std::int64_t tokens);

  /// Brings what follows the pin, up to `tokens`, to GPU memory and pins it; the blocks by the tier that they came
  /// from. Making room is the caller's business, beforehand. That may push out what was to be fetched: then the pin
  /// ends earlier. The content must begin with what is pinned.
  ByTier fetch(Pin& pin, const workload::Content& content, std::int64_t tokens);

  /// Empties the pin; its path is now the newest.
  void release(Pin& pin);

  /// Moves `blocks` blocks, or all that are not pinned if those are fewer, from GPU memory to the next tier, which
  /// makes room in the same way. What leaves the last tier is gone.
  Evicted evict(std::int64_t blocks);

  /// The replica has lost memory. Without GPU memory the content of lower tiers remains where its beginning lies there
  /// too. All pins become empty.
  void clear(Lost lost);

  std::int64_t block_tokens() const { return block_tokens_; }
  std::int64_t gpu_blocks() const { return blocks_[0]; }         ///< in the tree, pinned ones included
  std::int64_t pinned_blocks() const { return pinned_blocks_; }  ///< gpu_blocks() - pinned_blocks() can be evicted
  std::int64_t tier_blocks(int tier) const { return blocks_[static_cast<std::size_t>(tier)]; }
  /// Nodes of the tree, with a root for each space that has content: what memory grows with.
  std::int64_t nodes() const { return static_cast<std::int64_t>(nodes_.size() - free_.size()); }

 private:
  /// A path's tokens (start, end]. Unit u of the path (from 0) has the id base + u. A root, of which there is one for
  /// each space and size of units that content is there of, has them as base and tail.
  struct Node {
    std::int64_t base = 0;
    std::int64_t tail = 0;  ///< length of the partial last unit that this is (the beginning of); 0: whole units
    std::int64_t start = 0, end = 0;
    NodeId parent = kNone;  ///< kNone: a root, or free
    NodeId older = kNone, newer = kNone;
    std::int32_t children = 0;
    std::int32_t pins = 0;  ///< that end here or below; a node of a list has none
    std::int32_t tier = 0;
  };
  struct Key {
    NodeId parent;
    std::int64_t base;
    std::int64_t tail;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  /// Nodes of a tier without pins, by last use and, within one use, from the path's end to its start. A path is used
  /// from its start on, so a node follows its children, and the oldest has none in its tier. What leaves a tier is
  /// older than all that stays or comes later, so it becomes the newest of the tier below.
  struct List {
    NodeId oldest = kNone, newest = kNone;
  };
  class Segments;

  Node& at(NodeId id) { return nodes_[static_cast<std::size_t>(id)]; }
  const Node& at(NodeId id) const { return nodes_[static_cast<std::size_t>(id)]; }
  static Key key_of(const Node& node) { return {node.parent, node.base, node.tail}; }
  std::int64_t whole_blocks(std::int64_t tokens) const { return tokens / block_tokens_ * block_tokens_; }
  std::int64_t blocks_of(const Node& node) const { return node.end / block_tokens_ - node.start / block_tokens_; }
  std::int64_t known_tokens(const workload::Content& content, std::int64_t tokens) const;
  NodeId root_of(const workload::Content& content) const;
  NodeId child_of(NodeId parent, const Segments& segment) const;
  void forget_old(Pin& pin) const;
  NodeId add(const Node& node);
  void remove_leaf(NodeId id);
  NodeId split(NodeId id, std::int64_t end);
  bool merge_with_parent(NodeId id);
  void append(NodeId id);
  void unlink(NodeId id);
  int tier_below(int tier) const;
  void demote(NodeId id, int tier, Evicted& evicted);
  std::int64_t shed(int tier, std::int64_t blocks, Evicted& evicted);
  void descend(Pin& pin, const workload::Content& content, std::int64_t target, ByTier& found, std::int64_t& created);

  std::int64_t block_tokens_;
  int tiers_;
  ByTier room_{};
  ByTier blocks_{};
  std::int64_t pinned_blocks_ = 0;
  std::uint32_t epoch_ = 0;
  std::vector<Node> nodes_;
  std::vector<NodeId> free_;
  std::unordered_map<Key, NodeId, KeyHash> children_;
  std::array<List, kMostTiers> lists_;
};

}  // namespace tokenworks::jobs
