#include "models/cooling/fluids.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

TEST_CASE("fluids: flow that carries a kilowatt", "[models][cooling]") {
  // Water 14.5 l/min over 1 K, PG25 15.0 l/min; 1.5 l/min/kW of PG25 are 10 K; 0.070 m3/s of air are 12 K.
  CHECK_THAT(litres_per_minute(flow_for(Watts(1000), kWater, KelvinDelta(1))), WithinAbs(14.5, 0.05));
  CHECK_THAT(litres_per_minute(flow_for(Watts(1000), kPropyleneGlycol25, KelvinDelta(1))), WithinAbs(15.0, 0.05));
  CHECK_THAT(rise_of(Watts(1000), kPropyleneGlycol25, from_litres_per_minute(1.5)).value, WithinAbs(10.0, 0.05));
  CHECK_THAT(flow_for(Watts(1000), kMoistAir, KelvinDelta(12)).value, WithinAbs(0.070, 5e-4));
  // An NVL72 rack: 115 kW in PG25 at 80, 130 and 173 l/min.
  CHECK_THAT(rise_of(Watts(115e3), kPropyleneGlycol25, from_litres_per_minute(80)).value, WithinAbs(21.6, 0.05));
  CHECK_THAT(rise_of(Watts(115e3), kPropyleneGlycol25, from_litres_per_minute(130)).value, WithinAbs(13.3, 0.05));
  CHECK_THAT(rise_of(Watts(115e3), kPropyleneGlycol25, from_litres_per_minute(173)).value, WithinAbs(10.0, 0.05));
}

TEST_CASE("fluids: flow and rise are inverse", "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const Fluid fluid = *rc::gen::element(kWater, kPropyleneGlycol25, kDielectricOil, kMoistAir);
    const Watts heat(*rc::gen::inRange(1, 1'000'000));
    const KelvinDelta rise(*rc::gen::inRange(1, 600) / 10.0);
    const double back = rise_of(heat, fluid, flow_for(heat, fluid, rise)).value;
    RC_ASSERT(std::abs(back - rise.value) < 1e-12 * rise.value);
  }));
}
