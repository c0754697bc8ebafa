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
