#include "sim/resources/power_floors.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::resources;

namespace {

constexpr Picoseconds kSecond = kPicosecondsPerSecond;
constexpr Milliwatts kFloor = 4 * 350'000;  // half of 700 W, four GPUs

std::vector<RackGroup> racks() {
  RackGroup group;
  group.kind.nodes = 2;
  group.kind.gpus_per_node = 4;
  group.gpu_idle_power_w = 100;
  group.gpu_max_power_w = 700;
  group.racks = 1;
  group.smoothing = power::SmoothingSpec{};
  group.smoothing->floor_share = 0.5;
  group.smoothing->floor_hold = Seconds(10);
  return {group};
}

}  // namespace

TEST_CASE("power floors: held after work, not before, for their time", "[resources]") {
  const std::vector<RackGroup> groups = racks();
  ValidityNotes notes;
  const ItLoad load(groups, notes);
  PowerFloors floors(groups, load);
  CHECK(floors.next_end() == kNever);
  CHECK(floors.add(0, 100'000, kSecond) == 100'000);  // 500 W: below the floor, but nothing has ended
  CHECK(floors.next_end() == kNever);
  CHECK(floors.add(0, 2'000'000, 2 * kSecond) == 2'000'000);
  CHECK(floors.add(0, -2'100'000, 3 * kSecond) == kFloor - 2'500'000);  // to the floor alone
  CHECK(floors.extra(0) == kFloor - 400'000);
  CHECK(floors.next_end() == 13 * kSecond);
  CHECK(floors.add(0, 50'000, 4 * kSecond) == 0);  // work below the floor hides in it
  CHECK_FALSE(floors.end_one(12 * kSecond).has_value());
  const auto ended = floors.end_one(13 * kSecond);
  REQUIRE(ended.has_value());
  CHECK(*ended == std::pair<std::int64_t, Milliwatts>(0, 450'000 - kFloor));
  CHECK(floors.extra(0) == 0);
  CHECK_FALSE(floors.end_one(13 * kSecond).has_value());
}

TEST_CASE("power floors: work that comes back ends them, and so does a node that goes off", "[resources]") {
  const std::vector<RackGroup> groups = racks();
  ValidityNotes notes;
  const ItLoad load(groups, notes);
  PowerFloors floors(groups, load);
  floors.add(1, 2'000'000, 0);
  floors.add(1, -2'000'000, kSecond);
  CHECK(floors.add(1, 2'000'000, 2 * kSecond) == 2'400'000 - kFloor);
  floors.add(1, -2'000'000, 5 * kSecond);
  CHECK_FALSE(floors.end_one(11 * kSecond).has_value());  // that of the first time is gone
  CHECK(floors.drop(1) == 400'000 - kFloor);
  CHECK(floors.extra(0) == 0);
  CHECK_FALSE(floors.end_one(100 * kSecond).has_value());
}

TEST_CASE("power floors: the order of changes at one date does not matter", "[resources][law]") {
  const std::vector<RackGroup> groups = racks();
  ValidityNotes notes;
  const ItLoad load(groups, notes);
  REQUIRE(rc::check([&] {
    std::vector<std::vector<Milliwatts>> dates;
    Milliwatts level = 400'000;
    for (int i = 0; i < 20; ++i) {
      std::vector<Milliwatts>& deltas = dates.emplace_back();
      for (int k = *rc::gen::inRange(1, 4); k > 0; --k) {
        const Milliwatts next = *rc::gen::inRange<Milliwatts>(400'000, 2'800'000);
        deltas.push_back(next - level);
        level = next;
      }
    }
    const auto play = [&](bool turned) {
      PowerFloors floors(groups, load);
      std::vector<Milliwatts> drawn;
      Milliwatts now_w = 400'000;
      Picoseconds now = 0;
      for (std::vector<Milliwatts> deltas : dates) {
        if (turned) std::reverse(deltas.begin(), deltas.end());
        now += 4 * kSecond;
        while (const auto ended = floors.end_one(now - 1)) now_w += ended->second;
        for (const Milliwatts delta : deltas) now_w += floors.add(0, delta, now);
        drawn.push_back(now_w);
      }
      return drawn;
    };
    RC_ASSERT(play(false) == play(true));
  }));
}
