#include "sim/jobs/llm/prefix_cache.hpp"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <string>
#include <utility>

namespace tokenworks::jobs {

/// The content cut where a node could not go on: ids that are not consecutive, and the partial last unit.
class PrefixCache::Segments {
 public:
  explicit Segments(const workload::Content& content)
      : content_(content),
        whole_units_(content.tokens / content.unit_tokens),
        partial_(content.tokens % content.unit_tokens) {}

  /// Goes on to the segment that holds the token after `position`, which never falls. False behind the content.
  bool seek(std::int64_t position) {
    while (end <= position) {
      if (!next()) return false;
    }
    return true;
  }

  std::int64_t base = 0;
  std::int64_t tail = 0;  ///< as in Node
  std::int64_t end = 0;   ///< in tokens

 private:
  bool next() {
    if (cut_) {
      cut_ = false;
      tail = partial_;
      end = content_.tokens;
      return true;
    }
    while (run_ < content_.runs.size() && content_.runs[run_].units <= 0) ++run_;
    if (run_ == content_.runs.size() || end >= content_.tokens) return false;
    const std::int64_t first_unit = unit_;
    base = content_.runs[run_].first - first_unit;
    // Runs that go on where the one before ends count as one: nodes must not depend on how a content was written down.
    do {
      unit_ += content_.runs[run_].units;
      ++run_;
    } while (run_ < content_.runs.size() && content_.runs[run_].first - unit_ == base);
    if (first_unit < whole_units_) {
      end = std::min(unit_, whole_units_) * content_.unit_tokens;
      cut_ = unit_ > whole_units_ && partial_ > 0;
    } else {
      tail = partial_;
      end = content_.tokens;
    }
    return true;
  }

  const workload::Content& content_;
  std::int64_t whole_units_, partial_;
  std::size_t run_ = 0;    ///< the next one
  std::int64_t unit_ = 0;  ///< units before it
  bool cut_ = false;       ///< the present run goes on with the partial unit
};

std::size_t PrefixCache::KeyHash::operator()(const Key& key) const {
  std::uint64_t hash = static_cast<std::uint64_t>(key.base) * 0x9e3779b97f4a7c15ull;
  hash ^= (static_cast<std::uint64_t>(key.parent) << 20) ^ static_cast<std::uint64_t>(key.tail);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;  // SplitMix64 finish
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
  return static_cast<std::size_t>(hash ^ (hash >> 31));
}

PrefixCache::PrefixCache(Setup setup)
    : block_tokens_(setup.block_tokens), tiers_(1 + static_cast<int>(setup.tier_blocks.size())) {
  if (block_tokens_ < 1) {
    throw std::invalid_argument("prefix cache: blocks of " + std::to_string(block_tokens_) +
                                " tokens; at least 1 is needed");
  }
  if (setup.tier_blocks.size() >= static_cast<std::size_t>(kMostTiers)) {
    throw std::invalid_argument("prefix cache: " + std::to_string(setup.tier_blocks.size()) +
                                " tiers below GPU memory; at most " + std::to_string(kMostTiers - 1) + " are allowed");
  }
  for (std::size_t i = 0; i < setup.tier_blocks.size(); ++i) {
    if (setup.tier_blocks[i] < 0) {
      throw std::invalid_argument("prefix cache: room for " + std::to_string(setup.tier_blocks[i]) +
                                  " blocks in tier " + std::to_string(i + 1) + "; at least 0 is needed");
    }
    room_[i + 1] = setup.tier_blocks[i];
  }
}

/// Whole blocks of the first `tokens` tokens that have an id.
std::int64_t PrefixCache::known_tokens(const workload::Content& content, std::int64_t tokens) const {
  const std::int64_t most = std::min(tokens, content.tokens);
  std::int64_t units = 0;
  for (const workload::ContentRun& run : content.runs) units += std::max<std::int64_t>(run.units, 0);
  if (most <= 0 || units == 0) return 0;
  assert(content.unit_tokens >= 1);
  const std::int64_t wanted_units = (most - 1) / content.unit_tokens + 1;
  return whole_blocks(units >= wanted_units ? most : units * content.unit_tokens);
}

PrefixCache::NodeId PrefixCache::root_of(const workload::Content& content) const {
  const auto found = children_.find({kNone, content.space, content.unit_tokens});
  return found == children_.end() ? kNone : found->second;
}

PrefixCache::NodeId PrefixCache::child_of(NodeId parent, const Segments& segment) const {
  const auto found = children_.find({parent, segment.base, segment.tail});
  return found == children_.end() ? kNone : found->second;
}

void PrefixCache::forget_old(Pin& pin) const {
  if (pin.epoch_ == epoch_) return;
  pin = Pin();
  pin.epoch_ = epoch_;
}

PrefixCache::NodeId PrefixCache::add(const Node& node) {
  if (free_.empty()) {
    nodes_.push_back(node);
    return static_cast<NodeId>(nodes_.size() - 1);
  }
  const NodeId id = free_.back();
  free_.pop_back();
  at(id) = node;
  return id;
}

/// Removes a node that has neither children nor pins; then what now leads nowhere: its root, or what its parent has of
/// a block that is not whole.
void PrefixCache::remove_leaf(NodeId id) {
  for (;;) {
    Node& node = at(id);
    assert(node.children == 0 && node.pins == 0);
    children_.erase(key_of(node));
    free_.push_back(id);
    if (node.parent == kNone) return;
    unlink(id);
    id = std::exchange(node.parent, kNone);
    Node& parent = at(id);
    if (--parent.children > 0) return;
    if (parent.parent == kNone) continue;
    if (parent.end % block_tokens_ == 0) return;
    parent.end = whole_blocks(parent.end);
    if (parent.end > parent.start) return;
  }
}

/// Cuts a node in two; `id` stays its end, so that pins and children stay with it. Returns the beginning.
PrefixCache::NodeId PrefixCache::split(NodeId id, std::int64_t end) {
  const NodeId beginning = add(at(id));
  Node& upper = at(beginning);
  Node& lower = at(id);
  assert(lower.start < end && end < lower.end);
  upper.end = lower.start = end;
  upper.children = 1;
  children_[key_of(upper)] = beginning;
  lower.parent = beginning;
  children_.emplace(key_of(lower), id);
  if (upper.pins == 0) {
    upper.older = id;
    lower.newer = beginning;
    if (upper.newer == kNone) {
      lists_[static_cast<std::size_t>(upper.tier)].newest = beginning;
    } else {
      at(upper.newer).older = beginning;
    }
  }
  return beginning;
}

/// A node takes in its parent if that goes on nowhere else and nothing sets them apart; it keeps its end and its id.
/// Nodes without pins must be neighbours in a list.
bool PrefixCache::merge_with_parent(NodeId id) {
  Node& node = at(id);
  const NodeId parent_id = node.parent;
  Node& parent = at(parent_id);
  if (parent.parent == kNone || parent.children != 1 || parent.base != node.base || parent.tail != node.tail ||
      parent.pins != node.pins) {
    return false;
  }
  // With as many pins as the child, none ends at the parent. Without pins, both were appended in one go.
  assert(node.pins > 0 || node.newer == parent_id);
  assert(node.tier == parent.tier);
  if (parent.pins == 0) unlink(parent_id);
  children_.erase(key_of(node));
  children_[key_of(parent)] = id;
  node.start = parent.start;
  node.parent = std::exchange(parent.parent, kNone);
  free_.push_back(parent_id);
  return true;
}

void PrefixCache::append(NodeId id) {
  Node& node = at(id);
  List& list = lists_[static_cast<std::size_t>(node.tier)];
  node.older = list.newest;
  node.newer = kNone;
  (list.newest == kNone ? list.oldest : at(list.newest).newer) = id;
  list.newest = id;
}

void PrefixCache::unlink(NodeId id) {
  const Node& node = at(id);
  List& list = lists_[static_cast<std::size_t>(node.tier)];
  (node.older == kNone ? list.oldest : at(node.older).newer) = node.newer;
  (node.newer == kNone ? list.newest : at(node.newer).older) = node.older;
}

PrefixCache::Match PrefixCache::match(const workload::Content& content, std::int64_t most_tokens) const {
  Match match;
  const std::int64_t limit = known_tokens(content, most_tokens);
  NodeId node = limit > 0 ? root_of(content) : kNone;
  if (node == kNone) return match;
  Segments segments(content);
  std::int64_t position = 0;
  while (position < limit && segments.seek(position)) {
    node = child_of(node, segments);
    if (node == kNone) break;
    const Node& child = at(node);
    position = std::min({segments.end, child.end, limit});
    match.tokens[static_cast<std::size_t>(child.tier)] = position;
    if (child.tier == 0 && child.pins == 0) {
      match.unpinned_blocks += position / block_tokens_ - child.start / block_tokens_;
    }
    if (position < child.end) break;
  }
  for (std::size_t tier = 0; tier < match.tokens.size(); ++tier) {
    match.tokens[tier] = whole_blocks(match.tokens[tier]);
    if (tier > 0) match.tokens[tier] = std::max(match.tokens[tier], match.tokens[tier - 1]);
  }
  return match;
}

/// Pins the tokens up to `target`, whole blocks; makes what is not there, and brings to GPU memory what is below it.
void PrefixCache::descend(Pin& pin, const workload::Content& content, std::int64_t target, ByTier& found,
                          std::int64_t& created) {
  if (target <= pin.tokens_) return;
  NodeId node = pin.node_ != kNone ? pin.node_ : root_of(content);
  if (node == kNone) {
    node = add({.base = content.space, .tail = content.unit_tokens});
    children_.emplace(key_of(at(node)), node);
  }
  Segments segments(content);
  for (std::int64_t position = pin.tokens_; position < target && segments.seek(position);) {
    const std::int64_t stop = std::min(segments.end, target);
    NodeId child = child_of(node, segments);
    if (child == kNone) {
      child = add(
          {.base = segments.base, .tail = segments.tail, .start = position, .end = stop, .parent = node, .pins = 1});
      ++at(node).children;
      children_.emplace(key_of(at(child)), child);
      const std::int64_t blocks = blocks_of(at(child));
      created += blocks;
      blocks_[0] += blocks;
      pinned_blocks_ += blocks;
      merge_with_parent(child);
    } else {
      if (stop < at(child).end) child = split(child, stop);
      Node& next = at(child);
      const std::int64_t blocks = blocks_of(next);
      found[static_cast<std::size_t>(next.tier)] += blocks;
      if (next.pins == 0) {
        unlink(child);
        blocks_[static_cast<std::size_t>(next.tier)] -= blocks;
        blocks_[0] += blocks;
        pinned_blocks_ += blocks;
        next.tier = 0;
      }
      ++next.pins;
    }
    node = child;
    position = at(node).end;
  }
  pin.node_ = node;
  pin.tokens_ = at(node).end;
}

PrefixCache::Pin PrefixCache::pin(const workload::Content& content, std::int64_t tokens) {
  Pin pin;
  pin.epoch_ = epoch_;
  ByTier found{};
  std::int64_t created = 0;
  descend(pin, content, match(content, tokens).tokens[0], found, created);
  return pin;
}

PrefixCache::Extended PrefixCache::extend(Pin& pin, const workload::Content& content, std::int64_t tokens) {
  forget_old(pin);
  ByTier found{};
  std::int64_t created = 0;
  descend(pin, content, known_tokens(content, tokens), found, created);
  return {.inserted = created + found[1] + found[2], .present = found[0]};
}

PrefixCache::ByTier PrefixCache::fetch(Pin& pin, const workload::Content& content, std::int64_t tokens) {
  forget_old(pin);
  ByTier found{};
  std::int64_t created = 0;
  descend(pin, content, match(content, tokens).tokens.back(), found, created);
  return found;
}

void PrefixCache::release(Pin& pin) {
  forget_old(pin);
  const NodeId last = std::exchange(pin.node_, kNone);
  pin.tokens_ = 0;
  if (last == kNone) return;
  for (NodeId id = last; at(id).parent != kNone; id = at(id).parent) {
    Node& node = at(id);
    if (--node.pins > 0) continue;
    pinned_blocks_ -= blocks_of(node);
    append(id);
  }
  for (NodeId id = last; at(id).parent != kNone;) {
    if (!merge_with_parent(id)) id = at(id).parent;
  }
}

/// The next tier that has room at all; 0 if there is none.
int PrefixCache::tier_below(int tier) const {
  for (int below = tier + 1; below < tiers_; ++below) {
    if (room_[static_cast<std::size_t>(below)] > 0) return below;
  }
  return 0;
}

void PrefixCache::demote(NodeId id, int tier, Evicted& evicted) {
  unlink(id);
  Node& node = at(id);
  const std::int64_t blocks = blocks_of(node);
  blocks_[static_cast<std::size_t>(node.tier)] -= blocks;
  node.tier = tier;
  std::int64_t& there = blocks_[static_cast<std::size_t>(tier)];
  there += blocks;
  evicted.entered[static_cast<std::size_t>(tier)] += blocks;
  const NodeId before = lists_[static_cast<std::size_t>(tier)].newest;
  append(id);
  if (before != kNone && at(before).parent == id) merge_with_parent(before);
  const std::int64_t too_many = there - room_[static_cast<std::size_t>(tier)];
  if (too_many > 0) shed(tier, too_many, evicted);
}

/// Moves blocks out of a tier; returns how many.
std::int64_t PrefixCache::shed(int tier, std::int64_t blocks, Evicted& evicted) {
  const int below = tier_below(tier);
  std::int64_t gone = 0;
  while (gone < blocks) {
    const NodeId id = lists_[static_cast<std::size_t>(tier)].oldest;
    if (id == kNone) break;
    const std::int64_t had = blocks_of(at(id));
    const std::int64_t take = std::min(had, blocks - gone);
    const std::int64_t end = (at(id).end / block_tokens_ - take) * block_tokens_;  // where take < had
    gone += take;
    if (below > 0) {
      if (take < had) split(id, end);
      demote(id, below, evicted);
    } else {
      assert(at(id).children == 0);
      blocks_[static_cast<std::size_t>(tier)] -= take;
      if (take < had) {
        at(id).end = end;
      } else {
        remove_leaf(id);
      }
    }
  }
  return gone;
}

PrefixCache::Evicted PrefixCache::evict(std::int64_t blocks) {
  Evicted evicted;
  evicted.freed = shed(0, blocks, evicted);
  return evicted;
}

void PrefixCache::clear(Lost lost) {
  ++epoch_;
  pinned_blocks_ = 0;
  if (lost == Lost::everything) {
    nodes_.clear();
    free_.clear();
    children_.clear();
    lists_ = {};
    blocks_ = {};
    return;
  }
  // A path is lost with its first block. Nodes before that end within the first block, and lead to what remains.
  std::vector<NodeId> gone, before_blocks, empty_roots;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].parent == kNone) continue;
    const NodeId id = static_cast<NodeId>(i);
    NodeId first = kNone;
    for (NodeId above = id; at(above).parent != kNone; above = at(above).parent) {
      if (blocks_of(at(above)) > 0) first = above;
    }
    if (first == kNone) {
      before_blocks.push_back(id);
    } else if (at(first).tier == 0) {
      gone.push_back(id);
    }
  }
  for (const NodeId id : gone) {
    const Node& node = at(id);
    if (node.pins == 0) unlink(id);
    blocks_[static_cast<std::size_t>(node.tier)] -= blocks_of(node);
    children_.erase(key_of(node));
    Node& parent = at(node.parent);
    if (--parent.children == 0 && parent.parent == kNone) empty_roots.push_back(node.parent);
  }
  for (const NodeId id : gone) at(id).parent = kNone;
  free_.insert(free_.end(), gone.begin(), gone.end());
  for (const NodeId id : empty_roots) remove_leaf(id);
  std::sort(before_blocks.begin(), before_blocks.end(),
            [&](NodeId a, NodeId b) { return std::pair(-at(a).start, a) < std::pair(-at(b).start, b); });
  for (const NodeId id : before_blocks) {
    if (std::exchange(at(id).pins, 0) > 0) append(id);
  }
  for (const NodeId id : before_blocks) {
    if (at(id).parent != kNone && at(id).children == 0) remove_leaf(id);
  }
}

}  // namespace tokenworks::jobs
