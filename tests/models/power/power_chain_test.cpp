#include <rapidcheck.h>

#include <stdexcept>

#include "models/power/power_flow.hpp"
#include "models/power/standard_chain.hpp"
#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"
#include "tests/models/power/lumped_chain.hpp"

using namespace tokenworks;
using namespace tokenworks::power;
using namespace tokenworks::power::tests;

namespace {

ChainDesign chain_of(const std::string& redundancy, const std::string& ups, double nameplate_w) {
  ChainDesign design;
  design.redundancy = redundancy;
  design.ups = ups;
  design.racks = {{"racks", Watts(nameplate_w), Watts(0)}};
  return design;
}

ChainLosses losses(const ChainDesign& design, double it_w, double mechanical_w = 0.0) {
  const Network network(standard_chain(design));
  PowerFlow flow(network);
  flow.set_demand(*network.find("racks"), to_milliwatts(Watts(it_w)));
  if (const auto mechanical = network.find("mechanical"))
    flow.set_demand(*mechanical, to_milliwatts(Watts(mechanical_w)));
  return {Watts(to_watts(flow.loss_of(NodeKind::busway))), Watts(to_watts(flow.loss_of(NodeKind::ups))),
          Watts(to_watts(flow.loss_of(NodeKind::transformer)))};
}

double ups_efficiency(const std::string& redundancy, const std::string& ups, double load) {
  ChainDesign design = chain_of(redundancy, ups, 1e6);
  design.busway_loss_share = 0.0;
  const double it = 1e6 * load;
  return it / (it + losses(design, it).ups.value);
}

}  // namespace

TEST_CASE("power chain: UPS efficiency at the loads of the vendor curves", "[models][power]") {
  // "n" runs one system at the IT's own share of its rating.
  CHECK_THAT(ups_efficiency("n", "double_conversion", 0.25), WithinAbs(0.945, 0.001));
  CHECK_THAT(ups_efficiency("n", "double_conversion", 0.50), WithinAbs(0.960, 0.001));
  CHECK_THAT(ups_efficiency("n", "double_conversion", 1.00), WithinAbs(0.962, 0.001));
  CHECK_THAT(ups_efficiency("n", "silicon_carbide", 0.50), WithinAbs(0.972, 0.001));
  CHECK_THAT(ups_efficiency("n", "eco", 0.50), WithinAbs(0.988, 0.001));
  CHECK(ups_efficiency("n", "none", 0.50) == 1.0);
}

TEST_CASE("power chain: redundancy decides the load of each unit", "[models][power]") {
  // 2n at 80 % of the nameplate: each system at 40 %. 1 MW in modules of 500 kW and one more: 1.5 MW, at 80 % 53 %.
  CHECK_THAT(ups_efficiency("2n", "double_conversion", 0.8),
             WithinRel(ups_efficiency("n", "double_conversion", 0.4), 1e-8));
  CHECK_THAT(ups_efficiency("n_plus_1", "double_conversion", 0.8),
             WithinRel(ups_efficiency("n", "double_conversion", 0.8 / 1.5), 1e-8));
}

TEST_CASE("power chain: a small site gets modules of its own size", "[models][power]") {
  ChainDesign design = chain_of("n_plus_1", "double_conversion", 20e3);
  design.busway_loss_share = 0.0;
  const Network network(standard_chain(design));
  const NodeSpec& ups = network.node(*network.find("ups"));
  CHECK(ups.units == 2);
  CHECK_THAT(ups.rating.value, WithinRel(20e3, 1e-12));
  CHECK(losses(design, 16e3).ups.value < 0.07 * 16e3);
}

TEST_CASE("power chain: a transformer of 2.5 MW loses what its regulation allows", "[models][power]") {
  // 10 CFR 431.196: 99.53 % at half load. 2.95 kW + 11.8 kW / 4 = 5.9 kW of 1.25 MW.
  ChainDesign design = chain_of("n", "none", 2.5e6);
  design.busway_loss_share = 0.0;
  const double loss = losses(design, 1.25e6).transformer.value;
  CHECK_THAT(loss, WithinRel(5900.0, 1e-9));
  CHECK_THAT(1.25e6 / (1.25e6 + loss), WithinAbs(0.9953, 1e-4));
}

TEST_CASE("power chain: about 5.5 % of the IT power is lost by default chains at 80 % load in 2n", "[models][power]") {
  ChainDesign design = chain_of("2n", "double_conversion", 10e6);
  design.mechanical = Watts(2e6);
  const ChainLosses lost = losses(design, 8e6, 1.6e6);
  CHECK_THAT((lost.busway + lost.ups + lost.transformer).value / 8e6, WithinAbs(0.055, 0.004));
  // Busway: 0.75 % at rated load, so 0.6 % of the load at 80 %.
  CHECK_THAT(lost.busway.value / 8e6, WithinRel(0.0075 * 0.8, 1e-9));
}

TEST_CASE("power chain: losses are positive and rise with the load", "[models][power][law]") {
  static constexpr const char* kUps[] = {"double_conversion", "silicon_carbide", "eco", "none"};
  REQUIRE(rc::check([] {
    const auto kinds = chain_redundancies();
    const std::string redundancy(kinds[static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(kinds.size())))]);
    const double nameplate = *rc::gen::inRange(1, 100000) * 1e3;
    ChainDesign design = chain_of(redundancy, kUps[*rc::gen::inRange(0, 4)], nameplate);
    design.mechanical = Watts(0.3 * nameplate);
    const double low = nameplate * *rc::gen::inRange(0, 120) / 100.0, high = low + nameplate * 0.1;
    const ChainLosses a = losses(design, low, 0.1 * low), b = losses(design, high, 0.1 * high);
    RC_ASSERT(a.busway.value >= 0 && a.ups.value >= 0 && a.transformer.value > 0);
    RC_ASSERT(b.busway >= a.busway && b.ups >= a.ups && b.transformer >= a.transformer);
    const ChainLosses alone = losses(design, low);  // cooling hangs beside busway and UPS
    RC_ASSERT(alone.busway == a.busway && alone.ups == a.ups);
  }));
}

TEST_CASE("power chain: unknown names are refused", "[models][power]") {
  CHECK_THROWS_AS(standard_chain(chain_of("3n", "eco", 1e6)), std::invalid_argument);
  CHECK_THROWS_AS(standard_chain(chain_of("n", "flywheel", 1e6)), std::invalid_argument);
}
