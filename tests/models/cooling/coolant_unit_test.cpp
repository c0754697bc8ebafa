#include "models/cooling/coolant_unit.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

TEST_CASE("coolant unit: the published pump curve", "[models][cooling]") {
  CHECK_THAT(pump_head_share(0.0), WithinRel(3.85, 1e-12));
  CHECK_THAT(pump_head_share(0.25), WithinRel(3.68, 1e-12));
  CHECK_THAT(pump_head_share(0.5), WithinRel(3.23, 1e-12));
  CHECK_THAT(pump_head_share(0.75), WithinRel(2.54, 1e-12));
  CHECK_THAT(pump_head_share(1.0), WithinRel(1.0, 1e-12));
  CHECK_THAT(pump_head_share(0.875), WithinRel(1.77, 1e-12));
}

TEST_CASE("coolant unit: one of two pumps keeps more than half the flow", "[models][cooling]") {
  // Alone it runs out on its curve: 1 - 6.16 (2 y - 1) = y^2 at y = 0.5561.
  CHECK_THAT(flow_with_pumps(0.5), WithinAbs(0.5561, 1e-4));
  CHECK(flow_with_pumps(1.0) == 1.0);
  CHECK(flow_with_pumps(1.5) == 1.0);
  CHECK(flow_with_pumps(0.0) == 0.0);
}

TEST_CASE("coolant unit: spare pumps are lost first", "[models][cooling]") {
  const UnitPumps pumps{2, 3};
  CHECK(flow_without_pumps(pumps, 0) == 1.0);
  CHECK(flow_without_pumps(pumps, 1) == 1.0);
  CHECK(flow_without_pumps(pumps, 2) == flow_with_pumps(0.5));
  CHECK(flow_without_pumps(pumps, 3) == 0.0);
  CHECK(flow_without_pumps(pumps, 4) == 0.0);
}

TEST_CASE("coolant unit: spare units take their own drop from the pumps", "[models][cooling]") {
  // 500 of 645 kPa are outside: twice the units leave 0.7752 + 0.2248 / 4 of the power.
  CHECK_THAT(coolant_pump_power(Watts(1000), 1.0, 1.0).value, WithinRel(1000.0, 1e-12));
  CHECK_THAT(coolant_pump_power(Watts(1000), 1.0, 2.0).value, WithinRel(831.4, 1e-4));
  CHECK_THAT(coolant_pump_power(Watts(1000), 0.5, 1.0).value, WithinRel(125.0, 1e-12));
  CHECK(coolant_pump_power(Watts(1000), 1.0, 0.0).value == 0.0);
}

TEST_CASE("coolant unit: fewer pumps never move more", "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const double few = *rc::gen::inRange(1, 100) / 100.0, more = few + *rc::gen::inRange(0, 50) / 100.0;
    RC_ASSERT(flow_with_pumps(few) <= flow_with_pumps(more));
    RC_ASSERT(flow_with_pumps(few) >= few * (1 - 1e-9));
  }));
}
