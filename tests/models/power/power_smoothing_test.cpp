#include "models/power/power_smoothing.hpp"

#include <rapidcheck.h>

#include <cmath>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"

using namespace tokenworks;
using namespace tokenworks::power;

TEST_CASE("power smoothing: a ramp that the store can bear", "[models][power]") {
  // 72 GPUs store 4,680 J, half of it at first. A step of 20 kW at 0.2 * 130 kW/s takes 0.769 s and 7,692 J: too much.
  // Within 2,340 J the ramp is 20 kW^2 / 4,680 J = 85.5 kW/s, 0.234 s.
  PowerSmoothing group({}, 72, Watts(130e3), Watts(100e3));
  group.set_demand(Watts(120e3), Seconds(0));
  CHECK_THAT(group.next_change().value, WithinRel(2.0 * 2340 / 20e3, 1e-9));
  group.advance(Seconds(0.117));
  CHECK_THAT(group.grid().value, WithinRel(110e3, 1e-9));
  group.advance(Seconds(1));
  CHECK(group.grid() == Watts(120e3));
  CHECK_THAT(group.stored().value, WithinAbs(0.0, 1e-6));
  // A small fall charges it, at the rate: 5 kW at 26 kW/s, 480.8 J.
  group.set_demand(Watts(115e3), Seconds(2));
  group.advance(Seconds(3));
  CHECK_THAT(group.stored().value, WithinRel(5e3 * 5e3 / 2 / 26e3, 1e-9));
}

TEST_CASE("power smoothing: the floor is held, and charged to the run", "[models][power]") {
  SmoothingSpec spec;
  spec.floor_share = 0.5;
  PowerSmoothing group(spec, 0, Watts(100e3), Watts(90e3));  // no store: the grid follows at once
  group.set_demand(Watts(20e3), Seconds(10));
  CHECK(group.grid() == Watts(50e3));
  CHECK(group.next_change() == Seconds(20));
  group.advance(Seconds(30));
  CHECK(group.grid() == Watts(20e3));
  CHECK_THAT(group.floor_energy().value, WithinRel(300e3, 1e-12));
  CHECK_THAT(group.grid_energy().value, WithinRel(900e3 + 500e3 + 200e3, 1e-12));
}

TEST_CASE("power smoothing: energy is kept, the store stays within its bounds, peaks fall", "[models][power][law]") {
  REQUIRE(rc::check([] {
    SmoothingSpec spec;
    spec.floor_share = *rc::gen::inRange(0, 5) * 0.1;
    spec.floor_hold = Seconds(*rc::gen::inRange(0, 30) * 0.1);
    spec.ramp_share_per_s = *rc::gen::inRange(1, 20) * 0.1;
    PowerSmoothing group(spec, 72, Watts(130e3), Watts(50e3));
    const Joules first = group.stored();
    double now = 0.0, highest = 50e3, grid_highest = 50e3;
    for (int i = 0; i < 40; ++i) {
      now += *rc::gen::inRange(0, 2000) * 1e-3;
      const double demand = *rc::gen::inRange(0, 130) * 1e3;
      highest = std::max({highest, demand, 130e3 * spec.floor_share});
      group.set_demand(Watts(demand), Seconds(now));
      grid_highest = std::max(grid_highest, group.grid().value);
      RC_ASSERT(group.stored().value >= 0.0 && group.stored() <= group.capacity());
    }
    group.advance(Seconds(now + 100));
    RC_ASSERT(grid_highest <= highest * (1 + 1e-9));
    const double left = (group.grid_energy() - group.load_energy() - group.floor_energy()).value;
    RC_ASSERT(std::abs(left - (group.stored() - first).value) < 1e-6 * group.grid_energy().value + 1e-3);
    RC_ASSERT(std::isinf(group.next_change().value));
  }));
}

TEST_CASE("power smoothing: time does not fall, ratings are above 0", "[models][power]") {
  PowerSmoothing group({}, 72, Watts(130e3), Watts(0));
  group.advance(Seconds(5));
  CHECK_THROWS_AS(group.advance(Seconds(4)), std::invalid_argument);
  CHECK_THROWS_AS(PowerSmoothing({}, 72, Watts(0), Watts(0)), std::invalid_argument);
}
