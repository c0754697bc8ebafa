#include "models/thermal/throttle.hpp"

#include <rapidcheck.h>

#include <stdexcept>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::thermal;

TEST_CASE("throttle: levels of H100 PCIe up and down", "[models][thermal]") {
  // Software from 87 on: 4 % at 87, 8 % from 88 on; hardware at 89; shut down at 92. Levels are left 2 K lower.
  const Throttle throttle({Celsius(87), Celsius(89), Celsius(92)});
  CHECK(throttle.shutdown_level() == 4);
  CHECK(throttle.level(Celsius(86.9), 0) == 0);
  CHECK(throttle.level(Celsius(87), 0) == 1);
  CHECK(throttle.level(Celsius(88), 0) == 2);
  CHECK(throttle.level(Celsius(89), 2) == 3);
  CHECK(throttle.level(Celsius(91.9), 0) == 3);
  CHECK(throttle.level(Celsius(92), 3) == 4);
  CHECK(throttle.clock_share(0) == 1.0);
  CHECK(throttle.clock_share(1) == 0.96);
  CHECK(throttle.clock_share(2) == 0.92);
  CHECK(throttle.clock_share(3) == 0.5);
  CHECK(throttle.clock_share(4) == 0.0);
  CHECK(throttle.level(Celsius(87.1), 3) == 3);
  CHECK(throttle.level(Celsius(87.0), 3) == 2);
  CHECK(throttle.level(Celsius(86.0), 3) == 1);
  CHECK(throttle.level(Celsius(85.0), 3) == 0);
  CHECK(throttle.level(Celsius(20.0), 4) == 4);
  CHECK(throttle.rises_at(2) == std::optional(Celsius(89)));
  CHECK(throttle.falls_at(3) == std::optional(Celsius(87)));
  CHECK_FALSE(throttle.rises_at(4));
  CHECK_FALSE(throttle.falls_at(4));
  CHECK_FALSE(throttle.falls_at(0));
  CHECK(throttle.clock_share(Celsius(88.5), 0) == 0.92);
}

TEST_CASE("throttle: warmer never clocks higher, and a level holds between its two temperatures",
          "[models][thermal][law]") {
  REQUIRE(rc::check([] {
    const double max = *rc::gen::inRange(700, 900) / 10.0, slow = max + *rc::gen::inRange(1, 60) / 10.0;
    const Throttle throttle({Celsius(max), Celsius(slow), Celsius(slow + *rc::gen::inRange(1, 50) / 10.0)});
    const int previous = *rc::gen::inRange(0, throttle.shutdown_level() + 1);
    const Celsius temperature(*rc::gen::inRange(600, 1100) / 10.0), warmer(temperature + KelvinDelta(0.3));
    const int level = throttle.level(temperature, previous);
    RC_ASSERT(level >= 0);
    RC_ASSERT(level <= throttle.shutdown_level());
    RC_ASSERT(throttle.clock_share(throttle.level(warmer, previous)) <= throttle.clock_share(level));
    RC_ASSERT(throttle.level(temperature, level) == level);
    if (throttle.rises_at(level)) RC_ASSERT(temperature < *throttle.rises_at(level));
    if (throttle.falls_at(level)) RC_ASSERT(temperature > *throttle.falls_at(level));
    if (throttle.rises_at(level)) RC_ASSERT(throttle.level(*throttle.rises_at(level), level) == level + 1);
    if (throttle.falls_at(level)) RC_ASSERT(throttle.level(*throttle.falls_at(level), level) == level - 1);
  }));
}

TEST_CASE("throttle: limits that do not rise are refused", "[models][thermal]") {
  CHECK_THROWS_AS(Throttle({Celsius(89), Celsius(89), Celsius(92)}), std::invalid_argument);
  CHECK_THROWS_AS(Throttle({Celsius(85), Celsius(89), Celsius(88)}), std::invalid_argument);
}
