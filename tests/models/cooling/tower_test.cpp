#include "models/cooling/tower.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "models/weather/psychrometrics.hpp"
#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

namespace {

weather::WeatherPoint air(double dry_bulb, double humidity) {
  return weather::air_at_relative_humidity(Celsius(dry_bulb), humidity, Pascals(101325));
}
/// Air of a wet bulb, saturated.
weather::WeatherPoint wet(double wet_bulb) { return air(wet_bulb, 1.0); }

Tower tower(double approach, double range, double design_wet_bulb, std::string model = "yorkcalc") {
  TowerSpec spec;
  spec.model = std::move(model);
  spec.approach = KelvinDelta(approach);
  return Tower(spec, Watts(1e6), KelvinDelta(range), wet(design_wet_bulb));
}

/// Of the heat, what evaporation takes at 2.43 MJ/kg.
double latent_share(const Tower& tower, const weather::WeatherPoint& outside, double leaving) {
  return tower.water(Watts(1e6), Celsius(leaving), outside).evaporation.value * 2.43e6 / 1e6;
}

}  // namespace

TEST_CASE("tower: the published polynomial", "[models][cooling]") {
  CHECK_THAT(yorkcalc_approach(25.56, 5.56, 1.0), WithinAbs(3.843, 5e-4));
  CHECK_THAT(yorkcalc_approach(25.56, 5.56, 0.5), WithinAbs(1.421, 5e-4));
  CHECK_THAT(yorkcalc_approach(25.56, 5.56, 2.0), WithinAbs(8.679, 5e-4));
  CHECK_THAT(yorkcalc_approach(20, 10, 1.0), WithinAbs(7.964, 5e-4));
  CHECK_THAT(yorkcalc_approach(10, 5.56, 1.0), WithinAbs(7.771, 5e-4));
  CHECK_THAT(yorkcalc_approach(0, 5.56, 1.0), WithinAbs(11.160, 5e-4));
}

TEST_CASE("tower: the design approach at rated heat", "[models][cooling]") {
  const std::string model = GENERATE("yorkcalc", "merkel");
  for (const double approach : {2.5, 4.0, 7.0}) {
    for (const double range : {5.0, 10.0}) {
      const Tower unit = tower(approach, range, 25.0, model);
      CHECK_THAT(unit.coldest(Watts(1e6), wet(25), 1.0).value, WithinAbs(25.0 + approach, 1e-6));
      CHECK_THAT(unit.fan_share(Watts(1e6), wet(25), Celsius(25.0 + approach), 1.0), WithinAbs(1.0, 1e-6));
      CHECK_THAT(unit.most_heat(Celsius(25.0 + approach), wet(25), 1.0).value, WithinRel(1e6, 1e-6));
      CHECK_THAT(unit.fans(1.0, 1.0).value, WithinRel(14e3, 1e-12));
    }
  }
}

TEST_CASE("tower: the polynomial's own tower comes out as it was published", "[models][cooling]") {
  // At 25.56 degC and 5.56 K it leaves 3.843 K at L = 1; half the heat then is L = 0.5.
  const Tower unit = tower(3.8425, 5.56, 25.56);
  CHECK_THAT((unit.coldest(Watts(5e5), wet(25.56), 1.0) - Celsius(25.56)).value, WithinAbs(1.421, 2e-3));
  CHECK_THAT((unit.coldest(Watts(1e6), wet(10), 1.0) - Celsius(10)).value, WithinAbs(7.771, 2e-3));
}

TEST_CASE("tower: a hotter wet bulb than the polynomial knows keeps the last approach and is noted",
          "[models][cooling]") {
  const Tower unit = tower(3.8425, 5.56, 25.56);
  // 3.62 K at 26.7 degC instead of 3.43 K by extrapolation to 27.7 degC.
  CHECK_THAT((unit.coldest(Watts(1e6), wet(27.7), 1.0) - Celsius(27.7)).value, WithinAbs(3.62, 0.02));
  ValidityNotes notes;
  unit.note(Watts(1e6), wet(27.7), 1.0, notes);
  unit.note(Watts(2e6), wet(20), 1.0, notes);
  CHECK(notes.all().size() == 2);
}

TEST_CASE("tower: water and fans of a warm loop in temperate air", "[models][cooling]") {
  // An independent balance gave 0.73 to 0.77 over temperate years for 32 degC loops, and 1.28 to 1.34 where hot dry air
  // meets cool water.
  const Tower warm = tower(4.0, 10.0, 26.0);
  CHECK_THAT(latent_share(warm, air(13.8, 0.67), 28.0), WithinAbs(0.75, 0.03));
  CHECK(latent_share(warm, air(38.0, 0.10), 18.0) > 1.2);
  CHECK(latent_share(warm, air(-10.0, 0.7), 28.0) < 0.65);
  const WaterUse use = warm.water(Watts(1e6), Celsius(28), air(20, 0.5));
  CHECK_THAT(use.blow_down.value + use.drift.value, WithinRel(use.evaporation.value / 3.0, 1e-12));
  CHECK_THAT(use.drift.value, WithinRel(1e6 / 41860.0 * 8e-5, 1e-12));
  CHECK(use.consumption() == use.evaporation + use.drift);
}

TEST_CASE("tower: evaporation closes the energy balance of air and water", "[models][cooling][law]") {
  const Tower unit = tower(4.0, 6.0, 26.0);
  REQUIRE(rc::check([&] {
    const auto outside = air(*rc::gen::inRange(-150, 430) / 10.0, *rc::gen::inRange(5, 101) / 100.0);
    const Celsius leaving = outside.wet_bulb + KelvinDelta(*rc::gen::inRange(12, 200) / 10.0);
    const WaterUse use = unit.water(Watts(1e6), leaving, outside);
    RC_ASSERT(use.evaporation.value > 0.0);
    // Dry air from the water balance; what it gains is the heat and what the make-up water brings.
    const Celsius exit = leaving + KelvinDelta(3.0);
    const double in = weather::humidity_ratio(outside), out = weather::saturated_humidity_ratio(exit, outside.pressure);
    const double dry_air = use.evaporation.value / (out - in);
    const double gained = dry_air * (weather::enthalpy(exit, out) - weather::enthalpy(outside.dry_bulb, in)).value;
    RC_ASSERT(std::abs(gained - 1e6 - use.evaporation.value * 4186.0 * leaving.value) < 1.0);
  }));
}

TEST_CASE("tower: never below wet bulb; more heat and wetter air never colder water or slower fans",
          "[models][cooling][law]") {
  REQUIRE(rc::check([] {
    const std::string model = *rc::gen::arbitrary<bool>() ? "yorkcalc" : "merkel";
    const double range = *rc::gen::inRange(3, 12);
    const Tower unit = tower(*rc::gen::inRange(2, 8), range, *rc::gen::inRange(15, 28), model);
    const double wet_bulb = *rc::gen::inRange(-150, 290) / 10.0, in_service = *rc::gen::inRange(50, 130) / 100.0;
    const Watts heat(*rc::gen::inRange(20, 1200) * 1e3), more = heat * 1.1;
    const Celsius target = Celsius(*rc::gen::inRange(5, 40));
    const auto here = wet(wet_bulb), warmer = wet(wet_bulb + 2.0);
    const Celsius leaving = unit.coldest(heat, here, in_service);
    RC_ASSERT(leaving >= here.wet_bulb);
    RC_ASSERT(unit.coldest(more, here, in_service) >= leaving);
    RC_ASSERT(unit.coldest(heat, warmer, in_service).value >= leaving.value - 1e-9);
    const double share = unit.fan_share(heat, here, target, in_service);
    RC_ASSERT(share >= 0.0 && share <= 1.0);
    if (std::abs((leaving - target).value) > 1e-4 && heat.value <= 1.25e6 * in_service)
      RC_ASSERT((share >= 1.0 - 1e-9) == (leaving > target));
    RC_ASSERT(unit.fan_share(more, here, target, in_service) >= share - 1e-9);
    RC_ASSERT(unit.fan_share(heat, warmer, target, in_service) >= share - 1e-9);
    // Most heat and coldest water say the same.
    RC_ASSERT((unit.most_heat(target, here, in_service) >= heat * (1 - 1e-9)) ==
                  (leaving.value <= target.value + 1e-9) ||
              heat.value > 1.25e6 * in_service || std::abs(leaving.value - target.value) < 1e-3);
  }));
}
