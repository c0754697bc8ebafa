#include "models/cooling/fluid_machines.hpp"

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::cooling;

TEST_CASE("fans: cubic in flow, down to their least speed and up to their rating", "[models][cooling]") {
  const Fan fan{Watts(1000), 0.4};
  CHECK_THAT(fan.power(1.0).value, WithinRel(1000.0, 1e-12));
  CHECK_THAT(fan.power(0.5).value, WithinRel(125.0, 1e-12));
  CHECK_THAT(fan.power(0.1).value, WithinRel(64.0, 1e-12));
  CHECK_THAT(fan.power(1.5).value, WithinRel(1000.0, 1e-12));
}

TEST_CASE("pumps: rated power from flow, head and efficiency", "[models][cooling]") {
  // 1 MW over 10 K: 1e6 / (998 * 4182 * 10) = 0.02396 m3/s; times 250 kPa / 0.68385 = 8.759 kW.
  const Pump pump = water_pump(Watts(1e6), KelvinDelta(10), Pascals(250e3));
  CHECK_THAT(pump.rated.value, WithinRel(8759.4, 1e-4));
  CHECK_THAT(pump.power(1.0).value, WithinRel(pump.rated.value, 1e-12));
  // Half flow: 0.5 * (0.3 + 0.7 * 0.25) = 0.2375 of it.
  CHECK_THAT(pump.power(0.5).value, WithinRel(0.2375 * pump.rated.value, 1e-12));
}
