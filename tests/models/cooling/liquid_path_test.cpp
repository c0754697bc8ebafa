#include "models/cooling/liquid_path.hpp"

#include <rapidcheck.h>

#include "models/cooling/fluids.hpp"
#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

TEST_CASE("liquid path: Google Project Deschutes", "[models][cooling]") {
  // 2,000 kW, 31.48 kg/s of PG25 and 32.30 kg/s of water, facility water at 26.8 degC, 3 K of approach.
  const KelvinDelta rise = Watts(2e6) / (KilogramsPerSecond(31.48) * kPropyleneGlycol25.heat_capacity);
  const KelvinDelta facility_rise = Watts(2e6) / (KilogramsPerSecond(32.30) * kWater.heat_capacity);
  const CounterFlowExchanger unit({rise, facility_rise, KelvinDelta(3)});
  CHECK_THAT(rise.value, WithinRel(16.2, 0.02));
  CHECK_THAT(facility_rise / rise, WithinRel(0.916, 0.02));
  CHECK_THAT(unit.effectiveness(), WithinRel(0.843, 0.02));
  CHECK_THAT(unit.transfer_units(), WithinRel(4.4, 0.02));
  CHECK_THAT(litres_per_minute(flow_for(Watts(1000), kPropyleneGlycol25, rise)), WithinRel(0.93, 0.02));
  CHECK_THAT(26.8 + unit.approach(1, 1, 1).value, WithinRel(29.8, 0.001));
  // 74 kW of 2 MW: the unit's high head, which a share of 3.7 % stands for.
  const LiquidPath path({Watts(2e6), rise, facility_rise, KelvinDelta(3), 0.037});
  CHECK_THAT(path.effort({.heat = Watts(2e6)}).coolant_pumps.value, WithinRel(74e3, 0.05));
}

TEST_CASE("liquid path: STULZ SCR 14103 W", "[models][cooling]") {
  // 1,200 kW, facility water 36 to 46, rack water 40 to 50 degC, 103.8 m3/h on both sides, pumps 20.0 kW.
  const KelvinDelta rise = rise_of(Watts(1.2e6), kWater, CubicMetresPerSecond(103.8 / 3600));
  CHECK_THAT(rise.value, WithinRel(10.0, 0.02));
  const LiquidPathDesign design{Watts(1.2e6), rise, rise, KelvinDelta(4), 0.0167};
  const CounterFlowExchanger unit(design.exchanger());
  CHECK_THAT(unit.effectiveness(), WithinRel(0.714, 0.02));
  CHECK_THAT(unit.transfer_units(), WithinRel(2.5, 0.02));
  const LiquidPathEffort effort = LiquidPath(design).effort({.heat = Watts(1.2e6)});
  CHECK_THAT(36 + effort.approach.value, WithinRel(40.0, 0.001));
  CHECK_THAT(36 + effort.approach.value + rise.value, WithinRel(50.0, 0.02));
  CHECK_THAT(effort.coolant_pumps.value, WithinRel(20.0e3, 0.05));
}

TEST_CASE("liquid path: what is out of service makes the coolant warmer", "[models][cooling]") {
  const LiquidPath path({.capacity = Watts(1e6)});
  // 0.9 of the heat on 0.75 of the units: 1.2 of their rating at full flows, 4.8 K instead of 4.
  const LiquidPathEffort few = path.effort({.heat = Watts(9e5), .coolant_units = 0.75});
  CHECK_THAT(few.approach.value, WithinRel(4.8, 1e-9));
  CHECK_THAT(few.load_of_units, WithinRel(1.2, 1e-12));
  CHECK(path.effort({.heat = Watts(9e5), .facility_pumps = 0.5}).approach.value > 5.0);
  CHECK(path.effort({.heat = Watts(9e5), .coolant_units = 0.0}).approach.value == 200.0);
  CHECK(path.effort({.heat = Watts(9e5), .coolant_units = 0.0}).coolant_pumps.value == 0.0);
  CHECK(path.effort({.heat = Watts(9e5), .facility_pumps = 0.0}).approach.value == 200.0);
  // Spare units: the pumps work less.
  CHECK(path.effort({.heat = Watts(9e5), .coolant_units = 1.25}).coolant_pumps <
        path.effort({.heat = Watts(9e5)}).coolant_pumps);
}

TEST_CASE("liquid path: laws", "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const auto kelvin = [](int low, int high) { return KelvinDelta(*rc::gen::inRange(low, high)); };
    LiquidPathDesign design{Watts(1e6), kelvin(5, 25), kelvin(3, 20), kelvin(1, 10)};
    if (design.facility_rise >= design.coolant_rise + design.approach) design.facility_rise = design.coolant_rise;
    const LiquidPath path(design);
    LiquidPathPoint point{.heat = Watts(*rc::gen::inRange(0, 1500) * 1e3),
                          .coolant_units = *rc::gen::inRange(0, 200) / 100.0,
                          .facility_pumps = *rc::gen::inRange(0, 150) / 100.0};
    const LiquidPathEffort here = path.effort(point);
    RC_ASSERT(here.approach >= design.approach);
    RC_ASSERT(here.coolant_pumps.value >= 0 && here.facility_pumps.value >= 0);
    LiquidPathPoint more = point;
    more.heat += Watts(*rc::gen::inRange(0, 300) * 1e3);
    const LiquidPathEffort hotter = path.effort(more);
    RC_ASSERT(hotter.approach.value >= here.approach.value * (1 - 1e-9));
    RC_ASSERT((hotter.coolant_pumps + hotter.facility_pumps).value >=
              (here.coolant_pumps + here.facility_pumps).value * (1 - 1e-9));
    LiquidPathPoint fewer = point;
    fewer.coolant_units *= *rc::gen::inRange(50, 100) / 100.0;
    const LiquidPathEffort left = path.effort(fewer);
    // What returns from the racks is never colder; what enters can be, where facility water is short.
    if (fewer.coolant_units >= 0.1 && point.facility_pumps >= 0.1)  // below, both end at 200 K
      RC_ASSERT((left.approach + left.rise).value >= (here.approach + here.rise).value * (1 - 1e-9));
    // As long as those left carry the heat, they take no less power.
    if (fewer.coolant_units >= std::max(0.5, fewer.heat.value / 1e6)) {
      RC_ASSERT(left.coolant_pumps.value >= here.coolant_pumps.value * (1 - 1e-9));
    }
  }));
}
