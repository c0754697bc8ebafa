#include "models/power/standard_chain.hpp"

#include <rapidcheck.h>

#include <stdexcept>

#include "models/power/power_flow.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/power/lumped_chain.hpp"
#include "tests/models/power/small_networks.hpp"

using namespace tokenworks;
using namespace tokenworks::power;
using namespace tokenworks::power::tests;

TEST_CASE("standard chain: its losses are those of stages lumped together", "[models][power][law]") {
  static constexpr const char* kRedundancies[] = {"n", "n_plus_1", "2n"};
  static constexpr const char* kUps[] = {"double_conversion", "silicon_carbide", "eco", "none"};
  REQUIRE(rc::check([] {
    ChainDesign design;
    design.redundancy = kRedundancies[*rc::gen::inRange(0, 3)];
    design.ups = kUps[*rc::gen::inRange(0, 4)];
    const double nameplate = *rc::gen::inRange(1, 30000) * 1e3;
    design.racks = {{"a", Watts(0.7 * nameplate), Watts(0)}, {"b", Watts(0.3 * nameplate), Watts(0)}};
    design.mechanical = Watts(0.3 * nameplate);
    design.house = Watts(0.01 * nameplate);
    const LumpedChain chain(design);
    const Network network(standard_chain(design));
    PowerFlow flow(network);
    const double it = nameplate * *rc::gen::inRange(0, 120) / 100.0, cooling = 0.2 * it;
    flow.set_demand(*network.find("a"), to_milliwatts(Watts(0.4 * it)));
    flow.set_demand(*network.find("b"), to_milliwatts(Watts(0.6 * it)));
    flow.set_demand(*network.find("mechanical"), to_milliwatts(Watts(cooling)));
    flow.set_demand(*network.find("house"), to_milliwatts(design.house));
    const ChainLosses losses = chain.losses(Watts(it), Watts(cooling) + design.house);
    const auto near = [](Milliwatts got, Watts want) {
      return std::abs(static_cast<double>(got) - want.value * 1e3) <= 4.0 + std::abs(want.value) * 1e-9;
    };
    RC_ASSERT(near(flow.loss_of(NodeKind::busway), losses.busway));
    RC_ASSERT(near(flow.loss_of(NodeKind::ups), losses.ups));
    RC_ASSERT(near(flow.loss_of(NodeKind::transformer), losses.transformer));
  }));
}

TEST_CASE("standard chain: what it is made of, by redundancy", "[models][power]") {
  // 3 MW of racks in modules of 500 kW: 3.0225 MW with the busway are seven modules.
  const Network plain(standard_chain(design("n")));
  CHECK(plain.node(*plain.find("ups")).units == 7);
  CHECK(plain.fails_whole(*plain.find("ups")));
  const Network spare(standard_chain(design("n_plus_1")));
  CHECK(spare.node(*spare.find("ups")).units == 8);
  CHECK(spare.units_needed(*spare.find("ups")) == 7);
  CHECK(!spare.fails_whole(*spare.find("ups")));
  const Network twice(standard_chain(design("2n")));
  CHECK(twice.find("ups_a"));
  CHECK(twice.feeds_into(*twice.find("racks_a")).size() == 2);
  const Network blocks(standard_chain(design("block_redundant")));
  CHECK(blocks.find("ups_reserve"));
  CHECK(blocks.feeds_into(*blocks.find("racks_a")).back().priority == 1);
  ChainDesign unknown = design("3n");
  CHECK_THROWS_AS(standard_chain(unknown), std::invalid_argument);
}

TEST_CASE("standard chain: which parts darken racks", "[models][power]") {
  const auto names = [](const char* redundancy) {
    const Network network(standard_chain(design(redundancy)));
    std::vector<std::string> list;
    const std::vector<NodeId> single = weak_points(network).front().single;
    for (const NodeId id : single) list.push_back(network.name(id));
    return list;
  };
  CHECK(names("n") == std::vector<std::string>{"switchgear", "ups", "busway"});
  CHECK(names("n_plus_1") == std::vector<std::string>{"switchgear", "busway"});
  CHECK(names("2n").empty());
  CHECK(names("block_redundant").empty());
}

TEST_CASE("standard chain: one path of 2n lost, a block lost", "[models][power]") {
  const Network network(standard_chain(design("2n")));
  PowerFlow flow(network);
  for (const auto& [name, watts] : {std::pair{"racks_a", 1.0e6}, std::pair{"racks_b", 0.5e6}}) {
    flow.set_demand(*network.find(name), to_milliwatts(Watts(watts)));
  }
  const NodeId a = *network.find("busway_a"), b = *network.find("busway_b");
  const Milliwatts whole = flow.output(a) + flow.output(b);
  CHECK(std::abs(flow.output(a) - flow.output(b)) <= 3);
  flow.set_in_service(*network.find("ups_a"), false);
  CHECK(flow.output(b) == whole);
  CHECK(flow.output(a) == 0);
  CHECK(flow.dark_sinks().empty());

  const Network blocks(standard_chain(design("block_redundant")));
  PowerFlow reserve(blocks);
  const NodeId racks = *blocks.find("racks_a");
  reserve.set_demand(racks, 1'500'000'000);
  CHECK(reserve.output(*blocks.find("busway_reserve")) == 0);
  CHECK(reserve.loss(*blocks.find("ups_reserve")) > 0);  // it runs idle
  reserve.set_in_service(*blocks.find("ups_1"), false);
  CHECK(reserve.output(*blocks.find("busway_reserve")) == 1'500'000'000);
  CHECK(reserve.dark_sinks().empty());
  CHECK(reserve.over_limit().empty());
}
