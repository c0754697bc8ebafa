#include "sim/policies/routing/content_index.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::routing {

using workload::Content;
using workload::ContentRun;

ContentIndex::Cursor::Cursor(const Content& content, std::int64_t units) : runs_(content.runs), left_(units) {
  skip_finished();
}

std::int64_t ContentIndex::Cursor::take(std::int64_t limit) {
  const std::int64_t taken = std::min({runs_[run_].units - offset_, left_, limit});
  offset_ += taken;
  left_ -= taken;
  skip_finished();
  return taken;
}

ContentRun ContentIndex::Cursor::take_run() {
  ContentRun run{id(), 0};
  while (!done() && id() == run.first + run.units) run.units += take(left_);
  return run;
}

void ContentIndex::Cursor::skip_finished() {
  while (run_ < runs_.size() && offset_ >= runs_[run_].units) {
    ++run_;
    offset_ = 0;
  }
}

std::size_t ContentIndex::EdgeHash::operator()(const Edge& edge) const {
  std::uint64_t hash = static_cast<std::uint64_t>(edge.first) + edge.parent * 0x9e3779b97f4a7c15ull;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ull;  // SplitMix64 finish: spreads close ids
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebull;
  return static_cast<std::size_t>(hash ^ (hash >> 31));
}

ContentIndex::ContentIndex(std::size_t replicas, std::int64_t capacity_tokens, std::size_t holders)
    : lives_(replicas, 0), capacity_tokens_(capacity_tokens), max_holders_(holders) {}

void ContentIndex::walk() {
  path_.clear();
  NodeId parent = 0;
  while (!rest_.done()) {
    const auto edge = edges_.find({parent, rest_.id()});
    if (edge == edges_.end()) return;
    const ContentRun run = nodes_[edge->second].run;
    std::int64_t units = 0;
    while (units < run.units && !rest_.done() && rest_.id() == run.first + units)
      units += rest_.take(run.units - units);
    parent = edge->second;
    path_.push_back({parent, units});
    if (units < run.units) return;
  }
}

ContentIndex::Match ContentIndex::longest(const Content& content, std::int64_t units) {
  rest_ = Cursor(content, units);
  unit_tokens_ = content.unit_tokens;
  walk();
  Match match;
  for (const Step& step : path_) match.units += step.units;
  matched_.clear();
  for (auto step = path_.rbegin(); step != path_.rend(); ++step) {
    Node& node = nodes_[step->node];
    drop_lost_holders(node);
    for (const Holder& holder : node.holders) matched_.push_back(holder.replica);
    if (!matched_.empty()) break;
    match.units -= step->units;
  }
  match.replicas = matched_;
  return match;
}

void ContentIndex::remember(std::int32_t replica) {
  if (!path_.empty() && path_.back().units < nodes_[path_.back().node].run.units) {
    path_.back().node = split(path_.back().node, path_.back().units);
  }
  while (!rest_.done()) {
    const NodeId parent = path_.empty() ? 0 : path_.back().node;
    const ContentRun run = rest_.take_run();
    path_.push_back({add_node(parent, run, unit_tokens_), run.units});
    tokens_ += run.units * unit_tokens_;
  }
  for (; !path_.empty(); path_.pop_back()) {  // the deepest first, so that parents stay ahead
    const NodeId id = path_.back().node;
    Node& node = nodes_[id];
    drop_lost_holders(node);
    const auto known = std::find_if(node.holders.begin(), node.holders.end(),
                                    [replica](const Holder& holder) { return holder.replica == replica; });
    if (known != node.holders.end()) {
      std::rotate(node.holders.begin(), known, known + 1);
    } else {
      if (node.holders.size() == max_holders_) node.holders.pop_back();
      node.holders.insert(node.holders.begin(), {replica, lives_[static_cast<std::size_t>(replica)]});
    }
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
  const auto lost = [this](const Holder& holder) {
    return holder.life != lives_[static_cast<std::size_t>(holder.replica)];
  };
  node.holders.erase(std::remove_if(node.holders.begin(), node.holders.end(), lost), node.holders.end());
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
