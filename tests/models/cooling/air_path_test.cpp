#include "models/cooling/air_path.hpp"

#include <rapidcheck.h>

#include "models/cooling/fluids.hpp"
#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

namespace {

/// The handler of the selection sheet: all its air passes the servers.
AirPathSpec stulz() {
  AirPathSpec spec;
  spec.supply_air = Celsius(23.0);
  spec.recirculation_share = spec.bypass_share = 0.0;
  spec.server_air_rise = KelvinDelta(14.0);
  spec.chilled_water_approach = KelvinDelta(13.0);
  spec.chilled_water_rise = KelvinDelta(5.0);
  spec.fan_share_of_heat = 3.9 / 60.7;
  return spec;
}

AirPath path(const AirPathSpec& spec, double capacity) { return {spec, Watts(capacity), Watts(0), kSeaLevel}; }

}  // namespace

// STULZ CRS 560 CW: 13,000 m3/h, return 37 degC, water 10 to 15 degC and 11.1 m3/h, gross 64.6 kW, fan 3.9 kW, net
// 60.7 kW, supply 23.0 degC.
TEST_CASE("air handler: the published selection point", "[models][cooling]") {
  ValidityNotes notes;
  const AirPathSpec spec = stulz();
  const AirEffort rated = path(spec, 60.7e3).effort({.heat = Watts(60.7e3)}, notes);
  CHECK_THAT(rated.fans.value, WithinRel(3.9e3, 0.001));
  CHECK_THAT(rated.water_heat.value - rated.pumps.value, WithinRel(64.6e3, 0.001));
  CHECK_THAT(rated.supply_air.value, WithinRel(23.0, 1e-9));
  CHECK_THAT(rated.server_inlet.value, WithinRel(23.0, 1e-9));
  CHECK_THAT(rated.water_supply.value, WithinRel(10.0, 1e-9));

  // The same from flows and the coil alone: what leaves at 37 and 10 degC entering.
  const double air = 13000.0 / 3600 * kMoistAir.per_volume().value, water = 11.1 / 3600 * kWater.per_volume().value;
  CHECK_THAT(air * 14.0, WithinRel(60.7e3, 0.02));
  CHECK_THAT(water * 5.0, WithinRel(64.6e3, 0.02));
  const CounterFlowExchanger coil(spec.coil());
  const double gross = coil.hot_effectiveness(1.0, 1.0) * air * 27.0;
  CHECK_THAT(gross, WithinRel(64.6e3, 0.02));
  CHECK_THAT(37.0 - gross / air + 3.9e3 / air, WithinRel(23.0, 0.02));
}

TEST_CASE("air handlers: spare units let all fans turn slower", "[models][cooling]") {
  ValidityNotes notes;
  const AirPath hall = path({}, 1e6);
  const double rated = hall.effort({.heat = Watts(1e6)}, notes).fans.value;
  // Five for four: 1.25 units at 0.8 of the flow, 1.25 * 0.8^3 = 0.64.
  CHECK_THAT(hall.effort({.heat = Watts(1e6), .air_handlers = 1.25}, notes).fans.value, WithinRel(0.64 * rated, 1e-9));
  CHECK(notes.all().empty());
}

TEST_CASE("air handlers: thin air takes more of them", "[models][cooling]") {
  ValidityNotes notes;
  // Denver, 83.4 kPa: 1.215 times the volume, the fans and the handlers.
  const AirPath hall({}, Watts(1e6), Watts(0), Pascals(83.4e3));
  CHECK_THAT(hall.rated_fans() / path({}, 1e6).rated_fans(), WithinAbs(1.215, 5e-4));
  CHECK_THAT(hall.handler_capacity().value, WithinAbs(1.215e6, 500));
  CHECK_THAT(hall.effort({.heat = Watts(1e6)}, notes).server_inlet.value,
             WithinRel(path({}, 1e6).effort({.heat = Watts(1e6)}, notes).server_inlet.value, 1e-12));
}

TEST_CASE("air handlers: too few let servers draw their own outlet air", "[models][cooling]") {
  ValidityNotes notes;
  const AirPath hall = path({}, 1e6);
  const AirEffort half = hall.effort({.heat = Watts(1e6), .air_handlers = 0.5}, notes);
  // Twice the rated heat in each coil: supply further above the water by what the coil's approach is; and of the
  // servers' air only 0.97 / 2 comes from the handlers: 14 K (1 / 0.485 - 1) = 14.87 K.
  const KelvinDelta coil = AirPathSpec().coil().approach;
  CHECK_THAT(half.supply_air.value, WithinRel(20.0 + coil.value, 1e-9));
  CHECK_THAT((half.server_inlet - half.supply_air).value, WithinAbs(14.866, 1e-3));
  CHECK(notes.all().count("air handlers: heat [share of capacity]") == 1);
  const AirEffort none = hall.effort({.heat = Watts(1e6), .air_handlers = 0.0}, notes);
  CHECK(none.fans.value == 0.0);
  CHECK(none.server_inlet.value > 200.0);
}

TEST_CASE("air handlers: a rack that their air does not reach is noted", "[models][cooling]") {
  AirPathSpec spec;
  ValidityNotes notes;
  AirPath(spec, Watts(1e6), Watts(24e3), kSeaLevel).effort({.heat = Watts(1e5)}, notes);
  CHECK(notes.all().empty());
  AirPath(spec, Watts(1e6), Watts(40e3), kSeaLevel).effort({.heat = Watts(1e5)}, notes);
  CHECK(notes.all().count("air handlers: heat of one rack [W]") == 1);
  spec.placement = "in_row";
  ValidityNotes in_row;
  AirPath(spec, Watts(1e6), Watts(40e3), kSeaLevel).effort({.heat = Watts(1e5)}, in_row);
  CHECK(in_row.all().empty());
}

TEST_CASE("air path: laws", "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    AirPathSpec spec;
    spec.containment = *rc::gen::element<std::string>("contained", "none");
    spec.server_air_rise = KelvinDelta(*rc::gen::inRange(10, 25));
    spec.chilled_water_rise = KelvinDelta(*rc::gen::inRange(4, 9));
    spec.chilled_water_approach = KelvinDelta(*rc::gen::inRange(4, 15));
    const AirPath hall = path(spec, 1e6);
    const AirPoint point{.heat = Watts(*rc::gen::inRange(0, 1500) * 1e3),
                         .air_handlers = *rc::gen::inRange(0, 200) / 100.0,
                         .pumps = *rc::gen::inRange(0, 150) / 100.0,
                         .warmer = KelvinDelta(*rc::gen::inRange(0, 10))};
    ValidityNotes notes;
    const AirEffort here = hall.effort(point, notes);
    RC_ASSERT(here.water_heat == point.heat + here.fans + here.pumps);
    RC_ASSERT(here.supply_air > here.water_supply && here.server_inlet >= here.supply_air);
    AirPoint more = point;
    more.heat += Watts(*rc::gen::inRange(0, 300) * 1e3);
    const AirEffort hotter = hall.effort(more, notes);
    RC_ASSERT((hotter.fans + hotter.pumps).value >= (here.fans + here.pumps).value * (1 - 1e-9));
    RC_ASSERT(hotter.server_inlet.value >= here.server_inlet.value - 1e-9);
    AirPoint fewer = point;
    fewer.air_handlers *= *rc::gen::inRange(50, 100) / 100.0;
    const AirEffort left = hall.effort(fewer, notes);
    // Where chilled water is short, less air through the coil can come out colder.
    if (point.pumps >= 1.0) RC_ASSERT(left.server_inlet.value >= here.server_inlet.value - 1e-9);
    if (fewer.air_handlers >= std::max(0.4, fewer.heat.value / 1e6)) {
      RC_ASSERT(left.fans.value >= here.fans.value * (1 - 1e-9));
    }
  }));
}
