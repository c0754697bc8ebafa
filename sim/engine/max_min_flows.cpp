#include "sim/engine/max_min_flows.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::engine {
namespace {

// Levels and loads nearer than this share count as equal: far above rounding, far below what shows in a date.
constexpr double kTolerance = 1e-11;
constexpr double kLatestEnd = 9.2e6;  // seconds: whole picoseconds end there

}  // namespace

LinkId MaxMinFlows::add_link(double bytes_per_s) {
  links_.push_back({.capacity = bytes_per_s, .flows = {}});
  return static_cast<LinkId>(links_.size() - 1);
}

void MaxMinFlows::set_capacity(LinkId link, double bytes_per_s, Picoseconds now) {
  if (links_[link].capacity == bytes_per_s) return;
  come_to(now);
  links_[link].capacity = bytes_per_s;
  if (!links_[link].flows.empty()) changed_.push_back(link);
}

void MaxMinFlows::start(FlowSlot slot, const FlowShape& shape, std::uint64_t number, Picoseconds now) {
  come_to(now);
  while (flows_.size() <= slot) {
    flows_.emplace_back();
    ends_.add(0);
  }
  ends_.set_rank(slot, number);
  Flow& flow = flows_[slot];
  flow.crossings.clear();
  for (const LinkId link : shape.links) {
    flow.crossings.push_back({link, static_cast<std::uint32_t>(links_[link].flows.size())});
    links_[link].flows.push_back(slot);
  }
  flow.weight = shape.streams;
  flow.limit = shape.limit_bytes_per_s;
  flow.remaining = shape.bytes;
  flow.rate = 0.0;
  flow.since = now;
  flow.bottleneck = kOwnLimit;
  flow.in_set = 0;
  started_.push_back(slot);
}

/// Changes take effect at the date at which they were made.
void MaxMinFlows::come_to(Picoseconds now) {
  if (now == now_) return;
  resolve();
  now_ = now;
}

void MaxMinFlows::detach(FlowSlot slot) {
  for (const Crossing& crossing : flows_[slot].crossings) {
    std::vector<FlowSlot>& list = links_[crossing.link].flows;
    const FlowSlot last = list.back();
    list[crossing.position] = last;
    list.pop_back();
    if (last != slot) {
      for (Crossing& other : flows_[last].crossings) {
        if (other.link == crossing.link) other.position = crossing.position;
      }
    }
    changed_.push_back(crossing.link);
  }
  flows_[slot].crossings.clear();
}

void MaxMinFlows::cancel(FlowSlot slot, Picoseconds now) {
  come_to(now);
  ends_.cancel(slot);
  std::erase(started_, slot);
  detach(slot);
}

std::optional<FlowSlot> MaxMinFlows::take_ended(Picoseconds date) {
  if (ends_.empty() || ends_.first_date() > date) return std::nullopt;
  come_to(date);
  const FlowSlot slot = ends_.pop();
  detach(slot);
  return slot;
}

double MaxMinFlows::remaining_bytes(FlowSlot slot, Picoseconds now) const {
  const Flow& flow = flows_[slot];
  if (std::isinf(flow.rate)) return 0.0;
  return std::max(0.0, flow.remaining - flow.rate * to_seconds(now - flow.since));
}

double MaxMinFlows::load_bytes_per_s(LinkId link) {
  resolve();
  double load = 0.0;
  for (const FlowSlot slot : links_[link].flows) load += flows_[slot].rate;
  return load;
}

Picoseconds MaxMinFlows::next_end() {
  resolve();
  return ends_.empty() ? kNever : ends_.first_date();
}

// ---- Rates --------------------------------------------------------------------------------------------------------

void MaxMinFlows::touch(LinkId link) {
  if (links_[link].touched == round_) return;
  links_[link].touched = round_;
  links_[link].grown = links_[link].untested = true;
  touched_.push_back(link);
}

void MaxMinFlows::join(FlowSlot slot) {
  Flow& flow = flows_[slot];
  if (flow.in_set == round_) return;
  flow.in_set = round_;
  flow.new_rate = flow.rate;
  set_.push_back(slot);
  for (const Crossing& crossing : flow.crossings) {
    touch(crossing.link);
    links_[crossing.link].grown = true;
  }
}

void MaxMinFlows::resolve() {
  if (changed_.empty() && started_.empty()) return;
  ++round_;
  set_.clear();
  touched_.clear();
  for (const LinkId link : changed_) touch(link);
  for (const FlowSlot slot : started_) join(slot);
  bool grown = test_links() || !set_.empty();
  while (grown) {
    fill_set();
    grown = test_links();
  }
  take_rates();
  changed_.clear();
  started_.clear();
}

/// Adds the flows of the touched links for which the condition fails. Whether there were any.
bool MaxMinFlows::test_links() {
  const std::size_t before = set_.size();
  const auto rate_of = [this](FlowSlot slot) {
    const Flow& flow = flows_[slot];
    return flow.in_set == round_ ? flow.new_rate : flow.rate;
  };
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    const LinkId id = touched_[i];
    if (!links_[id].untested) continue;
    links_[id].untested = false;
    const Link& link = links_[id];
    double load = 0.0, highest = 0.0, lowest_held = std::numeric_limits<double>::infinity();
    for (const FlowSlot slot : link.flows) {
      const double rate = rate_of(slot), level = rate / flows_[slot].weight;
      load += rate;
      highest = std::max(highest, level);
      if (flows_[slot].bottleneck == id) lowest_held = std::min(lowest_held, level);
    }
    const bool full = load >= link.capacity * (1.0 - kTolerance);
    const bool over = load > link.capacity * (1.0 + kTolerance);
    const bool uneven = lowest_held < highest * (1.0 - kTolerance);
    if (!over && !uneven && full) continue;
    for (std::size_t k = 0; k < link.flows.size(); ++k) {
      const FlowSlot slot = link.flows[k];
      if (flows_[slot].in_set == round_) continue;
      const bool held_here = flows_[slot].bottleneck == id;
      const bool has_more = rate_of(slot) > lowest_held * flows_[slot].weight * (1.0 + kTolerance);
      if (over || (held_here && (!full || uneven)) || (uneven && has_more)) join(slot);
    }
  }
  return set_.size() > before;
}

/// What flows outside of the set leave of a link.
void MaxMinFlows::leave_to_set(Link& link) {
  link.grown = false;
  link.set_free = link.capacity;
  link.set_weight = 0.0;
  for (const FlowSlot slot : link.flows) {
    if (flows_[slot].in_set == round_) {
      link.set_weight += flows_[slot].weight;
    } else {
      link.set_free -= flows_[slot].rate;
    }
  }
}

/// Progressive filling of the set beside the fixed rates of all other flows.
void MaxMinFlows::fill_set() {
  for (const LinkId id : touched_) {
    Link& link = links_[id];
    if (link.grown) leave_to_set(link);
    link.free = link.set_free;
    link.weight = link.set_weight;
    if (link.weight > 0.0) filling_.push_back({std::max(0.0, link.free) / link.weight, id, false});
  }
  for (const FlowSlot slot : set_) {
    Flow& flow = flows_[slot];
    flow.fixed = false;
    if (flow.crossings.empty() || std::isfinite(flow.limit)) filling_.push_back({flow.limit / flow.weight, slot, true});
  }
  std::make_heap(filling_.begin(), filling_.end(), std::greater<>());
  double filled = 0.0;  // level reached; links that fill up within the tolerance of it give exactly the same
  open_ = set_.size();
  while (open_ > 0 && !filling_.empty()) {
    std::pop_heap(filling_.begin(), filling_.end(), std::greater<>());
    const Filling next = filling_.back();
    filling_.pop_back();
    if (next.is_flow) {
      if (!flows_[next.index].fixed) fix(next.index, next.level, kOwnLimit);
      continue;
    }
    const Link& link = links_[next.index];
    if (link.weight <= 0.0) continue;
    const double level = std::max(0.0, link.free) / link.weight;
    if (level > next.level * (1.0 + kTolerance)) {  // flows that met another bottleneck left room
      filling_.push_back({level, next.index, false});
      std::push_heap(filling_.begin(), filling_.end(), std::greater<>());
      continue;
    }
    if (level > filled * (1.0 + kTolerance)) filled = level;
    for (const FlowSlot slot : link.flows) {
      if (flows_[slot].in_set == round_ && !flows_[slot].fixed) fix(slot, filled, next.index);
    }
  }
  filling_.clear();  // links on which nothing is open
}

void MaxMinFlows::fix(FlowSlot slot, double level, LinkId bottleneck) {
  Flow& flow = flows_[slot];
  const double rate = bottleneck == kOwnLimit ? flow.limit : flow.weight * level;
  const bool changes = rate != flow.new_rate || bottleneck != flow.bottleneck;
  flow.fixed = true;
  --open_;
  flow.new_rate = rate;
  flow.bottleneck = bottleneck;
  for (const Crossing& crossing : flow.crossings) {
    Link& link = links_[crossing.link];
    link.untested = link.untested || changes;
    link.free -= flow.new_rate;
    link.weight -= flow.weight;
  }
}

/// What moved until now moved at the old rates; dates of ends follow the new ones.
void MaxMinFlows::take_rates() {
  for (const FlowSlot slot : set_) {
    Flow& flow = flows_[slot];
    const bool fresh = !ends_.is_set(slot) && flow.rate == 0.0;
    if (flow.new_rate == flow.rate && !fresh) continue;
    flow.remaining = remaining_bytes(slot, now_);
    flow.since = now_;
    flow.rate = flow.new_rate;
    const double seconds = flow.remaining <= 0.0 || std::isinf(flow.rate) ? 0.0 : flow.remaining / flow.rate;
    if (!std::isfinite(seconds) || seconds > kLatestEnd - to_seconds(now_)) {
      ends_.cancel(slot);  // stands still
    } else {
      ends_.set(slot, now_ + static_cast<Picoseconds>(std::ceil(seconds * 1e12)));
    }
  }
}

}  // namespace tokenworks::engine
