// Question   what each part of the power tree carries and loses, now
// Equation   input = output + round(loss(output)) + what its battery takes; each live feed of the lowest priority takes
//            its share of the input: all whole milliwatts, each a function of the node's own whole numbers
// Source     loss laws: models/power/loss_law.hpp
// Valid for  real power; feeds share by fixed weights, so impedances are not solved
// Checked by tests/models/power/power_flow_test.cpp: conservation, any order of changes gives the same numbers
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/core/whole_power.hpp"
#include "models/power/network.hpp"
#include "models/power/storage_shaping.hpp"

namespace tokenworks::power {

class PowerFlow {
 public:
  /// All in service, sources on (generators off), batteries at rest, every sink draws its idle power.
  explicit PowerFlow(const Network& network);

  const Network& network() const { return *network_; }

  // Changes ----------------------------------------------------------------------------------------------------------
  /// A load draws `demand` from now on; while dark it draws nothing, and the demand waits.
  void set_demand(NodeId sink, Milliwatts demand) {
    const std::uint32_t position = position_[sink];
    Node& node = nodes_[position];
    node.demand = demand;
    if (node.alive) change_input(position, demand);
  }
  /// Opens or closes the breakers of a node.
  void set_in_service(NodeId node, bool in_service);
  /// Units of it that work; without units_needed of them it still carries what it can: the caller opens it.
  void set_units(NodeId node, std::int64_t units);
  /// A source has power to give.
  void set_source(NodeId node, bool on);
  /// A UPS or battery carries what hangs on it from its store while none of its feeds is alive.
  void set_carries(NodeId node, bool carries);
  /// What the store of a UPS or battery takes while a feed is alive; below 0 it gives up to so much, never more than
  /// the node needs.
  void set_storage_draw(NodeId node, Milliwatts draw);
  /// While a feed is alive and no walk-in runs, the node's draw is kept in a band by its store; `wish` is what the
  /// store would take (< 0: give) besides.
  void set_band(NodeId node, const StoreBand& band, Milliwatts wish);
  void clear_band(NodeId node);
  /// Only so much (0..1, in 2^-16) of the node's input is drawn from its feeds, the rest from its store: a walk-in.
  void set_walk_in(NodeId node, std::uint32_t share_q16);
  /// Opens or closes the way between two nodes (a block of load that waits its turn).
  void set_feed_closed(NodeId from, NodeId to, bool closed);
  /// While a feed of at least this priority is alive, those of lower priority wait although they are back: a transfer
  /// switch before its re-transfer. 0: the lowest carries as ever.
  void set_least_priority(NodeId node, std::int64_t priority);
  /// Takes several changes of topology at once: between hold() and release() nothing is worked out. Calls nest.
  void hold_topology() { ++held_; }
  void release_topology();

  // Now --------------------------------------------------------------------------------------------------------------
  bool is_alive(NodeId node) const { return at(node).alive; }
  bool is_in_service(NodeId node) const { return at(node).in_service; }
  /// Alive without a live feed: on its store.
  bool is_on_storage(NodeId node) const { return at(node).on_storage; }
  /// Lowest priority of its feeds that are alive and closed, used or not; none: it has none.
  std::optional<std::int64_t> best_live_priority(NodeId node) const;
  std::int64_t least_priority(NodeId node) const { return least_priority_[node]; }
  std::int64_t units(NodeId node) const { return units_[node]; }
  Milliwatts demand(NodeId sink) const { return at(sink).demand; }
  Milliwatts output(NodeId node) const { return at(node).output; }
  /// Drawn from its feeds; of a source what it gives.
  Milliwatts input(NodeId node) const { return at(node).input; }
  Milliwatts loss(NodeId node) const { return at(node).loss; }
  /// What its store takes (> 0) or gives (< 0) at its terminals.
  Milliwatts storage(NodeId id) const {
    const Node& node = at(id);
    return has_storage(node.kind) ? node.input - node.output - node.loss : 0;
  }
  /// What it bears for ever, and what is planned for; 0: without limit.
  Milliwatts rating(NodeId node) const { return at(node).rating; }
  Milliwatts limit(NodeId node) const { return at(node).limit; }
  /// Lost in all nodes of a kind; of a kind of sources what they give, of a kind of sinks what they draw.
  Milliwatts loss_of(NodeKind kind) const { return loss_by_kind_[static_cast<std::size_t>(kind)]; }
  Milliwatts input_of(NodeKind kind) const { return input_by_kind_[static_cast<std::size_t>(kind)]; }
  Milliwatts given() const { return input_of(NodeKind::utility) + input_of(NodeKind::generator); }
  Milliwatts drawn() const {
    return input_of(NodeKind::rack) + input_of(NodeKind::mechanical) + input_of(NodeKind::house);
  }
  Milliwatts lost() const;
  /// Taken by stores, less what they give.
  Milliwatts stored() const;
  std::vector<NodeId> over_limit() const;
  std::vector<NodeId> dark_sinks() const;

  // Watching ---------------------------------------------------------------------------------------------------------
  /// Changes of a watched node's output are noted in touched().
  void set_watched(NodeId node, bool watched);
  const std::vector<NodeId>& touched() const { return touched_; }
  void clear_touched();

  /// Output of every node when each sink draws its largest demand and each store takes its largest draw (by node;
  /// empty: none): at the present topology, no node ever carries more than this.
  std::vector<Milliwatts> largest_possible(std::span<const Milliwatts> largest_demand,
                                           std::span<const Milliwatts> largest_draw = {}) const;
  /// The same with, besides, any single node out of service: the worst case of each.
  std::vector<Milliwatts> largest_after_any_loss(std::span<const Milliwatts> largest_demand,
                                                 std::span<const Milliwatts> largest_draw = {}) const;
  /// Works everything out anew; nothing changes (tests call it).
  PowerFlow from_scratch() const;

 private:
  static constexpr std::uint32_t kNone = 0xffffffffu, kWhole = 1u << 16;
  /// A live feed; `rest_q32`: of what the feeds before it left, the share that goes to those after it, in 2^-32.
  struct LiveFeed {
    std::uint32_t parent;
    std::uint32_t rest_q32;
  };
  struct alignas(64) Node {
    Milliwatts output = 0, input = 0, loss = 0;
    double idle = 0.0, linear = 0.0, square = 0.0;  // in milliwatts
    std::uint32_t first_feed = 0;
    std::uint16_t live_feeds = 0;
    NodeKind kind = NodeKind::busway;
    bool has_loss = false, watched = false, touched = false, alive = false;
    bool plain = true;  // its store neither takes nor gives
    // Seldom touched from here on.
    Milliwatts demand = 0;  // of a sink
    Milliwatts draw = 0;    // wanted by the store
    Milliwatts rating = 0, limit = 0;
    std::uint32_t walk_in_q16 = 1u << 16;
    std::uint32_t band = kNone;  // place of its band
    bool on_storage = false, in_service = true, source_on = false, carries = false;
  };

  Node& at(NodeId id) { return nodes_[position_[id]]; }
  const Node& at(NodeId id) const { return nodes_[position_[id]]; }
  void change_input(std::uint32_t position, Milliwatts input);
  void climb(std::uint32_t position, Milliwatts delta);
  void spread(const Node& node, Milliwatts before, Milliwatts after);
  void work_off();
  /// Loss and input from the output; the kind's sums follow. Returns the input before.
  Milliwatts settle(Node& node);
  Milliwatts input_with_store(const Node& node) const;
  static bool is_plain(const Node& node) {
    return node.draw == 0 && node.walk_in_q16 == kWhole && node.band == kNone && !node.on_storage;
  }
  void settle_store(Node& node);
  void note(Node& node, std::uint32_t position);
  void rate(NodeId id);
  void topology_changed();
  void rebuild();

  const Network* network_;
  std::vector<Node> nodes_;              // loads first: each before all that it draws from
  std::vector<std::uint32_t> position_;  // by id
  std::vector<NodeId> id_;               // by position
  std::vector<LiveFeed> feeds_;
  std::vector<StoreBand> bands_;
  std::vector<NodeId> stores_;
  std::vector<std::int64_t> units_;           // by id
  std::vector<std::int64_t> least_priority_;  // by id
  std::vector<std::vector<bool>> closed_;     // by id, by its feeds
  std::array<Milliwatts, kNodeKinds> loss_by_kind_{}, input_by_kind_{};
  std::vector<std::uint32_t> pending_;  // positions to settle, the next one last
  std::vector<NodeId> touched_;
  int held_ = 0;
  bool stale_ = false;
};

}  // namespace tokenworks::power
