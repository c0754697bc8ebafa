#include "sim/policies/routing/content_index.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::routing {

using workload::Content;
using workload::ContentRun;

/// Walks over the first units of a content.
class ContentIndex::Cursor {
 public:
  Cursor(const Content& content, std::int64_t units) : runs_(content.runs), left_(units) { skip_finished(); }

  bool done() const { return left_ <= 0 || run_ == runs_.size(); }
  std::int64_t id() const { return runs_[run_].first + offset_; }
  /// Units from here on that have consecutive ids, up to `limit`; goes past them.
  std::int64_t take(std::int64_t limit) {
    const std::int64_t taken = std::min({runs_[run_].units - offset_, left_, limit});
    offset_ += taken;
    left_ -= taken;
    skip_finished();
    return taken;
  }
  /// All units from here on that go on with consecutive ids; goes past them.
  ContentRun take_run() {
    ContentRun run{id(), 0};
    while (!done() && id() == run.first + run.units) run.units += take(left_);
    return run;
  }

 private:
  void skip_finished() {
    while (run_ < runs_.size() && offset_ >= runs_[run_].units) {
      ++run_;
      offset_ = 0;
    }
  }

  std::span<const ContentRun> runs_;
  std::size_t run_ = 0;
  std::int64_t offset_ = 0;
  std::int64_t left_;
};

std::size_t ContentIndex::EdgeHash::operator()(const Edge& edge) const {
  std::uint64_t hash = static_cast<std::uint64_t>(edge.first) + edge.parent * 0x9e3779b97f4a7c15ull;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;  // SplitMix64 finish: spreads close ids
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
  return static_cast<std::size_t>(hash ^ (hash >> 31));
}

ContentIndex::ContentIndex(std::size_t replicas, std::int64_t capacity_tokens, std::size_t holders)
    : lives_(replicas, 0), capacity_tokens_(capacity_tokens), max_holders_(holders) {}

void ContentIndex::walk(Cursor& cursor) {
  path_.clear();
  NodeId parent = 0;
  while (!cursor.done()) {
    const auto edge = edges_.find({parent, cursor.id()});
    if (edge == edges_.end()) return;
    const ContentRun run = nodes_[edge->second].run;
    std::int64_t units = 0;
    while (units < run.units && !cursor.done() && cursor.id() == run.first + units) {
      units += cursor.take(run.units - units);
    }
    parent = edge->second;
    path_.push_back({parent, units});
    if (units < run.units) return;
  }
}

ContentIndex::Match ContentIndex::longest(const Content& content, std::int64_t units) {
  Cursor cursor(content, units);
  walk(cursor);
  Match match;
  for (const Step& step : path_) match.units += step.units;
  for (; !path_.empty(); path_.pop_back()) {
    Node& node = nodes_[path_.back().node];
    drop_lost_holders(node);
    if (!node.holders.empty()) {
      matched_.clear();
      for (const Holder& holder : node.holders) matched_.push_back(holder.replica);
      match.replicas = matched_;
      return match;
    }
    match.units -= path_.back().units;
  }
  return {};
}

void ContentIndex::add(const Content& content, std::int64_t units, std::int32_t replica) {
  Cursor cursor(content, units);
  walk(cursor);
  if (!path_.empty() && path_.back().units < nodes_[path_.back().node].run.units) {
    path_.back().node = split(path_.back().node, path_.back().units);
  }
  while (!cursor.done()) {
    const NodeId parent = path_.empty() ? 0 : path_.back().node;
    const ContentRun run = cursor.take_run();
    path_.push_back({add_node(parent, run, content.unit_tokens), run.units});
    tokens_ += run.units * content.unit_tokens;
  }
  for (; !path_.empty(); path_.pop_back()) {  // the deepest first, so that parents stay ahead
    const NodeId id = path_.back().node;
    Node& node = nodes_[id];
    drop_lost_holders(node);
    std::erase_if(node.holders, [replica](const Holder& holder) { return holder.replica == replica; });
    if (node.holders.size() == max_holders_) node.holders.pop_back();
    node.holders.insert(node.holders.begin(), {replica, lives_[static_cast<std::size_t>(replica)]});
    recency_.move_to_front(id);
  }
  shrink_to_capacity();
}

ContentIndex::NodeId ContentIndex::add_node(NodeId parent, ContentRun run, std::int64_t unit_tokens) {
  if (free_.empty()) {
    free_.push_back(static_cast<NodeId>(nodes_.size()));
    nodes_.emplace_back();
  }
  const NodeId id = free_.back();
  free_.pop_back();
  Node& node = nodes_[id];
  node.run = run;
  node.unit_tokens = unit_tokens;
  node.parent = parent;
  node.children = 0;
  node.holders.clear();
  ++nodes_[parent].children;
  edges_[{parent, run.first}] = id;
  recency_.push_front(id);
  return id;
}

/// The first `units` of a node's run get a node of their own, which takes the place of the old one; returns it.
ContentIndex::NodeId ContentIndex::split(NodeId node, std::int64_t units) {
  const NodeId parent = nodes_[node].parent;
  --nodes_[parent].children;
  const NodeId upper = add_node(parent, {nodes_[node].run.first, units}, nodes_[node].unit_tokens);
  Node& lower = nodes_[node];
  nodes_[upper].holders = lower.holders;
  nodes_[upper].children = 1;
  lower.parent = upper;
  lower.run = {lower.run.first + units, lower.run.units - units};
  edges_[{upper, lower.run.first}] = node;
  return upper;
}

void ContentIndex::drop_lost_holders(Node& node) {
  std::erase_if(node.holders, [this](const Holder& holder) {
    return holder.life != lives_[static_cast<std::size_t>(holder.replica)];
  });
}

void ContentIndex::shrink_to_capacity() {
  while (tokens_ > capacity_tokens_) {
    const NodeId leaf = recency_.back();
    Node& node = nodes_[leaf];
    const std::int64_t excess = (tokens_ - capacity_tokens_ + node.unit_tokens - 1) / node.unit_tokens;
    const std::int64_t dropped = std::min(node.run.units, excess);
    node.run.units -= dropped;
    tokens_ -= dropped * node.unit_tokens;
    if (node.run.units > 0) continue;
    edges_.erase({node.parent, node.run.first});
    --nodes_[node.parent].children;
    recency_.remove(leaf);
    free_.push_back(leaf);
  }
}

}  // namespace tokenworks::routing
