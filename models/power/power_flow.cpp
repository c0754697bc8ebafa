#include "models/power/power_flow.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace tokenworks::power {
namespace {

/// What the feeds after this one carry.
Milliwatts rest_of(Milliwatts power, std::uint32_t rest_q32) {
  return static_cast<Milliwatts>((static_cast<Femtojoules>(power) * rest_q32 + (Femtojoules{1} << 31)) >> 32);
}

constexpr std::size_t index(NodeKind kind) { return static_cast<std::size_t>(kind); }

}  // namespace

PowerFlow::PowerFlow(const Network& network) : network_(&network) {
  const std::size_t count = network.size();
  nodes_.resize(count);
  position_.resize(count);
  units_.resize(count);
  least_priority_.assign(count, 0);
  for (NodeId id = 0; id < count; ++id) closed_.emplace_back(network.feeds_into(id).size(), true);
  id_.assign(network.order().rbegin(), network.order().rend());
  // Loads stand first: the order says only that each stands before what it draws from.
  std::stable_partition(id_.begin(), id_.end(), [&](NodeId id) { return is_sink(network.kind(id)); });
  for (std::uint32_t i = 0; i < count; ++i) position_[id_[i]] = i;
  for (NodeId id = 0; id < count; ++id) {
    Node& node = at(id);
    node.kind = network.kind(id);
    node.demand = to_milliwatts(network.node(id).idle);
    node.source_on = node.kind == NodeKind::utility;
    units_[id] = network.node(id).units;
    if (has_storage(node.kind)) stores_.push_back(id);
    rate(id);
  }
  rebuild();
}

void PowerFlow::rate(NodeId id) {
  Node& node = at(id);
  const NodeSpec& spec = network_->node(id);
  const Milliwatts each = to_milliwatts(spec.rating);
  node.rating = each * units_[id];
  node.limit = static_cast<Milliwatts>(std::floor(static_cast<double>(node.rating) * spec.continuous_share));
  const LossLaw law = is_sink(node.kind) || is_source(node.kind) ? LossLaw{} : loss_law_of(spec);
  const auto rated = static_cast<double>(node.rating);
  node.idle = rated * law.idle;
  node.linear = law.linear;
  node.square = node.rating > 0 ? law.square / rated : 0.0;
  node.has_loss = node.idle > 0.0 || node.linear > 0.0 || node.square > 0.0;
}

void PowerFlow::set_in_service(NodeId id, bool in_service) {
  if (at(id).in_service == in_service) return;
  at(id).in_service = in_service;
  topology_changed();
}

void PowerFlow::set_units(NodeId id, std::int64_t units) {
  if (units_[id] == units) return;
  units_[id] = units;
  rate(id);
  topology_changed();
}

void PowerFlow::set_source(NodeId id, bool on) {
  assert(is_source(at(id).kind));
  if (at(id).source_on == on) return;
  at(id).source_on = on;
  topology_changed();
}

void PowerFlow::set_carries(NodeId id, bool carries) {
  assert(has_storage(at(id).kind));
  if (at(id).carries == carries) return;
  at(id).carries = carries;
  topology_changed();
}

void PowerFlow::set_storage_draw(NodeId id, Milliwatts draw) {
  Node& node = at(id);
  assert(has_storage(node.kind));
  node.draw = draw;
  settle_store(node);
}

void PowerFlow::set_band(NodeId id, const StoreBand& band, Milliwatts wish) {
  Node& node = at(id);
  assert(has_storage(node.kind));
  if (node.band == kNone) {
    node.band = static_cast<std::uint32_t>(bands_.size());
    bands_.emplace_back();
  }
  bands_[node.band] = band;
  node.draw = wish;
  settle_store(node);
}

/// Bands are few and come back: their places are kept.
void PowerFlow::clear_band(NodeId id) {
  Node& node = at(id);
  if (node.band == kNone) return;
  bands_[node.band] = StoreBand{};
  node.draw = 0;
  settle_store(node);
}

void PowerFlow::settle_store(Node& node) {
  node.plain = is_plain(node);
  if (!node.alive || node.on_storage) return;
  const Milliwatts before = settle(node);
  spread(node, before, node.input);
  work_off();
}

void PowerFlow::set_walk_in(NodeId id, std::uint32_t share_q16) {
  Node& node = at(id);
  assert(has_storage(node.kind) && share_q16 <= (1u << 16));
  node.walk_in_q16 = share_q16;
  set_storage_draw(id, node.draw);
}

void PowerFlow::set_feed_closed(NodeId from, NodeId to, bool closed) {
  const auto feeds = network_->feeds_into(to);
  for (std::size_t k = 0; k < feeds.size(); ++k) {
    if (feeds[k].node != from || closed_[to][k] == closed) continue;
    closed_[to][k] = closed;
    topology_changed();
  }
}

void PowerFlow::set_least_priority(NodeId id, std::int64_t priority) {
  if (least_priority_[id] == priority) return;
  least_priority_[id] = priority;
  topology_changed();
}

std::optional<std::int64_t> PowerFlow::best_live_priority(NodeId id) const {
  const auto feeds = network_->feeds_into(id);
  for (std::size_t k = 0; k < feeds.size(); ++k) {
    if (closed_[id][k] && at(feeds[k].node).alive) return feeds[k].priority;  // lowest first
  }
  return std::nullopt;
}

void PowerFlow::release_topology() {
  assert(held_ > 0);
  if (--held_ == 0 && stale_) rebuild();
}

void PowerFlow::topology_changed() {
  stale_ = true;
  if (held_ == 0) rebuild();
}

void PowerFlow::note(Node& node, std::uint32_t position) {
  if (!node.watched || node.touched) return;
  node.touched = true;
  touched_.push_back(id_[position]);
}

Milliwatts PowerFlow::input_with_store(const Node& node) const {
  const Milliwatts need = node.output + node.loss;
  if (node.on_storage) return 0;
  if (node.band != kNone && node.walk_in_q16 == kWhole) return bands_[node.band].draw(need, node.draw);
  const auto walked = static_cast<Milliwatts>((static_cast<Femtojoules>(need) * node.walk_in_q16) >> 16);
  return std::max<Milliwatts>(walked + node.draw, 0);
}

inline Milliwatts PowerFlow::settle(Node& node) {
  if (node.has_loss) {
    const auto output = static_cast<double>(node.output);
    const auto loss = static_cast<Milliwatts>(node.idle + output * (node.linear + output * node.square) + 0.5);
    loss_by_kind_[index(node.kind)] += loss - node.loss;
    node.loss = loss;
  }
  const Milliwatts before = node.input;
  node.input = node.plain ? node.output + node.loss : input_with_store(node);
  input_by_kind_[index(node.kind)] += node.input - before;
  return before;
}

void PowerFlow::change_input(std::uint32_t position, Milliwatts input) {
  Node& node = nodes_[position];
  const Milliwatts before = node.input;
  if (input == before) return;
  node.input = input;
  input_by_kind_[index(node.kind)] += input - before;
  if (node.live_feeds == 1) {
    climb(feeds_[node.first_feed].parent, input - before);
  } else {
    spread(node, before, input);
  }
  work_off();
}

/// Adds to a node's output and follows the change while there is one feed. A node with several waits in pending_ until
/// all that draws from it has changed; what is met twice on the way is worked out twice, to the same end.
inline void PowerFlow::climb(std::uint32_t position, Milliwatts delta) {
  while (delta != 0) {
    Node& node = nodes_[position];
    node.output += delta;
    note(node, position);
    if (node.live_feeds > 1) {
      auto place = pending_.end();  // nearest to the loads last
      while (place != pending_.begin() && *(place - 1) < position) --place;
      if (place == pending_.begin() || *(place - 1) != position) pending_.insert(place, position);
      return;
    }
    const Milliwatts before = settle(node);
    if (node.live_feeds == 0) return;  // a source, or on its store
    delta = node.input - before;
    position = feeds_[node.first_feed].parent;
  }
}

/// Hands the change of a node's input to what it draws from.
void PowerFlow::spread(const Node& node, Milliwatts before, Milliwatts after) {
  if (before == after) return;
  for (std::uint32_t i = 0; i < node.live_feeds; ++i) {
    const LiveFeed feed = feeds_[node.first_feed + i];
    const Milliwatts rest_before = rest_of(before, feed.rest_q32), rest_after = rest_of(after, feed.rest_q32);
    climb(feed.parent, (after - rest_after) - (before - rest_before));
    before = rest_before;
    after = rest_after;
  }
}

void PowerFlow::work_off() {
  while (!pending_.empty()) {
    const std::uint32_t position = pending_.back();
    pending_.pop_back();
    Node& node = nodes_[position];
    const Milliwatts before = settle(node);
    spread(node, before, node.input);
  }
}

/// What is alive, which feeds carry, and all powers anew.
void PowerFlow::rebuild() {
  stale_ = false;
  feeds_.clear();
  for (const NodeId id : network_->order()) {
    Node& node = at(id);
    node.first_feed = static_cast<std::uint32_t>(feeds_.size());
    node.live_feeds = 0;
    node.on_storage = false;
    node.alive = node.in_service && is_source(node.kind) && node.source_on;
    if (is_source(node.kind) || !node.in_service) continue;
    const auto feeds = network_->feeds_into(id);
    const auto is_live = [&](std::size_t k) { return closed_[id][k] && at(feeds[k].node).alive; };
    std::optional<std::int64_t> priority;  // the lowest that is not held back, else the lowest
    for (std::size_t k = 0; k < feeds.size(); ++k) {
      if (is_live(k) && (!priority || *priority < least_priority_[id])) {
        if (!priority || feeds[k].priority >= least_priority_[id]) priority = feeds[k].priority;
      }
    }
    double left = 0.0;
    for (std::size_t k = 0; k < feeds.size(); ++k) {
      if (!is_live(k) || feeds[k].priority != *priority) continue;
      ++node.live_feeds;
      feeds_.push_back({position_[feeds[k].node], 0});
      left += feeds[k].share;
    }
    std::uint32_t place = node.first_feed;
    for (std::size_t k = 0; k < feeds.size(); ++k) {
      if (!is_live(k) || feeds[k].priority != *priority) continue;
      const double rest = left - feeds[k].share;
      const bool is_last = place + 1 == node.first_feed + node.live_feeds;
      feeds_[place++].rest_q32 =
          is_last ? 0 : static_cast<std::uint32_t>(std::clamp(std::floor(rest / left * 0x1p32 + 0.5), 0.0, 0x1p32 - 1));
      left = rest;
    }
    node.on_storage = node.live_feeds == 0 && node.carries;
    node.alive = node.live_feeds > 0 || node.on_storage;
  }
  std::vector<Milliwatts> output(nodes_.size(), 0);
  loss_by_kind_ = {};
  input_by_kind_ = {};
  for (std::uint32_t position = 0; position < nodes_.size(); ++position) {
    Node& node = nodes_[position];
    node.plain = is_plain(node);
    if (node.output != output[position]) note(node, position);
    node.output = output[position];
    node.loss = node.input = 0;
    if (!node.alive) continue;
    if (is_sink(node.kind)) {
      node.input = node.demand;
      input_by_kind_[index(node.kind)] += node.input;
    } else {
      settle(node);
    }
    Milliwatts rest = node.input;
    for (std::uint32_t i = 0; i < node.live_feeds; ++i) {
      const LiveFeed feed = feeds_[node.first_feed + i];
      const Milliwatts after = rest_of(rest, feed.rest_q32);
      output[feed.parent] += rest - after;
      rest = after;
    }
  }
}

Milliwatts PowerFlow::lost() const {
  Milliwatts sum = 0;
  for (const Milliwatts loss : loss_by_kind_) sum += loss;
  return sum;
}

Milliwatts PowerFlow::stored() const {
  Milliwatts sum = 0;
  for (const NodeId id : stores_) sum += storage(id);
  return sum;
}

std::vector<NodeId> PowerFlow::over_limit() const {
  std::vector<NodeId> list;
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    const Node& node = at(id);
    if (node.limit > 0 && node.output > node.limit) list.push_back(id);
  }
  return list;
}

std::vector<NodeId> PowerFlow::dark_sinks() const {
  std::vector<NodeId> list;
  for (const NodeId sink : network_->sinks()) {
    if (!at(sink).alive) list.push_back(sink);
  }
  return list;
}

void PowerFlow::set_watched(NodeId id, bool watched) { at(id).watched = watched; }

void PowerFlow::clear_touched() {
  for (const NodeId id : touched_) at(id).touched = false;
  touched_.clear();
}

std::vector<Milliwatts> PowerFlow::largest_possible(std::span<const Milliwatts> largest_demand,
                                                    std::span<const Milliwatts> largest_draw) const {
  PowerFlow most = *this;
  for (NodeId id = 0; id < nodes_.size(); ++id) {
    Node& node = most.at(id);
    node.demand = is_sink(node.kind) ? largest_demand[id] : 0;
    node.draw = largest_draw.empty() ? 0 : largest_draw[id];
    node.walk_in_q16 = 1u << 16;
    node.band = kNone;
  }
  most.rebuild();
  std::vector<Milliwatts> outputs(nodes_.size());
  for (NodeId id = 0; id < nodes_.size(); ++id) outputs[id] = most.output(id);
  return outputs;
}

std::vector<Milliwatts> PowerFlow::largest_after_any_loss(std::span<const Milliwatts> largest_demand,
                                                          std::span<const Milliwatts> largest_draw) const {
  std::vector<Milliwatts> worst = largest_possible(largest_demand, largest_draw);
  PowerFlow less = *this;
  for (NodeId lost = 0; lost < nodes_.size(); ++lost) {
    if (is_sink(at(lost).kind) || !at(lost).in_service) continue;
    less.set_in_service(lost, false);
    const std::vector<Milliwatts> outputs = less.largest_possible(largest_demand, largest_draw);
    for (NodeId id = 0; id < nodes_.size(); ++id) worst[id] = std::max(worst[id], outputs[id]);
    less.set_in_service(lost, true);
  }
  return worst;
}

PowerFlow PowerFlow::from_scratch() const {
  PowerFlow copy = *this;
  copy.rebuild();
  return copy;
}

}  // namespace tokenworks::power
