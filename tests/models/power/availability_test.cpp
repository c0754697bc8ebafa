#include "models/power/availability.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/power/small_networks.hpp"

using namespace tokenworks;
using namespace tokenworks::power;
using namespace tokenworks::power::tests;

namespace {

ReliabilitySpec fails(double per_year, double repair_h, double on_demand = 0.0) {
  return {per_year, repair_h, on_demand};
}

/// MTBF of 900 h and MTTR of 100 h: up for 90 % of the time.
ReliabilitySpec nine_tenths() { return fails(8760.0 / 900.0, 100.0); }

void check_against_simulation(const Network& network, const AvailabilitySpec& spec, double years, std::uint64_t seed) {
  const auto formula = availability(network, spec);
  const auto drawn = simulated_availability(network, years, seed, spec);
  for (std::size_t i = 0; i < formula.size(); ++i) {
    CAPTURE(network.name(formula[i].sink), formula[i].availability, drawn[i].availability, drawn[i].standard_error);
    CHECK(std::abs(formula[i].availability - drawn[i].availability) <= 4.5 * drawn[i].standard_error + 1e-9);
  }
}

/// Failures so frequent that a simulation sees pairs of them.
void make_frail(NetworkSpec& spec) {
  for (NodeSpec& node : spec.nodes) {
    const NodeKind kind = node_kind(node.kind);
    if (is_sink(kind)) continue;
    node.reliability = kind == NodeKind::generator ? fails(3.0, 60.0, 0.2) : fails(6.0, 80.0);
  }
}

}  // namespace

TEST_CASE("availability: series, parallel and k of n by hand", "[models][power]") {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("a", "switchgear"), node("b", "switchgear"), node("racks", "rack")};
  for (int i = 0; i < 3; ++i) spec.nodes[static_cast<std::size_t>(i)].reliability = nine_tenths();
  spec.feeds = feeds({"grid>a", "a>b", "b>racks"});
  CHECK_THAT(availability(Network(spec))[0].availability, WithinAbs(0.9 * 0.9 * 0.9, 1e-12));
  spec.feeds = feeds({"grid>a", "grid>b", "a>racks", "b>racks"});
  CHECK_THAT(availability(Network(spec))[0].availability, WithinAbs(0.9 * 0.99, 1e-12));
  spec.feeds = feeds({"grid>a", "a>b", "b>racks"});
  spec.nodes[1].units = 3;
  spec.nodes[1].units_needed = 2;
  AvailabilitySpec independent;
  independent.common_cause_share = 0.0;
  // 2 of 3: 3 * 0.81 * 0.1 + 0.729 = 0.972.
  CHECK_THAT(availability(Network(spec), independent)[0].availability, WithinAbs(0.9 * 0.972 * 0.9, 1e-12));
  // All of a unit's failures in common: as one unit.
  independent.common_cause_share = 1.0;
  CHECK_THAT(availability(Network(spec), independent)[0].availability, WithinAbs(0.9 * 0.9 * 0.9, 1e-12));
}

TEST_CASE("availability: a generator stands by, and may fail to start", "[models][power]") {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("set", "generator"), node("board", "switchgear"), node("racks", "rack")};
  spec.nodes[0].reliability = nine_tenths();
  spec.nodes[1].reliability = fails(0, 0, 0.1);
  spec.nodes[2].reliability = fails(0, 0);
  spec.feeds = feeds({"grid>board", "set>board:1", "board>racks"});
  CHECK_THAT(availability(Network(spec))[0].availability, WithinAbs(1 - 0.1 * 0.1, 1e-12));
  check_against_simulation(Network(spec), {}, 4000, 7);
}

TEST_CASE("availability: redundant paths with a cause in common", "[models][power]") {
  NetworkSpec spec;
  spec.nodes = {node("grid_a", "utility"), node("grid_b", "utility"), node("a", "switchgear"), node("b", "switchgear"),
                node("racks", "rack")};
  spec.nodes[0].reliability = spec.nodes[1].reliability = fails(0, 0);
  spec.nodes[2].reliability = spec.nodes[3].reliability = nine_tenths();
  spec.feeds = feeds({"grid_a>a", "grid_b>b", "a>racks", "b>racks"});
  spec.redundant = {{{"a", "b"}}};
  AvailabilitySpec settings;
  settings.common_cause_share = 0.1;
  const double rate = 8760.0 / 900.0 / 8760.0;
  const double alone = 1 - 1 / (1 + 0.9 * rate * 100), common = 1 / (1 + 0.1 * rate * 100);
  CHECK_THAT(availability(Network(spec), settings)[0].availability, WithinAbs(common * (1 - alone * alone), 1e-12));
  check_against_simulation(Network(spec), settings, 4000, 8);
}

TEST_CASE("availability: formula and simulation agree, by redundancy", "[models][power][law]") {
  std::uint64_t seed = 11;
  for (const auto redundancy : chain_redundancies()) {
    NetworkSpec spec = standard_chain(design(std::string(redundancy)));
    make_frail(spec);
    CAPTURE(redundancy);
    check_against_simulation(Network(spec), {}, 3000, seed++);
  }
}

TEST_CASE("availability: formula and simulation agree on random networks", "[models][power][law]") {
  int far = 0, all = 0;
  REQUIRE(rc::check([&] {
    NetworkSpec spec = random_network();
    make_frail(spec);
    const Network network(spec);
    const auto formula = availability(network);
    const auto drawn = simulated_availability(network, 60, static_cast<std::uint64_t>(*rc::gen::inRange(0, 1 << 30)));
    for (std::size_t i = 0; i < formula.size(); ++i) {
      const double distance = std::abs(formula[i].availability - drawn[i].availability);
      RC_ASSERT(distance <= 5.5 * drawn[i].standard_error + 4e-4);  // where 60 years see a handful of outages
      if (formula[i].availability > 0.99) continue;
      ++all;
      far += distance > 2.0 * drawn[i].standard_error;
    }
  }));
  CHECK(all > 20);
  CHECK(far < all / 8);  // 4.6 % where errors are normal, and batches are few
}

TEST_CASE("availability: as wide as a standard chain can be", "[models][power]") {
  const auto wide = [](const char* redundancy, int groups) {
    ChainDesign design;
    design.redundancy = redundancy;
    design.blocks = 100;
    design.busway_per_group = true;
    for (int i = 0; i < groups; ++i) design.racks.push_back({fmt::format("racks_{}", i), Watts(1e6), Watts(0)});
    design.mechanical = Watts(3e5 * groups);
    return availability(Network(standard_chain(design)));
  };
  // A hundred blocks and a reserve: of the loads of a block each is as in three blocks; the cooling hangs on all.
  const auto blocks = wide("block_redundant", 100);
  const auto few = wide("block_redundant", 3);
  CHECK_THAT(blocks.front().availability, WithinAbs(few.front().availability, 1e-12));
  CHECK(blocks.back().availability <= 1.0);
  CHECK_THAT(blocks.back().availability, WithinAbs(1.0, 1e-12));
  const auto sides = wide("2n", 50);
  CHECK(sides.size() == 51);
  CHECK_THAT(sides[0].availability, WithinAbs(sides[2].availability, 1e-12));
}

TEST_CASE("availability: a deep tree is no trouble, a dense one is given up", "[models][power]") {
  // Each layer of `wide` nodes is fed by three of the layer above.
  const auto layers = [](int deep, int wide) {
    NetworkSpec spec;
    const auto name = [](int layer, int place) { return fmt::format("node_{}_{}", layer, place); };
    for (int layer = 0; layer < deep; ++layer) {
      for (int i = 0; i < wide; ++i) {
        spec.nodes.push_back(node(name(layer, i), layer == 0 ? "utility" : layer + 1 < deep ? "switchgear" : "rack"));
        for (int k = 0; layer > 0 && k < std::min(wide, 3); ++k) {
          spec.feeds.push_back({name(layer - 1, (i + k * (k + 1) / 2) % wide), name(layer, i), 1.0, 0});
        }
      }
    }
    return spec;
  };
  const double alone = 1 / (1 + 1.956 * 1.32 / 8760), board = 1 / (1 + 0.01 * 27 / 8760);
  CHECK_THAT(availability(Network(layers(2002, 1)))[0].availability, WithinRel(alone * std::pow(board, 2000), 1e-9));
  CHECK(availability(Network(layers(60, 4))).size() == 4);
  CHECK_THROWS_AS(availability(Network(layers(6, 40))), std::invalid_argument);
}

TEST_CASE("availability: of very many units", "[models][power]") {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("ups", "ups", 1e6), node("racks", "rack")};
  spec.nodes[0].reliability = fails(0, 0);
  spec.nodes[1].reliability = nine_tenths();
  spec.nodes[1].units = 1'000'000;
  spec.feeds = feeds({"grid>ups", "ups>racks"});
  AvailabilitySpec independent;
  independent.common_cause_share = 0.0;
  // 900,000 are expected to work, give or take 300: the median.
  spec.nodes[1].units_needed = 900'000;
  CHECK_THAT(availability(Network(spec), independent)[0].availability, WithinAbs(0.5, 0.002));
  spec.nodes[1].units_needed = 1;
  CHECK_THAT(availability(Network(spec), independent)[0].availability, WithinAbs(1.0, 1e-8));
}

TEST_CASE("availability: more redundancy, more of the time; published defaults", "[models][power]") {
  const auto racks = [](const char* redundancy) {
    return availability(Network(standard_chain(design(redundancy))))[0].availability;
  };
  CHECK(racks("n") < racks("n_plus_1"));
  CHECK(racks("n_plus_1") < racks("2n"));
  CHECK(racks("n") < racks("block_redundant"));
  CHECK(racks("n") > 0.999);
  // The utility alone: 1.956 a year of 1.32 h each.
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("racks", "rack")};
  spec.feeds = feeds({"grid>racks"});
  CHECK_THAT(availability(Network(spec))[0].availability, WithinAbs(1 / (1 + 1.956 * 1.32 / 8760), 1e-12));
  CHECK(default_reliability(NodeKind::ups).evidence == 'E');
}
