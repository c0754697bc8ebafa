#include "models/power/availability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <stdexcept>

#include "models/core/random.hpp"

namespace tokenworks::power {
namespace {

constexpr double kHoursPerYear = 8760.0;
constexpr std::uint32_t kNoShock = 0xffffffffu;
/// Tenths of a second, and tens of megabytes.
constexpr std::size_t kMostStates = std::size_t{1} << 20;

/// A node as it fails: rates an hour.
struct Part {
  double unit_rate = 0.0, repair_h = 0.0;  // of one unit, without common cause
  double own_shock_rate = 0.0;             // takes all its units
  double fail_on_demand = 0.0;             // of a unit; standby nodes alone
  std::int64_t units = 1, needed = 1;
  double up = 1.0;                    // the share of the time that it works, but for causes that it shares
  std::vector<std::uint32_t> shocks;  // that it shares with others
};
struct Shock {
  double rate = 0.0, repair_h = 0.0;
};
struct Model {
  std::vector<Part> parts;
  std::vector<Shock> shocks;
};

double up_share(double rate, double repair_h) { return 1.0 / (1.0 + rate * repair_h); }

/// At least k of n, each with probability p.
double k_of_n(std::int64_t k, std::int64_t n, double p) {
  if (p >= 1.0) return 1.0;
  if (p <= 0.0) return k <= 0 ? 1.0 : 0.0;
  double sum = 0.0, before = 0.0;
  for (std::int64_t j = n; j >= k; --j) {
    const auto nd = static_cast<double>(n), jd = static_cast<double>(j);
    const double term = std::exp(std::lgamma(nd + 1) - std::lgamma(jd + 1) - std::lgamma(nd - jd + 1) +
                                 jd * std::log(p) + (nd - jd) * std::log1p(-p));
    if (term < before && term < 1e-20 * sum) break;  // past the likeliest number, of very many units
    sum += before = term;
  }
  return std::min(sum, 1.0);
}

double up_probability(const Part& part) {
  const double unit = up_share(part.unit_rate, part.repair_h) * (1.0 - part.fail_on_demand);
  return k_of_n(part.needed, part.units, unit) * up_share(part.own_shock_rate, part.repair_h);
}

ReliabilitySpec reliability_of(const Network& network, NodeId id) {
  const NodeSpec& node = network.node(id);
  return node.reliability ? *node.reliability : default_reliability(network.kind(id)).spec;
}

bool is_standby(const Network& network, NodeId id) {
  const auto feeds = network.feeds_out_of(id);
  return !feeds.empty() &&
         std::all_of(feeds.begin(), feeds.end(), [](const Network::Feed& f) { return f.priority > 0; });
}

std::vector<bool> above(const Network& network, NodeId id) {
  std::vector<bool> found(network.size(), false);
  const auto order = network.order();
  found[id] = true;
  for (auto node = order.rbegin(); node != order.rend(); ++node) {
    if (!found[*node]) continue;
    for (const Network::Feed& feed : network.feeds_into(*node)) found[feed.node] = true;
  }
  return found;
}

Model model_of(const Network& network, const AvailabilitySpec& spec) {
  Model model;
  std::set<NodeId> shared;  // fail together with a node that is redundant to them
  // Redundant paths: what stands once in each, of one kind, has a cause in common.
  for (const RedundantSpec& redundant : network.spec().redundant) {
    if (spec.common_cause_share <= 0.0) break;
    std::map<NodeKind, std::vector<std::vector<NodeId>>> by_kind;
    for (std::size_t path = 0; path < redundant.nodes.size(); ++path) {
      const std::vector<bool> part_of = above(network, *network.find(redundant.nodes[path]));
      for (NodeId id = 0; id < network.size(); ++id) {
        if (!part_of[id] || network.kind(id) == NodeKind::utility) continue;
        auto& paths = by_kind[network.kind(id)];
        paths.resize(redundant.nodes.size());
        paths[path].push_back(id);
      }
    }
    for (const auto& [kind, paths] : by_kind) {
      const bool once = std::all_of(paths.begin(), paths.end(), [&](const auto& path) {
        return path.size() == 1 && shared.count(path.front()) == 0;
      });
      if (!once) continue;
      model.parts.resize(network.size());
      const ReliabilitySpec first = reliability_of(network, paths.front().front());
      const auto number = static_cast<std::uint32_t>(model.shocks.size());
      model.shocks.push_back({spec.common_cause_share * first.failures_per_year / kHoursPerYear, first.repair_h});
      for (const auto& path : paths) {
        shared.insert(path.front());
        model.parts[path.front()].shocks.push_back(number);
      }
    }
  }
  model.parts.resize(network.size());
  for (NodeId id = 0; id < network.size(); ++id) {
    Part& part = model.parts[id];
    const ReliabilitySpec own = reliability_of(network, id);
    const double rate = own.failures_per_year / kHoursPerYear;
    part.units = network.node(id).units;
    part.needed = network.units_needed(id);
    part.repair_h = own.repair_h;
    const bool has_common_cause = shared.count(id) > 0 || part.units > 1;
    part.unit_rate = has_common_cause ? rate * (1.0 - spec.common_cause_share) : rate;
    if (shared.count(id) == 0 && part.units > 1) part.own_shock_rate = rate * spec.common_cause_share;
    if (is_standby(network, id)) part.fail_on_demand = own.fail_on_demand;
    part.up = up_probability(part);
  }
  return model;
}

/// Probability of each set of living nodes that still matter to what is to come, load by load. Nodes are visited from
/// the load upwards, depth first, so that few of them stand open at a time however wide the tree is.
class StateSum {
 public:
  StateSum(const Network& network, const Model& model) : network_(network), model_(model) {}

  double of(NodeId sink) {
    const std::vector<bool> wanted = above(network_, sink);
    takers_.assign(network_.size(), 0);
    members_.assign(model_.shocks.size(), 0);
    for (NodeId id = 0; id < network_.size(); ++id) {
      if (!wanted[id]) continue;
      for (const Network::Feed& feed : network_.feeds_into(id)) ++takers_[feed.node];
      for (const std::uint32_t shock : model_.parts[id].shocks) ++members_[shock];
    }
    states_ = {{0, 1.0}};
    used_ = 0;
    slot_of_node_.assign(network_.size(), kNoSlot);
    slot_of_shock_.assign(model_.shocks.size(), kNoSlot);
    std::vector<bool> done(network_.size(), false);
    struct Open {
      NodeId node;
      std::size_t next_feed;
    };
    std::vector<Open> open = {{sink, 0}};
    while (!open.empty()) {
      auto& [id, next_feed] = open.back();
      const auto feeds = network_.feeds_into(id);
      if (next_feed == feeds.size()) {
        settle(id);
        done[id] = true;
        open.pop_back();
      } else if (done[feeds[next_feed].node]) {
        take_from(id, feeds[next_feed++].node);
      } else {
        open.push_back({feeds[next_feed].node, 0});
      }
    }
    double alive = 0.0;
    for (const State& state : states_) {
      if ((state.mask & bit(slot_of_node_[sink])) != 0) alive += state.probability;
    }
    return std::min(alive, 1.0);  // many roundings
  }

 private:
  static constexpr int kNoSlot = -1;
  /// A bit for each node: while it is open, whether something alive feeds it; then, whether it is alive. One for each
  /// common cause that has not struck.
  struct State {
    std::uint64_t mask;
    double probability;
  };

  static std::uint64_t bit(int slot) { return std::uint64_t{1} << slot; }
  std::uint64_t bit_of(int& slot) {
    for (int free = 0; slot == kNoSlot && free < 64; ++free) {
      if ((used_ & bit(free)) == 0) slot = free;
    }
    if (slot == kNoSlot) throw std::invalid_argument("availability: more than 64 nodes matter to each other at a time");
    used_ |= bit(slot);
    return bit(slot);
  }
  void forget(int& slot, std::uint64_t& gone) {
    gone |= bit(slot);
    used_ &= ~bit(slot);
    slot = kNoSlot;
  }

  void take_from(NodeId id, NodeId giver) {
    const std::uint64_t mark = bit_of(slot_of_node_[id]), given = bit(slot_of_node_[giver]);
    std::uint64_t gone = 0;
    if (--takers_[giver] == 0) forget(slot_of_node_[giver], gone);
    for (State& state : states_) {
      if ((state.mask & given) != 0) state.mask |= mark;
      state.mask &= ~gone;
    }
    merge();
  }

  /// Whether the node is alive, now that all that feeds it is known.
  void settle(NodeId id) {
    const Part& part = model_.parts[id];
    std::uint64_t causes = 0, gone = 0;
    for (const std::uint32_t shock : part.shocks) {
      if (slot_of_shock_[shock] == kNoSlot) {
        const std::uint64_t mark = bit_of(slot_of_shock_[shock]);
        split(0, mark, up_share(model_.shocks[shock].rate, model_.shocks[shock].repair_h));
      }
      causes |= bit(slot_of_shock_[shock]);
    }
    const bool source = is_source(network_.kind(id));
    const std::uint64_t mark = bit_of(slot_of_node_[id]);
    for (State& state : states_) {
      if (source) state.mask |= mark;
      if ((state.mask & causes) != causes) state.mask &= ~mark;
    }
    split(mark, mark, part.up);
    for (const std::uint32_t shock : part.shocks) {
      if (--members_[shock] == 0) forget(slot_of_shock_[shock], gone);
    }
    if (gone == 0) return;
    for (State& state : states_) state.mask &= ~gone;
    merge();
  }

  /// States with all of `needed` become two: with `mark`, of probability `up`, and without.
  void split(std::uint64_t needed, std::uint64_t mark, double up) {
    std::vector<State> next;
    next.reserve(2 * states_.size());
    for (const auto& [mask, probability] : states_) {
      const double with = (mask & needed) == needed ? up : 0.0;
      if (with > 0.0) next.push_back({mask | mark, probability * with});
      if (with < 1.0) next.push_back({mask & ~mark, probability * (1.0 - with)});
    }
    states_ = std::move(next);
    merge();
  }

  void merge() {
    std::stable_sort(states_.begin(), states_.end(), [](const State& a, const State& b) { return a.mask < b.mask; });
    std::size_t kept = 0;
    for (const State& state : states_) {
      if (kept > 0 && states_[kept - 1].mask == state.mask) {
        states_[kept - 1].probability += state.probability;
      } else {
        states_[kept++] = state;
      }
    }
    states_.resize(kept);
    looked_at_ += kept;
    if (looked_at_ > kMostStates) {
      throw std::invalid_argument(
          fmt::format("availability: the power network has more than {} states to look at", kMostStates));
    }
  }

  const Network& network_;
  const Model& model_;
  std::vector<State> states_;
  std::size_t looked_at_ = 0;  // for all loads so far
  std::uint64_t used_ = 0;
  std::vector<std::size_t> takers_, members_;  // that are still to come
  std::vector<int> slot_of_node_, slot_of_shock_;
};

/// Failures and repairs in the order of their dates.
class Trial {
 public:
  Trial(const Network& network, const Model& model, std::uint64_t seed)
      : network_(network), model_(model), random_(random_stream(seed, "power/availability")) {
    const std::size_t count = network.size();
    units_up_.resize(count);
    started_.resize(count);
    shocked_.assign(count, 0);
    in_demand_.assign(count, false);
    alive_.assign(count, false);
    for (NodeId id = 0; id < count; ++id) {
      const Part& part = model.parts[id];
      units_up_[id] = started_[id] = part.units;
      for (std::int64_t unit = 0; unit < part.units; ++unit) add({part.unit_rate, part.repair_h, id, kNoShock, false});
      add({part.own_shock_rate, part.repair_h, id, kNoShock, true});
    }
    for (std::uint32_t i = 0; i < model.shocks.size(); ++i) {
      add({model.shocks[i].rate, model.shocks[i].repair_h, 0, i, true});
    }
    unit_is_down_.assign(causes_.size(), false);
  }

  /// Dark hours by sink in each of `batches` equal spans of `hours`.
  std::vector<std::vector<double>> run(double hours, std::size_t batches) {
    std::vector<std::vector<double>> dark(batches, std::vector<double>(network_.sinks().size(), 0.0));
    double now = 0.0;
    evaluate();
    for (std::size_t batch = 0; batch < batches; ++batch) {
      const double end = hours * static_cast<double>(batch + 1) / static_cast<double>(batches);
      while (now < end) {
        const double next = events_.empty() ? end : std::min(end, events_.top().at);
        for (std::size_t i = 0; i < network_.sinks().size(); ++i) {
          if (!alive_[network_.sinks()[i]]) dark[batch][i] += next - now;
        }
        now = next;
        if (!events_.empty() && events_.top().at <= now) strike();
      }
    }
    return dark;
  }

 private:
  struct Cause {
    double rate, repair_h;
    NodeId node;
    std::uint32_t shock;
    bool takes_all;
  };
  struct Event {
    double at;
    std::size_t cause;
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : cause > other.cause; }
  };

  double exponential(double mean) { return -std::log(uniform_open(random_)) * mean; }

  void add(const Cause& cause) {
    if (cause.rate <= 0.0 || cause.repair_h <= 0.0) return;
    events_.push({exponential(1.0 / cause.rate), causes_.size()});
    causes_.push_back(cause);
  }

  void strike() {
    const Event event = events_.top();
    events_.pop();
    const Cause& cause = causes_[event.cause];
    const bool fails = !unit_is_down_[event.cause];
    unit_is_down_[event.cause] = fails;
    if (cause.shock != kNoShock) {
      for (NodeId id = 0; id < network_.size(); ++id) {
        for (const std::uint32_t shock : model_.parts[id].shocks) {
          if (shock == cause.shock) shocked_[id] += fails ? 1 : -1;
        }
      }
    } else if (cause.takes_all) {
      shocked_[cause.node] += fails ? 1 : -1;
    } else {
      units_up_[cause.node] += fails ? -1 : 1;
      // A unit under repair is no unit that starts, and the other way round: which units started is drawn apart.
      if (in_demand_[cause.node]) redraw(cause.node);
    }
    events_.push({event.at + exponential(fails ? cause.repair_h : 1.0 / cause.rate), event.cause});
    evaluate();
  }

  /// How many of the units that work have started.
  void draw(NodeId id) {
    started_[id] = 0;
    for (std::int64_t unit = 0; unit < units_up_[id]; ++unit) {
      if (uniform_open(random_) >= model_.parts[id].fail_on_demand) ++started_[id];
    }
  }
  void redraw(NodeId id) { draw(id); }

  bool works(NodeId id) const {
    const std::int64_t up = in_demand_[id] ? started_[id] : units_up_[id];
    return shocked_[id] == 0 && up >= model_.parts[id].needed;
  }

  void evaluate() {
    while (true) {
      for (const NodeId id : network_.order()) {
        bool alive = is_source(network_.kind(id));
        for (const Network::Feed& feed : network_.feeds_into(id)) alive = alive || alive_[feed.node];
        alive_[id] = alive && works(id);
      }
      bool changed = false;
      for (NodeId id = 0; id < network_.size(); ++id) {
        if (model_.parts[id].fail_on_demand <= 0.0) continue;
        const bool demand = is_called(id);
        if (demand == in_demand_[id]) continue;
        in_demand_[id] = demand;
        if (demand) draw(id);
        changed = true;
      }
      if (!changed) return;
    }
  }

  /// One of its takers has nothing alive of lower priority.
  bool is_called(NodeId id) const {
    for (const Network::Feed& out : network_.feeds_out_of(id)) {
      bool better = false;
      for (const Network::Feed& in : network_.feeds_into(out.node)) {
        better = better || (in.priority < out.priority && alive_[in.node]);
      }
      if (!better) return true;
    }
    return false;
  }

  const Network& network_;
  const Model& model_;
  RandomEngine random_;
  std::vector<Cause> causes_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<bool> unit_is_down_;  // by cause
  std::vector<std::int64_t> units_up_, started_;
  std::vector<int> shocked_;
  std::vector<bool> in_demand_, alive_;
};

constexpr DefaultReliability kDefaults[kNodeKinds] = {
    {{1.956, 1.32, 0.0}, 'R', "IEEE 493: utility, single circuit"},
    {{0.0, 20.0, 0.004 + 8e-4 * 1.32},
     'R',
     "NUREG/CR-6928 class values: 0.003 to 0.005 per demand, and 8e-4 an hour over an outage of 1.32 h"},
    {{0.01, 200.0, 0.0}, 'R', "Oil transformers 0.005 to 0.015 a year, 130 to 340 h"},
    {{0.01, 27.0, 0.0}, 'R', "MV switchgear (SF6) 0.005 to 0.02 a year"},
    {{0.04, 8.0, 0.0}, 'E', "Static UPS module 0.03 to 0.05 a year"},
    {{0.04, 8.0, 0.0}, 'E', "As a UPS module"},
    {{0.005, 4.0, 0.0}, 'E', "PDU or RPP"},
    {{0.005, 4.0, 0.0}, 'E', "As a PDU"},
    {{0.0, 0.0, 0.0}, 'C', "Loads do not fail here"},
    {{0.0, 0.0, 0.0}, 'C', "Loads do not fail here"},
    {{0.0, 0.0, 0.0}, 'C', "Loads do not fail here"},
};

}  // namespace

const DefaultReliability& default_reliability(NodeKind kind) { return kDefaults[static_cast<std::size_t>(kind)]; }

std::vector<SinkAvailability> availability(const Network& network, const AvailabilitySpec& spec) {
  const Model model = model_of(network, spec);
  StateSum sum(network, model);
  std::map<std::pair<std::vector<NodeId>, double>, double> known;  // loads that hang alike are alike
  std::vector<SinkAvailability> list;
  for (const NodeId sink : network.sinks()) {
    std::vector<NodeId> givers;
    for (const Network::Feed& feed : network.feeds_into(sink)) givers.push_back(feed.node);
    std::sort(givers.begin(), givers.end());
    const auto [at, is_new] = known.try_emplace({givers, model.parts[sink].up}, 0.0);
    if (is_new) at->second = sum.of(sink);
    list.push_back({sink, at->second, 0.0});
  }
  return list;
}

std::vector<SinkAvailability> simulated_availability(const Network& network, double years, std::uint64_t seed,
                                                     const AvailabilitySpec& spec) {
  constexpr std::size_t kBatches = 64;
  if (!(years > 0.0)) throw std::invalid_argument(fmt::format("{} simulated years are not above 0", years));
  const Model model = model_of(network, spec);
  const double hours = years * kHoursPerYear;
  const auto dark = Trial(network, model, seed).run(hours, kBatches);
  std::vector<SinkAvailability> list;
  for (std::size_t i = 0; i < network.sinks().size(); ++i) {
    double sum = 0.0, squares = 0.0;
    for (const auto& batch : dark) {
      const double share = batch[i] / (hours / static_cast<double>(kBatches));
      sum += share;
      squares += share * share;
    }
    const double count = static_cast<double>(kBatches), mean = sum / count;
    const double variance = std::max(0.0, squares / count - mean * mean) / (count - 1.0);
    list.push_back({network.sinks()[i], 1.0 - mean, std::sqrt(variance)});
  }
  return list;
}

}  // namespace tokenworks::power
