#include "models/cooling/heat_exchanger.hpp"

#include <rapidcheck.h>

#include <stdexcept>

#include "tests/catch.hpp"

using namespace tokenworks::cooling;

TEST_CASE("heat exchanger: counter flow at equal capacities", "[models][cooling]") {
  // STULZ SCR 14103 W: 10 K rise with a 4 K approach, effectiveness 10/14 at 2.5 transfer units.
  CHECK_THAT(counter_flow_effectiveness(2.5, 1.0), WithinAbs(0.714, 5e-4));
  // Google Project Deschutes: effectiveness 0.843 at 4.4 transfer units and a capacity ratio of 0.916.
  CHECK_THAT(counter_flow_effectiveness(4.4, 0.916), WithinAbs(0.843, 2e-3));
}

TEST_CASE("heat exchanger: the published dry cooler", "[models][cooling]") {
  // BAC TDFS1238N: air 35 degC, fluid 46.1 to 40.6 degC, effectiveness 0.50 of the fluid. With 0.8 of the air's
  // capacity flow (an estimate): 1 - exp((exp(-0.8 * 0.9917^0.78) - 1) 0.9917^0.22 / 0.8) = 0.4955.
  const double effectiveness = (46.1 - 40.6) / (46.1 - 35.0);
  CHECK_THAT(effectiveness, WithinRel(0.50, 0.02));
  CHECK_THAT(cross_flow_transfer_units(effectiveness, 0.8), WithinRel(0.9917, 1e-3));
}

TEST_CASE("heat exchanger: one transfer unit without a second stream moves 63 %", "[models][cooling]") {
  CHECK_THAT(cross_flow_effectiveness(1.0, 0.0), WithinAbs(0.63212, 1e-5));
  CHECK(cross_flow_effectiveness(0.0, 0.5) == 0.0);
}

TEST_CASE("heat exchanger: cross flow lies between nothing and counter flow and can be inverted",
          "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const double units = *rc::gen::inRange(1, 500) / 100.0, ratio = *rc::gen::inRange(0, 101) / 100.0;
    const double effectiveness = cross_flow_effectiveness(units, ratio);
    RC_ASSERT(effectiveness > 0.0);
    RC_ASSERT(effectiveness <= counter_flow_effectiveness(units, ratio) + 0.005);  // the fit's own error
    RC_ASSERT(cross_flow_effectiveness(units * 1.01, ratio) > effectiveness);
    RC_ASSERT(std::abs(cross_flow_transfer_units(effectiveness, ratio) - units) < 1e-6 * units);
  }));
}

TEST_CASE("heat exchanger: an impossible effectiveness is refused", "[models][cooling]") {
  REQUIRE_THROWS_AS(cross_flow_transfer_units(1.0, 0.5), std::invalid_argument);
}

TEST_CASE("heat exchanger: transfer units of a counter flow are found again", "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const double units = *rc::gen::inRange(1, 800) / 100.0, ratio = *rc::gen::inRange(0, 101) / 100.0;
    const double effectiveness = counter_flow_effectiveness(units, ratio);
    RC_ASSERT(std::abs(counter_flow_transfer_units(effectiveness, ratio) - units) < 1e-6 * units);
  }));
}

TEST_CASE("heat exchanger: what no exchanger does is refused", "[models][cooling]") {
  using tokenworks::KelvinDelta;
  CHECK(is_possible({KelvinDelta(10), KelvinDelta(13.9), KelvinDelta(4)}));
  CHECK_FALSE(is_possible({KelvinDelta(10), KelvinDelta(14), KelvinDelta(4)}));
  CHECK_FALSE(is_possible({KelvinDelta(10), KelvinDelta(10), KelvinDelta(0)}));
  REQUIRE_THROWS_AS(CounterFlowExchanger({KelvinDelta(10), KelvinDelta(15), KelvinDelta(4)}), std::invalid_argument);
  REQUIRE_THROWS_AS(CounterFlowExchanger({KelvinDelta(0), KelvinDelta(10), KelvinDelta(4)}), std::invalid_argument);
}

TEST_CASE("heat exchanger: half the flows and half the heat by hand", "[models][cooling]") {
  using tokenworks::KelvinDelta;
  // STULZ SCR 14103 W: 2.5 transfer units; both hA fall by 0.5^0.8, capacities by 0.5: 2.5 * 0.5^-0.2 = 2.8717 units,
  // effectiveness 0.74171, so 10 K of drop take 13.4825 K: 3.4825 K of approach.
  const CounterFlowExchanger unit({KelvinDelta(10), KelvinDelta(10), KelvinDelta(4)});
  CHECK_THAT(unit.transfer_units(), WithinRel(2.5, 1e-9));
  CHECK_THAT(unit.approach(1.0, 1.0, 1.0).value, WithinRel(4.0, 1e-9));
  CHECK_THAT(unit.approach(0.5, 0.5, 0.5).value, WithinAbs(3.4822, 1e-3));
}

TEST_CASE("heat exchanger: second law and held set point at every load", "[models][cooling][law]") {
  using tokenworks::KelvinDelta;
  REQUIRE(rc::check([] {
    const double drop = *rc::gen::inRange(4, 30), approach = *rc::gen::inRange(1, 15);
    const double rise = *rc::gen::inRange(1, 100) / 100.0 * 0.95 * (drop + approach);
    const double least = *rc::gen::inRange(1, 10) / 10.0;
    const HeldExchanger held({KelvinDelta(drop), KelvinDelta(rise), KelvinDelta(approach)}, least);
    const CounterFlowExchanger& unit = held.exchanger();
    const double heat = *rc::gen::inRange(5, 101) / 100.0;
    const double hot = held.hot_flow(heat, 1), cold = held.cold_flow(heat, 1);
    RC_ASSERT(cold > 0.0 && cold <= 1.0);
    // Leaving streams lie between the entering ones: hot leaves above cold in, cold leaves below hot in.
    const double own = unit.approach(heat, hot, cold).value, hot_drop = unit.hot_drop(heat, hot).value;
    RC_ASSERT(own > 0.0);
    RC_ASSERT(rise * heat / cold < own + hot_drop);
    RC_ASSERT(own <= approach * 1.05);  // straight lines between the table's loads
    RC_ASSERT(held.cold_flow(heat * 0.9, 1) <= cold + 1e-9);
    // Less cold flow than it takes: warmer.
    RC_ASSERT(held.approach(heat, 1, cold * 0.8).value >= approach - 1e-9);
    RC_ASSERT(held.approach(heat * 1.5 + 1.0, 1.0, 1.0).value >= approach);
  }));
}
