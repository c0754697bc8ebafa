#include "models/power/power_chain.hpp"

#include <rapidcheck.h>

#include <stdexcept>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::power;

namespace {
PowerChainSpec spec_with(const std::string& redundancy, const std::string& ups) {
  PowerChainSpec spec;
  spec.redundancy = redundancy;
  spec.ups = ups;
  spec.busway_loss_share = 0.0;  // where a case is about other stages
  return spec;
}
double ups_efficiency(const std::string& redundancy, const std::string& ups, double load) {
  const PowerChain chain(spec_with(redundancy, ups), Watts(1e6), Watts(0));
  const double it = 1e6 * load;
  return it / (it + chain.it_losses(Watts(it)).ups.value);
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
             WithinRel(ups_efficiency("n", "double_conversion", 0.4), 1e-9));
  CHECK_THAT(ups_efficiency("n_plus_1", "double_conversion", 0.8),
             WithinRel(ups_efficiency("n", "double_conversion", 0.8 / 1.5), 1e-9));
}

TEST_CASE("power chain: a small site gets modules of its own size", "[models][power]") {
  const PowerChain chain(spec_with("n_plus_1", "double_conversion"), Watts(20e3), Watts(0));
  for (const auto& [name, value] : chain.ratings()) {
    if (name == "ups_rating_w") CHECK_THAT(value, WithinRel(40e3, 1e-12));
  }
  CHECK(chain.it_losses(Watts(16e3)).ups.value < 0.07 * 16e3);
}

TEST_CASE("power chain: a transformer of 2.5 MW loses what its regulation allows", "[models][power]") {
  // 10 CFR 431.196: 99.53 % at half load. 2.95 kW + 11.8 kW / 4 = 5.9 kW of 1.25 MW.
  const PowerChain chain(spec_with("n", "none"), Watts(2.5e6), Watts(0));
  const double loss = chain.losses(Watts(1.25e6), Watts(0)).transformer.value;
  CHECK_THAT(loss, WithinRel(5900.0, 1e-9));
  CHECK_THAT(1.25e6 / (1.25e6 + loss), WithinAbs(0.9953, 1e-4));
}

TEST_CASE("power chain: about 5.5 % of the IT power is lost by default chains at 80 % load in 2n", "[models][power]") {
  PowerChainSpec spec;
  spec.redundancy = "2n";
  const PowerChain chain(spec, Watts(10e6), Watts(2e6));
  const ChainLosses losses = chain.losses(Watts(8e6), Watts(1.6e6));
  CHECK_THAT((losses.busway + losses.ups + losses.transformer).value / 8e6, WithinAbs(0.055, 0.004));
  // Busway: 0.75 % at rated load, so 0.6 % of the load at 80 %.
  CHECK_THAT(losses.busway.value / 8e6, WithinRel(0.0075 * 0.8, 1e-9));
}

TEST_CASE("power chain: losses are positive and rise with the load", "[models][power][law]") {
  static constexpr const char* kRedundancies[] = {"n", "n_plus_1", "2n"};
  static constexpr const char* kUps[] = {"double_conversion", "silicon_carbide", "eco", "none"};
  REQUIRE(rc::check([] {
    PowerChainSpec spec;
    spec.redundancy = kRedundancies[*rc::gen::inRange(0, 3)];
    spec.ups = kUps[*rc::gen::inRange(0, 4)];
    const double nameplate = *rc::gen::inRange(1, 100000) * 1e3;
    const PowerChain chain(spec, Watts(nameplate), Watts(0.3 * nameplate));
    const double low = nameplate * *rc::gen::inRange(0, 120) / 100.0, high = low + nameplate * 0.1;
    const ChainLosses a = chain.losses(Watts(low), Watts(0.1 * low)), b = chain.losses(Watts(high), Watts(0.1 * high));
    RC_ASSERT(a.busway.value >= 0 && a.ups.value >= 0 && a.transformer.value > 0);
    RC_ASSERT(b.busway >= a.busway && b.ups >= a.ups && b.transformer >= a.transformer);
    const ChainLosses alone = chain.it_losses(Watts(low));
    RC_ASSERT(alone.busway == a.busway && alone.ups == a.ups);
  }));
}

TEST_CASE("power chain: unknown names are refused", "[models][power]") {
  REQUIRE_THROWS_AS(PowerChain(spec_with("3n", "eco"), Watts(1e6), Watts(0)), std::invalid_argument);
  REQUIRE_THROWS_AS(PowerChain(spec_with("n", "flywheel"), Watts(1e6), Watts(0)), std::invalid_argument);
}
