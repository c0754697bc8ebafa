#include "models/power/power_smoothing.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/models/fixed_seed.hpp"

using namespace tokenworks;
using namespace tokenworks::power;

namespace {

constexpr std::int64_t kSecond = kPicosecondsPerSecond;
constexpr Milliwatts kilowatts(double value) { return static_cast<Milliwatts>(value * 1e6); }

/// Moves on through all changes up to `until`; what is drawn meanwhile.
Femtojoules drawn_until(PowerSmoothing& group, std::int64_t from, std::int64_t until) {
  Femtojoules energy = 0;
  while (from < until) {
    const std::int64_t to = std::min(until, group.next_change());
    energy += static_cast<Femtojoules>(group.draw()) * (to - from);
    group.advance(to);
    from = to;
  }
  return energy;
}

}  // namespace

TEST_CASE("power smoothing: a ramp that the store can bear", "[models][power]") {
  // 72 GPUs store 4,680 J, half of it at first. A step of 20 kW at 0.2 * 130 kW/s takes 0.769 s and 7,692 J: too much.
  // Within 2,340 J the ramp is 20 kW^2 / 4,680 J = 85.5 kW/s, 0.234 s: 24 steps of 9.75 ms.
  PowerSmoothing group({}, 72, kilowatts(130), kilowatts(100));
  group.set_demand(kilowatts(120), 0);
  CHECK(group.next_change() == 9'750'000'000);
  CHECK(group.draw() == kilowatts(100) + kilowatts(20) / 48);
  drawn_until(group, 0, kSecond * 117 / 1000);
  CHECK(group.draw() == kilowatts(110) + kilowatts(20) / 48);
  drawn_until(group, kSecond * 117 / 1000, kSecond * 234 / 1000);
  CHECK_THAT(to_joules(group.stored()), WithinAbs(0.0, 1e-3));
  // Then it comes back to half, with a hundredth of the rated power: 1.8 s for 2,340 J.
  CHECK(group.draw() == kilowatts(121.3));
  drawn_until(group, kSecond * 234 / 1000, 3 * kSecond);
  CHECK(group.draw() == kilowatts(120));
  CHECK_THAT(to_joules(group.stored()), WithinRel(2340.0, 1e-9));
  // A small fall charges it, at the rate: 5 kW at 26 kW/s, 480.8 J.
  group.set_demand(kilowatts(115), 3 * kSecond);
  drawn_until(group, 3 * kSecond, 3 * kSecond + kSecond * 5 / 26);
  CHECK_THAT(to_joules(group.stored()), WithinRel(2340.0 + 5e3 * 5e3 / 2 / 26e3, 1e-6));
}

TEST_CASE("power smoothing: without a store the draw is the demand, dark racks draw nothing", "[models][power]") {
  SmoothingSpec spec;
  spec.energy_per_gpu = Joules(0);
  PowerSmoothing none(spec, 72, kilowatts(130), kilowatts(20));
  none.set_demand(kilowatts(130), 5);
  CHECK(none.draw() == kilowatts(130));
  CHECK(none.next_change() == PowerSmoothing::kNever);
  PowerSmoothing group({}, 72, kilowatts(130), kilowatts(100));
  group.set_demand(kilowatts(120), 0);
  group.darken(kSecond / 1000);
  CHECK(group.draw() == 0);
  CHECK(group.next_change() == PowerSmoothing::kNever);
}

TEST_CASE("power smoothing: energy is kept, the store keeps its bounds, ramps and peaks fall", "[models][power][law]") {
  REQUIRE(rc::check([] {
    SmoothingSpec spec;
    spec.ramp_share_per_s = *rc::gen::inRange(1, 20) * 0.1;
    const Milliwatts rated = kilowatts(130);
    PowerSmoothing group(spec, 72, rated, kilowatts(50));
    const Femtojoules first = group.stored();
    std::int64_t now = 0;
    Femtojoules drawn = 0, used = 0;
    Milliwatts highest = kilowatts(50), lowest = highest;
    for (int i = 0; i < 40; ++i) {
      const Milliwatts demand = *rc::gen::inRange(0, 130) * 1'000'000;
      group.set_demand(demand, now);
      highest = std::max(highest, demand);
      lowest = std::min(lowest, demand);
      const std::int64_t until = now + *rc::gen::inRange<std::int64_t>(0, 2 * kSecond);
      used += static_cast<Femtojoules>(demand) * (until - now);
      while (now < until) {
        RC_ASSERT(group.draw() >= 0 && group.draw() <= highest + PowerSmoothing::most_above(rated));
        RC_ASSERT(group.draw() >= lowest - PowerSmoothing::most_above(rated));
        RC_ASSERT(group.stored() >= 0 && group.stored() <= group.capacity());
        const std::int64_t to = std::min(until, group.next_change());
        RC_ASSERT(to > now);
        drawn += drawn_until(group, now, to);
        now = to;
      }
    }
    RC_ASSERT(drawn - used == group.stored() - first);
    drawn_until(group, now, now + 100 * kSecond);
    RC_ASSERT(group.draw() == group.demand());
    RC_ASSERT(group.next_change() == PowerSmoothing::kNever);
  }));
}

TEST_CASE("power smoothing: time does not fall nor run past a change, ratings are above 0", "[models][power]") {
  PowerSmoothing group({}, 72, kilowatts(130), 0);
  group.advance(5 * kSecond);
  CHECK_THROWS_AS(group.advance(4 * kSecond), std::invalid_argument);
  group.set_demand(kilowatts(100), 5 * kSecond);
  CHECK_THROWS_AS(group.advance(50 * kSecond), std::invalid_argument);
  CHECK_THROWS_AS(PowerSmoothing({}, 72, 0, 0), std::invalid_argument);
}
