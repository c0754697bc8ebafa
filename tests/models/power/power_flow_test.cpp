#include "models/power/power_flow.hpp"

#include <rapidcheck.h>

#include <algorithm>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/power/small_networks.hpp"

using namespace tokenworks;
using namespace tokenworks::power;
using namespace tokenworks::power::tests;

namespace {

void assert_equal(const PowerFlow& a, const PowerFlow& b) {
  for (NodeId id = 0; id < a.network().size(); ++id) {
    RC_ASSERT(a.output(id) == b.output(id));
    RC_ASSERT(a.input(id) == b.input(id));
    RC_ASSERT(a.loss(id) == b.loss(id));
    RC_ASSERT(a.is_alive(id) == b.is_alive(id));
  }
  for (std::size_t kind = 0; kind < kNodeKinds; ++kind) {
    RC_ASSERT(a.loss_of(static_cast<NodeKind>(kind)) == b.loss_of(static_cast<NodeKind>(kind)));
    RC_ASSERT(a.input_of(static_cast<NodeKind>(kind)) == b.input_of(static_cast<NodeKind>(kind)));
  }
}

void assert_conserved(const PowerFlow& flow) {
  Milliwatts given = 0, taken = 0, losses = 0;
  for (NodeId id = 0; id < flow.network().size(); ++id) {
    const NodeKind kind = flow.network().kind(id);
    if (is_source(kind)) given += flow.input(id);
    if (is_sink(kind)) taken += flow.input(id);
    losses += flow.loss(id);
    RC_ASSERT(flow.output(id) >= 0 && flow.input(id) >= 0 && flow.loss(id) >= 0);
    if (!flow.is_alive(id)) RC_ASSERT(flow.input(id) == 0 && flow.output(id) == 0 && flow.loss(id) == 0);
  }
  RC_ASSERT(given == taken + losses + flow.stored());
  RC_ASSERT(given == flow.given() && taken == flow.drawn() && losses == flow.lost());
}

/// One change of any kind.
void change(PowerFlow& flow) {
  const Network& network = flow.network();
  const auto node = static_cast<NodeId>(*rc::gen::inRange<int>(0, static_cast<int>(network.size())));
  const NodeKind kind = network.kind(node);
  const int what = *rc::gen::inRange(0, 10);
  if (is_sink(kind)) return flow.set_demand(node, *rc::gen::inRange(0, 500'000'000));
  if (what == 0) return flow.set_in_service(node, !flow.is_in_service(node));
  if (what == 1 && is_source(kind)) return flow.set_source(node, *rc::gen::inRange(0, 2) == 1);
  if (what == 8 && !network.feeds_into(node).empty()) {
    return flow.set_feed_closed(network.feeds_into(node).front().node, node, *rc::gen::inRange(0, 2) == 1);
  }
  if (what == 9) return flow.set_least_priority(node, *rc::gen::inRange(0, 2));
  if (what == 2) return flow.set_units(node, *rc::gen::inRange<std::int64_t>(1, 4));
  if (has_storage(kind) && what == 3) return flow.set_carries(node, *rc::gen::inRange(0, 2) == 1);
  if (has_storage(kind) && what == 4) return flow.set_storage_draw(node, *rc::gen::inRange(-100'000'000, 100'000'000));
  if (has_storage(kind) && what == 5) {
    return flow.set_walk_in(node, static_cast<std::uint32_t>(*rc::gen::inRange(0, 65537)));
  }
  if (has_storage(kind) && what == 6) {
    const auto power = [](Milliwatts most) { return *rc::gen::inRange<Milliwatts>(0, most); };
    StoreBand band;
    band.low = power(300'000'000);
    band.high = band.low + power(300'000'000);
    band.most_given = power(200'000'000);
    band.most_taken = power(200'000'000);
    return flow.set_band(node, band, *rc::gen::inRange(-100'000'000, 100'000'000));
  }
  if (has_storage(kind) && what == 7) return flow.clear_band(node);
  const auto& sinks = network.sinks();
  flow.set_demand(sinks[static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(sinks.size())))],
                  *rc::gen::inRange(0, 500'000'000));
}

}  // namespace

TEST_CASE("power flow: what sources give is drawn, lost or stored, to the milliwatt", "[models][power][law]") {
  REQUIRE(rc::check([] {
    const Network network(random_network());
    PowerFlow flow(network);
    for (int i = 0; i < 30; ++i) {
      change(flow);
      assert_conserved(flow);
      assert_equal(flow, flow.from_scratch());
    }
  }));
}

TEST_CASE("power flow: the order of changes does not show", "[models][power][law]") {
  REQUIRE(rc::check([] {
    const Network network(random_network());
    PowerFlow one(network), other(network);
    std::vector<std::pair<NodeId, Milliwatts>> demands;
    for (const NodeId sink : network.sinks()) demands.emplace_back(sink, *rc::gen::inRange(0, 900'000'000));
    for (const auto& [sink, demand] : demands) one.set_demand(sink, demand);
    for (int i = 0; i < 10; ++i) {
      const auto& some = demands[static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(demands.size())))];
      other.set_demand(some.first, *rc::gen::inRange(0, 900'000'000));
    }
    std::reverse(demands.begin(), demands.end());
    for (const auto& [sink, demand] : demands) other.set_demand(sink, demand);
    assert_equal(one, other);
  }));
}

TEST_CASE("power flow: more load never draws less anywhere", "[models][power][law]") {
  REQUIRE(rc::check([] {
    const Network network(random_network());
    PowerFlow flow(network);
    for (int i = 0; i < 10; ++i) change(flow);
    const PowerFlow before = flow;
    const auto& sinks = network.sinks();
    const NodeId sink = sinks[static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(sinks.size())))];
    flow.set_demand(sink, flow.demand(sink) + *rc::gen::inRange(0, 100'000));
    for (NodeId id = 0; id < network.size(); ++id) RC_ASSERT(flow.input(id) >= before.input(id));
  }));
}

TEST_CASE("power flow: no demand within its bound carries a node beyond the largest possible", "[models][power][law]") {
  REQUIRE(rc::check([] {
    const Network network(random_network());
    PowerFlow flow(network);
    for (int i = 0; i < 5; ++i) change(flow);
    for (const NodeId id : network.order()) {
      if (!has_storage(network.kind(id))) continue;
      flow.clear_band(id);
      flow.set_storage_draw(id, 0);
    }
    std::vector<Milliwatts> largest(network.size(), 0);
    for (const NodeId sink : network.sinks()) largest[sink] = *rc::gen::inRange(1, 900'000'000);
    const auto bound = flow.largest_possible(largest), after_loss = flow.largest_after_any_loss(largest);
    for (int i = 0; i < 5; ++i) {
      for (const NodeId sink : network.sinks()) {
        flow.set_demand(sink, *rc::gen::inRange<Milliwatts>(0, largest[sink] + 1));
      }
      for (NodeId id = 0; id < network.size(); ++id) RC_ASSERT(flow.output(id) <= bound[id]);
    }
    const auto lost = static_cast<NodeId>(*rc::gen::inRange<int>(0, static_cast<int>(network.size())));
    if (is_sink(network.kind(lost))) return;
    flow.set_in_service(lost, false);
    for (NodeId id = 0; id < network.size(); ++id) RC_ASSERT(flow.output(id) <= after_loss[id]);
  }));
}

TEST_CASE("power flow: shares, transfer to what waits, and the dark", "[models][power]") {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("set", "generator"), node("a", "switchgear"),
                node("b", "switchgear"), node("c", "switchgear"),  node("racks", "rack")};
  spec.feeds = feeds({"grid>a", "grid>b", "set>c", "a>racks", "b>racks", "c>racks:1"});
  spec.feeds[3].share = 2.0;
  const Network network(spec);
  PowerFlow flow(network);
  const auto id = [&](const char* name) { return *network.find(name); };
  flow.set_demand(id("racks"), 900);
  CHECK(flow.output(id("a")) == 600);
  CHECK(flow.output(id("b")) == 300);
  CHECK(!flow.is_alive(id("c")));
  flow.set_in_service(id("a"), false);
  CHECK(flow.output(id("b")) == 900);
  flow.set_source(id("grid"), false);
  CHECK(flow.dark_sinks() == std::vector<NodeId>{id("racks")});
  CHECK(flow.given() == 0);
  flow.set_demand(id("racks"), 1200);  // waits
  CHECK(flow.drawn() == 0);
  flow.set_source(id("set"), true);
  CHECK(flow.output(id("c")) == 1200);
  CHECK(flow.input_of(NodeKind::generator) == 1200);
  flow.hold_topology();
  flow.set_source(id("grid"), true);
  flow.set_in_service(id("a"), true);
  CHECK(flow.output(id("c")) == 1200);  // not yet
  flow.release_topology();
  CHECK(flow.output(id("a")) == 800);
  CHECK(flow.output(id("c")) == 0);
  flow.set_least_priority(id("racks"), 1);  // as before a re-transfer
  CHECK(flow.output(id("c")) == 1200);
  CHECK(flow.best_live_priority(id("racks")) == 0);
  flow.set_source(id("set"), false);
  CHECK(flow.output(id("a")) == 800);
  flow.set_feed_closed(id("a"), id("racks"), false);
  CHECK(flow.output(id("b")) == 1200);
}

TEST_CASE("power flow: a UPS on its battery, walking in, recharging", "[models][power]") {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("ups", "ups", 1e6), node("racks", "rack")};
  spec.feeds = feeds({"grid>ups", "ups>racks"});
  const Network network(spec);
  PowerFlow flow(network);
  const NodeId grid = 0, ups = 1, racks = 2;
  flow.set_demand(racks, 500'000'000);
  const Milliwatts need = 500'000'000 + flow.loss(ups);
  CHECK_THAT(static_cast<double>(flow.loss(ups)), WithinRel(1e9 * (0.01072 + 0.01113 * 0.5 + 0.01761 * 0.25), 1e-6));
  flow.set_carries(ups, true);
  flow.set_source(grid, false);
  CHECK(flow.is_on_storage(ups));
  CHECK(flow.storage(ups) == -need);
  CHECK(flow.dark_sinks().empty());
  flow.set_source(grid, true);
  flow.set_walk_in(ups, 1u << 15);
  CHECK(flow.given() == need / 2);
  CHECK(flow.storage(ups) == -(need - need / 2));
  flow.set_walk_in(ups, 1u << 16);
  flow.set_storage_draw(ups, 20'000'000);
  CHECK(flow.given() == need + 20'000'000);
  CHECK(flow.storage(ups) == 20'000'000);
  flow.set_storage_draw(ups, -2 * need);  // never more than it needs
  CHECK(flow.given() == 0);
  CHECK(flow.storage(ups) == -need);
}

TEST_CASE("power flow: a draw is kept in its band as far as the store bears it", "[models][power]") {
  StoreBand band;
  band.low = 100;
  band.high = 500;
  band.most_given = 200;
  band.most_taken = 50;
  CHECK(band.draw(300, 0) == 300);
  CHECK(band.draw(300, 40) == 340);  // it charges
  CHECK(band.draw(300, 90) == 350);  // no faster than it can
  CHECK(band.draw(480, 40) == 500);  // no further than the band
  CHECK(band.draw(600, 40) == 500);  // it gives, whatever it would like
  CHECK(band.draw(900, 0) == 700);   // no more than it can
  CHECK(band.draw(70, 0) == 100);    // it takes
  CHECK(band.draw(20, 0) == 70);     // no more than it can
  CHECK(band.draw(30, -100) == 80);  // nor does it give into a draw that is too low
  CHECK(StoreBand{}.draw(300, 40) == 300);

  ShapingSpec spec;
  spec.limit = Watts(1);
  spec.ramp_w_per_min = 0.06;
  CHECK(band_of(spec, std::nullopt, Seconds(60)).high == 1000);
  CHECK(band_of(spec, 700, Seconds(60)).high == 760);
  CHECK(band_of(spec, 700, Seconds(60)).low == 640);
  CHECK(band_of(spec, 990, Seconds(60)).high == 1000);
  CHECK(band_of(spec, 20, Seconds(60)).low == 0);
  CHECK(band_of(spec, 2000, Seconds(60)).low == 1000);  // beyond the limit: down to it at once
}

TEST_CASE("power flow: limits, and watched nodes that are touched", "[models][power]") {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("board", "switchgear", 1000), node("racks", "rack"),
                node("house", "house")};
  spec.nodes[1].units = 2;
  spec.nodes[1].continuous_share = 0.8;
  spec.feeds = feeds({"grid>board", "board>racks", "grid>house"});
  const Network network(spec);
  PowerFlow flow(network);
  CHECK(flow.rating(1) == 2'000'000);
  CHECK(flow.limit(1) == 1'600'000);
  flow.set_demand(2, 1'600'000);
  CHECK(flow.over_limit().empty());
  flow.set_watched(1, true);
  flow.set_demand(3, 5);
  CHECK(flow.touched().empty());
  flow.set_demand(2, 1'600'001);
  flow.set_demand(2, 1'600'002);
  CHECK(flow.touched() == std::vector<NodeId>{1});
  CHECK(flow.over_limit() == std::vector<NodeId>{1});
  flow.clear_touched();
  flow.set_demand(2, 1'600'002);
  CHECK(flow.touched().empty());
  flow.set_units(1, 1);
  CHECK(flow.rating(1) == 1'000'000);
}
