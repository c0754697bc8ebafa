#include "models/weather/psychrometrics.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::weather;

TEST_CASE("psychrometrics: saturation pressure of the ASHRAE correlation", "[models][weather]") {
  CHECK_THAT(saturation_pressure(Celsius(25)).value, WithinAbs(3169.2, 0.05));
  CHECK_THAT(saturation_pressure(Celsius(0.01)).value, WithinAbs(611.65, 0.2));  // triple point of water
  CHECK_THAT(saturation_pressure(Celsius(100)).value, WithinRel(101325.0, 1e-3));
}

TEST_CASE("psychrometrics: humidity ratio and wet bulb at any pressure", "[models][weather]") {
  struct Row {
    double dry, humidity, pressure, ratio, wet;
  };
  // PsychroLib (ASHRAE 2017) values.
  const Row row = GENERATE(Row{25, 0.50, 101325, 0.009881, 17.889}, Row{35, 0.20, 101325, 0.006986, 18.870},
                           Row{30, 0.80, 101325, 0.021573, 27.091}, Row{-5, 0.70, 101325, 0.001731, -6.335},
                           Row{35, 0.20, 83500, 0.008498, 17.857}, Row{40, 0.10, 97300, 0.004756, 18.277});
  const WeatherPoint air = air_at_relative_humidity(Celsius(row.dry), row.humidity, Pascals(row.pressure));
  CHECK_THAT(humidity_ratio(air), WithinAbs(row.ratio, 1.5e-6));
  CHECK_THAT(air.wet_bulb.value, WithinAbs(row.wet, 2e-3));
}

TEST_CASE("psychrometrics: wet bulb lies between dew point and dry bulb and rises with humidity",
          "[models][weather][law]") {
  REQUIRE(rc::check([] {
    const double dry = *rc::gen::inRange(-400, 500) / 10.0, humidity = *rc::gen::inRange(0, 1001) / 1000.0;
    const double pressure = *rc::gen::inRange(70000, 105000);
    const WeatherPoint air = air_at_relative_humidity(Celsius(dry), humidity, Pascals(pressure));
    RC_ASSERT(air.dew_point <= air.wet_bulb);
    RC_ASSERT(air.wet_bulb <= air.dry_bulb);
    const WeatherPoint damper =
        air_at_relative_humidity(Celsius(dry), std::min(1.0, humidity + 0.05), Pascals(pressure));
    RC_ASSERT(damper.wet_bulb.value >= air.wet_bulb.value - 2e-4);
  }));
}

TEST_CASE("psychrometrics: a dew point gives its own vapour pressure back", "[models][weather][law]") {
  REQUIRE(rc::check([] {
    const double dew = *rc::gen::inRange(-600, 400) / 10.0;
    RC_ASSERT(std::abs(dew_point(saturation_pressure(Celsius(dew))).value - dew) < 2e-3);
  }));
}

TEST_CASE("psychrometrics: standard pressure at Denver", "[models][weather]") {
  CHECK_THAT(standard_pressure(Metres(1650)).value, WithinRel(83000.0, 5e-3));
  CHECK_THAT(standard_pressure(Metres(0)).value, WithinRel(101325.0, 1e-12));
}

TEST_CASE("psychrometrics: enthalpy of moist air", "[models][weather]") {
  // 25 degC, 50 %: 1.006 * 25 + 0.009881 * (2501 + 1.86 * 25) = 50.322 kJ/kg.
  CHECK_THAT(enthalpy(Celsius(25), 0.009881).value, WithinAbs(50322.0, 5.0));
}

TEST_CASE("psychrometrics: along the line of a wet bulb, dry bulb and humidity give each other",
          "[models][weather][law]") {
  REQUIRE(rc::check([] {
    const double wet = *rc::gen::inRange(-200, 350) / 10.0, depression = *rc::gen::inRange(0, 150) / 10.0;
    const Pascals pressure(*rc::gen::inRange(70000, 105000));
    const double ratio = humidity_ratio_at_wet_bulb(Celsius(wet + depression), Celsius(wet), pressure);
    RC_ASSERT(std::abs(dry_bulb_at_wet_bulb(Celsius(wet), ratio, pressure).value - wet - depression) < 1e-9);
    RC_ASSERT(ratio <= saturated_humidity_ratio(Celsius(wet), pressure) * (1 + 1e-12));
  }));
}
