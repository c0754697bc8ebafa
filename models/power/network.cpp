#include "models/power/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dominator_tree.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/graph/topological_sort.hpp>
#include <set>
#include <stdexcept>

namespace tokenworks::power {
namespace {

using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;
constexpr NodeId kNobody = 0xffffffffu;

std::string in_list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "\"" : ", \"") + name + "\"";
  return text;
}

/// Faults of a spec, collected step by step; later steps look only at what is sound so far.
class Checker {
 public:
  explicit Checker(const NetworkSpec& spec) : spec_(spec) {}

  std::vector<NetworkFault> run() {
    check_nodes();
    check_feeds();
    check_redundant_names();
    if (!is_acyclic()) return std::move(faults_);
    check_reach();
    check_shared_parts();
    if (faults_.empty()) check_idle_load();
    return std::move(faults_);
  }

 private:
  void add(std::string place, std::string message) { faults_.push_back({std::move(place), std::move(message)}); }

  void check_nodes() {
    if (spec_.nodes.empty()) add("/nodes", "a power network needs nodes");
    kinds_.resize(spec_.nodes.size(), NodeKind::busway);
    bool has_utility = false;
    for (std::size_t i = 0; i < spec_.nodes.size(); ++i) {
      const NodeSpec& node = spec_.nodes[i];
      const std::string place = fmt::format("/nodes/{}", i);
      const auto [at, is_new] = ids_.try_emplace(node.name, static_cast<NodeId>(i));
      if (node.name.empty()) add(place + "/name", "a node needs a name");
      if (!is_new) add(place + "/name", fmt::format("\"{}\" names /nodes/{} already", node.name, at->second));
      const auto names = node_kind_names();
      const auto kind = std::find(names.begin(), names.end(), node.kind);
      if (kind == names.end()) {
        add(place + "/kind", fmt::format("\"{}\" is no kind of power node", node.kind));
        continue;
      }
      kinds_[i] = static_cast<NodeKind>(kind - names.begin());
      has_utility = has_utility || kinds_[i] == NodeKind::utility;
      check_node(node, kinds_[i], place);
    }
    if (!spec_.nodes.empty() && !has_utility) add("/nodes", "no node is a utility: nothing feeds the network for good");
  }

  void check_node(const NodeSpec& node, NodeKind kind, const std::string& place) {
    const std::string subject = fmt::format("\"{}\" is a {}", node.name, node.kind);
    if (!(node.rating.value >= 0.0)) add(place + "/rating_w", fmt::format("{} W is below 0", node.rating.value));
    if (node.rating * static_cast<double>(node.units) > kMostRating) {
      add(place + "/rating_w", fmt::format("{} units of {:.6g} W are above {:.6g} W together", node.units,
                                           node.rating.value, kMostRating.value));
    }
    if (node.units < 1 || node.units > kMostUnits) {
      add(place + "/units", fmt::format("{} is not between 1 and {}", node.units, kMostUnits));
    }
    if (node.units_needed && (*node.units_needed > node.units || *node.units_needed < 1)) {
      add(place + "/units_needed",
          fmt::format("{} is not between 1 and the node's {} units", *node.units_needed, node.units));
    }
    if (is_sink(kind)) {
      if (node.units != 1) add(place + "/units", subject + ", which has no units");
      if (node.rating.value > 0.0 && node.idle > node.rating) {
        add(place + "/idle_w",
            fmt::format("{} W at rest is above the rating of {} W", node.idle.value, node.rating.value));
      }
    } else if (node.idle.value != 0.0) {
      add(place + "/idle_w", subject + ": only loads draw at rest");
    }
    if (node.loss && (is_sink(kind) || is_source(kind))) add(place + "/loss", subject + ", which has no loss");
    if (node.storage && !has_storage(kind))
      add(place + "/storage", subject + "; only a ups or a battery stores energy");
    if (node.ups != NodeSpec{}.ups && kind != NodeKind::ups) add(place + "/ups", subject + ", not a ups");
    if (node.generator && kind != NodeKind::generator) add(place + "/generator", subject + ", not a generator");
    if (node.trip && is_sink(kind)) add(place + "/trip", subject + ": breakers belong to what feeds it");
    check_parts(node, kind, place);
  }

  void check_parts(const NodeSpec& node, NodeKind kind, const std::string& place) {
    try {
      if (node.trip) TripCurve(*node.trip);
    } catch (const std::invalid_argument& error) {
      add(place + "/trip/points", error.what());
    }
    if (node.storage) {
      for (const StorageFault& fault : storage_faults(*node.storage)) {
        add(fmt::format("{}/storage/{}", place, fault.key), fault.message);
      }
    }
    if (kind == NodeKind::ups && node.ups == "none") add(place + "/ups", "leave the node out where there is no UPS");
    const auto modes = ups_modes();
    if (kind == NodeKind::ups && std::find(modes.begin(), modes.end(), node.ups) == modes.end()) {
      add(place + "/ups", fmt::format("\"{}\" is no way to convert", node.ups));
      return;
    }
    const LossLaw law = is_sink(kind) || is_source(kind) ? LossLaw{} : loss_law_of(node);
    const bool stores = has_storage(kind) && storage_of(node).ride_through.value > 0.0;
    if (node.rating.value == 0.0 && (law.idle > 0.0 || law.square > 0.0 || stores)) {
      add(place + "/rating_w",
          fmt::format("\"{}\" is a {}: its losses and storage need a rating", node.name, node.kind));
    }
  }

  NodeId end_of(const std::string& name, const std::string& place) {
    const auto at = ids_.find(name);
    if (at != ids_.end()) return at->second;
    add(place, fmt::format("no node is called \"{}\"", name));
    return kNobody;
  }

  void check_feeds() {
    std::map<std::pair<NodeId, NodeId>, std::size_t> seen;
    for (std::size_t i = 0; i < spec_.feeds.size(); ++i) {
      const FeedSpec& feed = spec_.feeds[i];
      const std::string place = fmt::format("/feeds/{}", i);
      const NodeId from = end_of(feed.from, place + "/from"), to = end_of(feed.to, place + "/to");
      if (!(feed.share >= 1e-6 && feed.share <= 1e6)) {
        add(place + "/share", fmt::format("{} is not between 1e-6 and 1e6", feed.share));
      }
      if (feed.priority < 0) add(place + "/priority", fmt::format("{} is below 0", feed.priority));
      if (from == kNobody || to == kNobody) continue;
      if (is_sink(kinds_[from])) {
        add(place + "/from",
            fmt::format("\"{}\" is a {}, a load: it feeds nothing", feed.from, node_kind_name(kinds_[from])));
      }
      if (is_source(kinds_[to])) {
        add(place + "/to",
            fmt::format("\"{}\" is a {}, a source: nothing feeds it", feed.to, node_kind_name(kinds_[to])));
      }
      const auto [at, is_new] = seen.try_emplace({from, to}, i);
      if (!is_new) {
        add(place, fmt::format("\"{}\" feeds \"{}\" in /feeds/{} already", feed.from, feed.to, at->second));
        continue;
      }
      edges_.push_back({from, to, i});
    }
  }

  void check_redundant_names() {
    for (std::size_t i = 0; i < spec_.redundant.size(); ++i) {
      const auto& names = spec_.redundant[i].nodes;
      std::set<std::string> seen;
      if (names.size() < 2) add(fmt::format("/redundant/{}/nodes", i), "redundancy takes two nodes");
      for (std::size_t k = 0; k < names.size(); ++k) {
        const std::string place = fmt::format("/redundant/{}/nodes/{}", i, k);
        end_of(names[k], place);
        if (!seen.insert(names[k]).second) add(place, fmt::format("\"{}\" stands here twice", names[k]));
      }
    }
  }

  bool is_acyclic() {
    const std::size_t count = spec_.nodes.size();
    Graph graph(count);
    for (const Edge& edge : edges_) boost::add_edge(edge.from, edge.to, graph);
    std::vector<std::size_t> component(count);
    boost::strong_components(
        graph, boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph)));
    std::map<std::size_t, std::vector<std::string>> members;
    for (std::size_t i = 0; i < count; ++i) members[component[i]].push_back(spec_.nodes[i].name);
    bool sound = true;
    std::set<std::size_t> told;
    for (const Edge& edge : edges_) {
      if (component[edge.from] != component[edge.to] || !told.insert(component[edge.from]).second) continue;
      sound = false;
      add(fmt::format("/feeds/{}", edge.feed),
          fmt::format("power runs in a loop through {}", in_list(members[component[edge.from]])));
    }
    if (sound) boost::topological_sort(graph, std::back_inserter(order_));  // loads first
    return sound;
  }

  void check_reach() {
    const std::size_t count = spec_.nodes.size();
    std::vector<bool> alive(count, false), is_fed(count, false), feeds(count, false);
    for (std::size_t i = 0; i < count; ++i) alive[i] = is_source(kinds_[i]);
    into_.resize(count);
    for (const Edge& edge : edges_) {
      into_[edge.to].push_back(edge);
      is_fed[edge.to] = feeds[edge.from] = true;
    }
    for (auto node = order_.rbegin(); node != order_.rend(); ++node) {
      for (const Edge& edge : into_[*node]) alive[*node] = alive[*node] || alive[edge.from];
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::string place = fmt::format("/nodes/{}", i);
      const std::string& name = spec_.nodes[i].name;
      if (!alive[i]) {
        add(place, is_fed[i] ? fmt::format("\"{}\" is fed by nothing: no source stands above it", name)
                             : fmt::format("\"{}\" is fed by nothing", name));
      }
      if (!is_sink(kinds_[i]) && !feeds[i]) add(place, fmt::format("\"{}\" feeds nothing", name));
    }
  }

  std::set<NodeId> above(NodeId node) const {
    std::set<NodeId> found = {node};
    std::vector<NodeId> open = {node};
    while (!open.empty()) {
      const NodeId next = open.back();
      open.pop_back();
      for (const Edge& edge : into_[next]) {
        if (found.insert(edge.from).second) open.push_back(edge.from);
      }
    }
    return found;
  }

  void check_shared_parts() {
    for (std::size_t i = 0; i < spec_.redundant.size(); ++i) {
      std::map<NodeId, std::string> owner;
      const auto& names = spec_.redundant[i].nodes;
      for (std::size_t k = 0; k < names.size(); ++k) {
        const auto id = ids_.find(names[k]);
        if (id == ids_.end()) continue;
        std::vector<std::string> shared;
        std::string other;
        for (const NodeId part : above(id->second)) {
          const auto [at, is_new] = owner.try_emplace(part, names[k]);
          if (is_new || at->second == names[k]) continue;
          shared.push_back(spec_.nodes[part].name);
          other = at->second;
        }
        if (shared.empty()) continue;
        add(fmt::format("/redundant/{}/nodes/{}", i, k),
            fmt::format("\"{}\" is said to be redundant to \"{}\", but both depend on {}", names[k], other,
                        in_list(shared)));
      }
    }
  }

  /// What is drawn at rest, on the way that all takes while everything is in service.
  void check_idle_load() {
    std::vector<double> output(spec_.nodes.size(), 0.0);
    for (const auto node : order_) {
      const NodeSpec& spec = spec_.nodes[node];
      double input = output[node];
      const double rated = spec.rating.value * static_cast<double>(spec.units);
      if (is_sink(kinds_[node])) {
        input = spec.idle.value;
      } else {
        if (rated > 0.0 && output[node] > rated * (1 + 1e-9)) {
          add(fmt::format("/nodes/{}/rating_w", node),
              fmt::format("\"{}\" is rated {:.6g} W, below the {:.6g} W that its loads draw at rest", spec.name, rated,
                          output[node]));
        }
        if (!is_source(kinds_[node]) && rated > 0.0) {
          input += loss_law_of(spec).loss(Watts(output[node]), Watts(rated)).value;
        }
      }
      double shares = 0.0;
      std::int64_t first = std::numeric_limits<std::int64_t>::max();
      for (const Edge& edge : into_[node]) first = std::min(first, spec_.feeds[edge.feed].priority);
      for (const Edge& edge : into_[node]) {
        if (spec_.feeds[edge.feed].priority == first) shares += spec_.feeds[edge.feed].share;
      }
      for (const Edge& edge : into_[node]) {
        if (spec_.feeds[edge.feed].priority == first)
          output[edge.from] += input * spec_.feeds[edge.feed].share / shares;
      }
    }
  }

  struct Edge {
    NodeId from, to;
    std::size_t feed;
  };
  const NetworkSpec& spec_;
  std::vector<NetworkFault> faults_;
  std::vector<NodeKind> kinds_;
  std::map<std::string, NodeId> ids_;
  std::vector<Edge> edges_;
  std::vector<std::vector<Edge>> into_;
  std::vector<std::size_t> order_;
};

/// Immediate dominators with `without` taken out (kNobody: nothing); kNobody for what no source reaches. The last
/// vertex is the source of all sources.
std::vector<NodeId> dominators(const Network& network, NodeId without) {
  const auto count = static_cast<NodeId>(network.size());
  Graph graph(count + 1);
  // What no source reaches is left out: Boost's algorithm takes such a predecessor for the entry.
  std::vector<bool> alive(count, false);
  for (const NodeId node : network.order()) {
    if (node == without) continue;
    alive[node] = is_source(network.kind(node));
    if (alive[node]) boost::add_edge(count, node, graph);
    for (const Network::Feed& feed : network.feeds_into(node)) {
      if (!alive[feed.node]) continue;
      alive[node] = true;
      boost::add_edge(feed.node, node, graph);
    }
  }
  std::vector<Graph::vertex_descriptor> parent(count + 1, Graph::null_vertex());
  boost::lengauer_tarjan_dominator_tree(
      graph, count, boost::make_iterator_property_map(parent.begin(), boost::get(boost::vertex_index, graph)));
  std::vector<NodeId> list(count + 1, kNobody);
  for (std::size_t i = 0; i <= count; ++i) {
    if (parent[i] != Graph::null_vertex()) list[i] = static_cast<NodeId>(parent[i]);
  }
  return list;
}

}  // namespace

std::vector<NetworkFault> network_faults(const NetworkSpec& spec) { return Checker(spec).run(); }

Network::Network(NetworkSpec spec) : spec_(std::move(spec)) {
  const std::vector<NetworkFault> faults = network_faults(spec_);
  if (!faults.empty()) {
    std::string text = "power network:";
    for (const NetworkFault& fault : faults) text += fmt::format(" {}: {};", fault.place, fault.message);
    throw std::invalid_argument(text);
  }
  const std::size_t count = spec_.nodes.size();
  into_.resize(count);
  out_of_.resize(count);
  for (NodeId id = 0; id < count; ++id) {
    kinds_.push_back(node_kind(spec_.nodes[id].kind));
    ids_[spec_.nodes[id].name] = id;
    if (is_sink(kinds_[id])) sinks_.push_back(id);
  }
  for (const FeedSpec& feed : spec_.feeds) {
    const NodeId from = ids_.find(feed.from)->second, to = ids_.find(feed.to)->second;
    into_[to].push_back({from, feed.share, feed.priority});
    out_of_[from].push_back({to, feed.share, feed.priority});
  }
  std::vector<std::size_t> open(count);
  for (NodeId id = 0; id < count; ++id) {
    std::stable_sort(into_[id].begin(), into_[id].end(),
                     [](const Feed& a, const Feed& b) { return a.priority < b.priority; });
    open[id] = into_[id].size();
    if (open[id] == 0) order_.push_back(id);
  }
  for (std::size_t at = 0; at < order_.size(); ++at) {
    for (const Feed& feed : out_of_[order_[at]]) {
      if (--open[feed.node] == 0) order_.push_back(feed.node);
    }
  }
}

std::optional<NodeId> Network::find(std::string_view name) const {
  const auto at = ids_.find(name);
  if (at == ids_.end()) return std::nullopt;
  return at->second;
}

std::int64_t Network::units_needed(NodeId id) const { return node(id).units_needed.value_or(node(id).units); }

std::vector<WeakPoints> weak_points(const Network& network) {
  const auto root = static_cast<NodeId>(network.size());
  // Dominators of a sink that fail whole, nearest first.
  const auto chain = [&](const std::vector<NodeId>& parent, NodeId sink) {
    std::vector<NodeId> list;
    for (NodeId at = parent[sink]; at != root && at != kNobody; at = parent[at]) {
      if (network.fails_whole(at)) list.push_back(at);
    }
    std::sort(list.begin(), list.end());
    return list;
  };
  std::vector<WeakPoints> all;
  const std::vector<NodeId> whole = dominators(network, kNobody);
  const bool looks_for_pairs = network.size() - network.sinks().size() <= kMostNodesForPairs;
  for (const NodeId sink : network.sinks()) all.push_back({sink, chain(whole, sink), {}, looks_for_pairs});
  if (!looks_for_pairs) return all;
  for (NodeId first = 0; first < root; ++first) {
    if (is_sink(network.kind(first)) || !network.fails_whole(first)) continue;
    const std::vector<NodeId> parent = dominators(network, first);
    for (WeakPoints& points : all) {
      const auto is_single = [&](NodeId id) {
        return std::binary_search(points.single.begin(), points.single.end(), id);
      };
      if (!points.has_all_pairs || is_single(first)) continue;
      for (const NodeId second : chain(parent, points.sink)) {
        if (second > first && !is_single(second)) points.pairs.emplace_back(first, second);
      }
      if (points.pairs.size() <= kMostWeakPairs) continue;
      points.pairs.resize(kMostWeakPairs);
      points.has_all_pairs = false;
    }
  }
  return all;
}

}  // namespace tokenworks::power
