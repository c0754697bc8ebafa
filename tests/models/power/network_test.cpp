#include "models/power/network.hpp"

#include <rapidcheck.h>

#include <algorithm>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/power/small_networks.hpp"

using namespace tokenworks;
using namespace tokenworks::power;
using namespace tokenworks::power::tests;

namespace {

std::string all_of(const std::vector<NetworkFault>& faults) {
  std::string text;
  for (const NetworkFault& fault : faults) text += fault.place + ": " + fault.message + "\n";
  return text;
}
bool has(const std::vector<NetworkFault>& faults, const std::string& place, const std::string& part) {
  return std::any_of(faults.begin(), faults.end(), [&](const NetworkFault& fault) {
    return fault.place == place && fault.message.find(part) != std::string::npos;
  });
}

NetworkSpec two_paths() {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"),      node("set", "generator"),    node("board", "switchgear"),
                node("ups_a", "ups", 1e6),    node("ups_b", "ups", 1e6),   node("way_a", "busway", 1e6),
                node("way_b", "busway", 1e6), node("racks", "rack", 800e3)};
  spec.feeds = feeds({"grid>board", "set>board:1", "board>ups_a", "board>ups_b", "ups_a>way_a", "ups_b>way_b",
                      "way_a>racks", "way_b>racks"});
  return spec;
}

/// Without `out`: does a source reach the sink?
bool reaches(const Network& network, NodeId sink, const std::vector<NodeId>& out) {
  std::vector<bool> alive(network.size(), false);
  for (const NodeId id : network.order()) {
    if (std::find(out.begin(), out.end(), id) != out.end()) continue;
    alive[id] = is_source(network.kind(id));
    for (const Network::Feed& feed : network.feeds_into(id)) alive[id] = alive[id] || alive[feed.node];
  }
  return alive[sink];
}

}  // namespace

TEST_CASE("power network: single points of failure and pairs of a hand-made graph", "[models][power]") {
  const Network network(two_paths());
  const std::vector<WeakPoints> weak = weak_points(network);
  REQUIRE(weak.size() == 1);
  const auto id = [&](const char* name) { return *network.find(name); };
  CHECK(weak[0].single == std::vector<NodeId>{id("board")});
  // Both sources; and one part of each path.
  const std::vector<std::pair<NodeId, NodeId>> pairs = {{id("grid"), id("set")},
                                                        {id("ups_a"), id("ups_b")},
                                                        {id("ups_a"), id("way_b")},
                                                        {id("ups_b"), id("way_a")},
                                                        {id("way_a"), id("way_b")}};
  CHECK(weak[0].pairs == pairs);
}

TEST_CASE("power network: a node with a unit to spare is no single point", "[models][power]") {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("ups", "ups", 1e6), node("racks", "rack")};
  spec.nodes[1].units = 3;
  spec.feeds = feeds({"grid>ups", "ups>racks"});
  CHECK(weak_points(Network(spec))[0].single == std::vector<NodeId>{0, 1});
  spec.nodes[1].units_needed = 2;
  CHECK(weak_points(Network(spec))[0].single == std::vector<NodeId>{0});
}

TEST_CASE("power network: weak points are those of brute force", "[models][power][law]") {
  REQUIRE(rc::check([] {
    const Network network(random_network());
    for (const WeakPoints& weak : weak_points(network)) {
      std::vector<NodeId> single;
      std::vector<std::pair<NodeId, NodeId>> pairs;
      std::vector<NodeId> parts;
      for (NodeId id = 0; id < network.size(); ++id) {
        if (!is_sink(network.kind(id)) && network.fails_whole(id)) parts.push_back(id);
      }
      for (const NodeId id : parts) {
        if (!reaches(network, weak.sink, {id})) single.push_back(id);
      }
      const auto is_single = [&](NodeId id) { return std::find(single.begin(), single.end(), id) != single.end(); };
      for (const NodeId a : parts) {
        for (const NodeId b : parts) {
          if (a < b && !is_single(a) && !is_single(b) && !reaches(network, weak.sink, {a, b})) pairs.emplace_back(a, b);
        }
      }
      RC_ASSERT(weak.single == single);
      RC_ASSERT(weak.pairs == pairs);
    }
  }));
}

TEST_CASE("power network: of very many pairs the first are told, of very large networks none", "[models][power]") {
  // Two ways of `length` parts in series: each of the one with each of the other.
  const auto two_ways = [](int length) {
    NetworkSpec spec;
    for (int side = 0; side < 2; ++side) {
      for (int i = 0; i < length; ++i) {
        const std::string name = fmt::format("part_{}_{}", side, i);
        spec.nodes.push_back(node(name, i == 0 ? "utility" : "switchgear"));
        if (i > 0) spec.feeds.push_back({fmt::format("part_{}_{}", side, i - 1), name, 1.0, 0});
      }
      spec.feeds.push_back({spec.nodes.back().name, "racks", 1.0, 0});
    }
    spec.nodes.push_back(node("racks", "rack"));
    return spec;
  };
  const WeakPoints all = weak_points(Network(two_ways(16))).front();
  CHECK(all.pairs.size() == 256);
  CHECK(all.has_all_pairs);
  const WeakPoints first = weak_points(Network(two_ways(17))).front();
  CHECK(first.pairs.size() == kMostWeakPairs);
  CHECK(!first.has_all_pairs);
  CHECK(first.pairs[1] == std::pair<NodeId, NodeId>{0, 18});
  const WeakPoints none = weak_points(Network(two_ways(1001))).front();
  CHECK(none.pairs.empty());
  CHECK(!none.has_all_pairs);
}

TEST_CASE("power network: a sound one has no faults", "[models][power]") {
  CHECK(all_of(network_faults(two_paths())).empty());
  NetworkSpec spec = two_paths();
  spec.nodes.insert(spec.nodes.begin(), node("grid_b", "utility"));
  spec.nodes.push_back(node("board_b", "switchgear"));
  spec.feeds[3].from = "board_b";
  spec.feeds.push_back({"grid_b", "board_b", 1.0, 0});
  spec.redundant = {{{"way_a", "way_b"}}};
  CHECK(all_of(network_faults(spec)).empty());
}

TEST_CASE("power network: every fault is told, with its place", "[models][power][bad input]") {
  NetworkSpec spec = two_paths();
  spec.redundant = {{{"way_a", "way_b"}}, {{"ups_a"}}, {{"ups_a", "nobody"}}};
  auto faults = network_faults(spec);
  INFO(all_of(faults));
  CHECK(has(faults, "/redundant/0/nodes/1", "both depend on \"grid\", \"set\", \"board\""));
  CHECK(has(faults, "/redundant/1/nodes", "takes two"));
  CHECK(has(faults, "/redundant/2/nodes/1", "no node is called \"nobody\""));
  CHECK(faults.size() == 3);

  spec = two_paths();
  spec.nodes.push_back(node("way_a", "busway", 1e6));
  spec.nodes.push_back(node("windmill", "wind"));
  spec.nodes.push_back(node("lonely", "rack"));
  spec.nodes.push_back(node("spare", "pdu"));
  spec.nodes[0].loss = LossSpec{};
  spec.nodes[2].storage = StorageSpec{};
  spec.nodes[3].generator = GeneratorSpec{};
  spec.nodes[3].units_needed = 2;
  spec.nodes[4].idle = Watts(5);
  spec.nodes[7].units = 2;
  spec.nodes[7].idle = Watts(900e3);
  for (const FeedSpec& feed : feeds({"nobody>racks", "racks>house", "racks>way_b", "way_a>grid", "board>ups_a"})) {
    spec.feeds.push_back(feed);
  }
  faults = network_faults(spec);
  INFO(all_of(faults));
  CHECK(has(faults, "/nodes/8/name", "names /nodes/5 already"));
  CHECK(has(faults, "/nodes/9/kind", "\"wind\""));
  CHECK(has(faults, "/nodes/11/rating_w", "need a rating"));
  CHECK(has(faults, "/nodes/0/loss", "has no loss"));
  CHECK(has(faults, "/nodes/2/storage", "only a ups or a battery"));
  CHECK(has(faults, "/nodes/3/generator", "not a generator"));
  CHECK(has(faults, "/nodes/3/units_needed", "between 1 and the node's 1 units"));
  CHECK(has(faults, "/nodes/4/idle_w", "only loads"));
  CHECK(has(faults, "/nodes/7/units", "has no units"));
  CHECK(has(faults, "/nodes/7/idle_w", "above the rating"));
  CHECK(has(faults, "/feeds/8/from", "\"nobody\""));
  CHECK(has(faults, "/feeds/9/to", "\"house\""));
  CHECK(has(faults, "/feeds/10/from", "a load: it feeds nothing"));
  CHECK(has(faults, "/feeds/11/to", "a source: nothing feeds it"));
  CHECK(has(faults, "/feeds/12", "in /feeds/2 already"));
}

TEST_CASE("power network: loops, and what nothing feeds", "[models][power][bad input]") {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("a", "switchgear"), node("b", "switchgear"),     node("c", "switchgear"),
                node("racks", "rack"),   node("lonely", "rack"),  node("island", "switchgear")};
  spec.feeds = feeds({"grid>a", "a>b", "b>c", "c>a", "c>racks"});
  auto faults = network_faults(spec);
  CHECK(has(faults, "/feeds/1", "in a loop through \"a\", \"b\", \"c\""));
  spec.feeds.erase(spec.feeds.begin() + 3);
  spec.feeds.push_back({"island", "racks", 1.0, 0});
  faults = network_faults(spec);
  CHECK(has(faults, "/nodes/5", "\"lonely\" is fed by nothing"));
  CHECK(has(faults, "/nodes/6", "\"island\" is fed by nothing"));
  spec.nodes[0].kind = "generator";
  CHECK(has(network_faults(spec), "/nodes", "no node is a utility"));
  spec.nodes[4].kind = "pdu";
  spec.nodes[4].rating = Watts(1e6);
  CHECK(has(network_faults(spec), "/nodes/4", "feeds nothing"));
  spec.feeds.push_back({"a", "a", 1.0, 0});
  CHECK(has(network_faults(spec), "/feeds/5", "in a loop through \"a\""));
  CHECK_THROWS_AS(Network(spec), std::invalid_argument);
}

TEST_CASE("power network: a rating below what loads draw at rest", "[models][power][bad input]") {
  NetworkSpec spec = two_paths();
  spec.nodes[7].idle = Watts(700e3);
  spec.nodes[3].rating = Watts(300e3);  // half of 700 kW and the busway's losses
  const auto faults = network_faults(spec);
  INFO(all_of(faults));
  CHECK(has(faults, "/nodes/3/rating_w", "rated 300000 W, below the 350919"));
  CHECK(faults.size() == 1);
}

TEST_CASE("power network: storage and trip curves that make no sense", "[models][power][bad input]") {
  NetworkSpec spec = two_paths();
  spec.nodes[3].storage = StorageSpec{};
  spec.nodes[3].storage->soc_low = 1.0;
  spec.nodes[4].trip = TripSpec{};
  spec.nodes[4].trip->points = {{1.5, Seconds(30)}, {1.2, Seconds(60)}};
  spec.nodes[4].ups = "flywheel";
  const auto faults = network_faults(spec);
  INFO(all_of(faults));
  CHECK(has(faults, "/nodes/3/storage/soc_high", "not above soc_low"));
  CHECK(has(faults, "/nodes/4/trip/points", "loads must rise"));
  CHECK(has(faults, "/nodes/4/ups", "flywheel"));
}
