#include "models/power/storage_shaping.hpp"

#include <algorithm>

#include "sim/resources/second_means.hpp"
#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/models/power/small_networks.hpp"
#include "tests/resources/power_script.hpp"

using namespace tokenworks;
using namespace tokenworks::power;
using power::tests::feeds;
using power::tests::node;
using resources::PowerTotals;
using resources::tests::Script;
using tokenworks::testing::in_child;

namespace {

ShapingSpec keeps(Watts limit, double reserve_share = 0.2) {
  ShapingSpec spec;
  spec.limit = limit;
  spec.reserve_share = reserve_share;
  spec.return_share = 1.0;
  return spec;
}

ShapingSpec keeps_ramp(double w_per_min) {
  ShapingSpec spec;
  spec.ramp_w_per_min = w_per_min;
  spec.target_share = 0.5;
  return spec;
}

/// utility - battery of 1 MW - racks; the store lasts for `ride_through` at 1 MW.
NetworkSpec site(ShapingSpec shaping, double ride_through_s, std::optional<Watts> power = {}) {
  NetworkSpec spec;
  spec.nodes = {node("grid", "utility"), node("store", "battery", 1e6), node("racks", "rack", 1e6)};
  spec.feeds = feeds({"grid>store", "store>racks"});
  StorageSpec store = StorageSpec::energy_storage();
  store.soc_low = 0.0;
  store.soc_high = 1.0;
  store.ride_through = Seconds(ride_through_s);
  store.charge_efficiency = store.discharge_factor = 1.0;
  store.power = power;
  store.shaping = shaping;
  spec.nodes[1].storage = store;
  return spec;
}

std::string grid_kw(Script& script) {
  script.system().advance(script.now());
  return fmt::format("{:.3f} kW, {:.4f}", to_watts(script.system().flow().input_of(NodeKind::utility)) * 1e-3,
                     script.system().state_of_charge(script.id("store")));
}

}  // namespace

TEST_CASE("storage shaping: a peak is shaved until the reserve, and the charge comes back below the limit",
          "[resources][power]") {
  // 1 MW for 100 s: 100 MJ, of which 20 % are kept. 900 kW over a limit of 500 kW take 400 kW: 80 MJ last 200 s. Then
  // the grid sees the peak. At 300 kW there are 200 kW to charge with, up to 1 C = 100 MJ/h = 27.8 kW.
  const std::string text = in_child([] {
    Script script(site(keeps(Watts(500e3)), 100));
    script.demand(0, "racks", 400e3);
    script.say(5, [&] { return grid_kw(script); });
    script.demand(10, "racks", 900e3);
    script.say(110, [&] { return grid_kw(script); });
    script.say(211, [&] { return grid_kw(script); });
    script.demand(300, "racks", 300e3);
    script.say(301, [&] { return grid_kw(script); });
    script.say(336, [&] { return grid_kw(script); });
    script.say(337, [&] { return grid_kw(script); });
    script.say(4000, [&] { return grid_kw(script); });
    script.at(4001, [&] { script.stop(); });
    return script.run();
  });
  // A hundredth of the window above the reserve is 1 MJ, 36 s at 27.8 kW.
  CHECK(text ==
        "5.000 400.000 kW, 1.0000\n110.000 500.000 kW, 0.6000\n210.000 at_reserve store\n211.000 900.000 kW, 0.2000\n"
        "301.000 327.778 kW, 0.2003\n336.000 off_reserve store\n336.000 327.778 kW, 0.2100\n337.000 327.778 kW, "
        "0.2103\n4000.000 300.000 kW, 1.0000\n");
}

TEST_CASE("storage shaping: recharging never passes the limit", "[resources][power]") {
  const std::string text = in_child([] {
    Script script(site(keeps(Watts(500e3)), 3600));  // 1 C is 1 MW
    script.demand(0, "racks", 900e3);
    script.demand(1000, "racks", 480e3);
    script.say(1001, [&] { return grid_kw(script); });
    script.at(1002, [&] { script.stop(); });
    return script.run();
  });
  // 400 MJ of 3,600 MJ were given; 20 kW are free.
  CHECK(text == "1001.000 500.000 kW, 0.8889\n");
}

TEST_CASE("storage shaping: a step becomes a ramp, up and down", "[resources][power]") {
  // 60 kW a minute, 1 kW a second. From half full the store can do both.
  const std::string text = in_child([] {
    Script script(site(keeps_ramp(60e3), 600));
    script.demand(0, "racks", 100e3);
    script.say(10.5, [&] { return grid_kw(script); });
    script.demand(20.5, "racks", 200e3);
    script.say(20.6, [&] { return grid_kw(script); });
    script.say(70.6, [&] { return grid_kw(script); });
    script.say(121.6, [&] { return grid_kw(script); });
    script.demand(200.5, "racks", 150e3);
    script.say(210.6, [&] { return grid_kw(script); });
    script.say(252.6, [&] { return grid_kw(script); });
    script.at(300, [&] { script.stop(); });
    return script.run();
  });
  // Given: 99 + 98 + ... + 1 kJ of 600 MJ, 0.5 - 0.00825; then taken: 49 + 48 + ... + 40 and 3.9 kJ.
  CHECK(text ==
        "10.500 100.000 kW, 0.5000\n20.600 101.000 kW, 0.5000\n70.600 151.000 kW, 0.4938\n121.600 200.000 kW, 0.4917\n"
        "210.600 189.000 kW, 0.4925\n252.600 150.000 kW, 0.4938\n");
}

TEST_CASE("storage shaping: a store of less power helps as far as it can, and carries nobody alone",
          "[resources][power]") {
  const std::string text = in_child([] {
    Script script(site(keeps(Watts(500e3)), 3600, Watts(100e3)));
    script.demand(0, "racks", 900e3);
    script.say(1, [&] { return grid_kw(script); });
    script.at(2, [&] { script.system().lose_utility(script.id("grid")); });
    script.at(3, [&] { script.system().restore_utility(script.id("grid")); });
    script.say(4, [&] { return grid_kw(script); });
    script.at(5, [&] { script.stop(); });
    return script.run();
  });
  CHECK(text ==
        "1.000 800.000 kW, 0.9997\n2.000 utility_lost grid\n2.000 dark racks\n3.000 utility_restored grid\n3.000 lit "
        "racks\n4.000 800.000 kW, 0.9992\n");
}

TEST_CASE("storage shaping: an outage uses the reserve too", "[resources][power]") {
  const std::string text = in_child([] {
    Script script(site(keeps(Watts(500e3), 0.5), 100));
    script.demand(0, "racks", 1e6);  // 50 MJ at 500 kW: at the reserve after 100 s
    script.at(150, [&] { script.system().lose_utility(script.id("grid")); });
    script.at(300, [&] { script.stop(); });
    return script.run();
  });
  // 50 MJ at 1 MW.
  CHECK(text ==
        "100.000 at_reserve store\n150.000 utility_lost grid\n150.000 on_battery store\n200.000 battery_empty "
        "store\n200.000 dark racks\n");
}

TEST_CASE("storage shaping: the grid sees no more than the limit and the ramp while charge lasts",
          "[resources][power][law]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string text = in_child([&] {
      RandomEngine random = random_stream(seed, "test");
      const double limit = 300e3 + 500e3 * uniform_open(random), ramp = 1e6 + 20e6 * uniform_open(random);
      ShapingSpec shaping;
      if (seed % 3 != 0) shaping.limit = Watts(limit);
      if (seed % 3 != 1) shaping.ramp_w_per_min = ramp;
      shaping.target_share = 0.5;
      Script script(site(shaping, 3600), {.seed = seed}, true);
      script.demand(0, "racks", 200e3);
      double second = 2;
      for (int i = 0; i < 200; ++i) {
        second += uniform_open(random) * (i % 10 == 0 ? 20 : 0.5);
        script.demand(second, "racks", 1e6 * uniform_open(random));
      }
      std::string faults;
      double before = 0, most = 0;
      for (int i = 0; i < static_cast<int>(second) * 10; ++i) {
        script.at(3 + i * 0.1, [&, i] {
          const double now = to_watts(script.system().flow().input_of(NodeKind::utility));
          most = std::max(most, now);
          // Looks are a second apart: a step between two of them, and one either way beside each.
          if (i % 10 == 0) {
            if (shaping.ramp_w_per_min && i > 0 && std::abs(now - before) > 3.0 * ramp / 60 + 1)
              faults += fmt::format("{} from {} to {}\n", script.now_s(), before, now);
            before = now;
          }
          if (shaping.limit && now > limit + 1) faults += fmt::format("{} W at {}\n", now, script.now_s());
        });
      }
      script.at(second + 10, [&] { script.stop(); });
      return script.run() + faults + fmt::format("most {}", most);
    });
    CAPTURE(seed);
    CHECK(text.substr(0, 5) == "most ");
  }
}

TEST_CASE("second means: peaks and ramps of a power by hand", "[resources]") {
  using resources::PeakSecond;
  using resources::RampWatch;
  constexpr Picoseconds kSecond = kPicosecondsPerSecond;
  PeakSecond peak;
  RampWatch ramp;
  auto hold = [&, now = Picoseconds{0}](Milliwatts power, double until_s) mutable {
    const Picoseconds until = to_picoseconds(until_s);
    peak.hold(power, now, until);
    ramp.hold(power, now, until);
    now = until;
  };
  hold(100, 10.5);
  hold(300, 11.5);  // two seconds of 200
  hold(500, 30);
  CHECK(peak.peak(30 * kSecond) == 500);
  CHECK(ramp.largest_rise() == 400);
  CHECK(ramp.largest_fall() == 0);
  hold(450, 1000);
  CHECK(ramp.largest_fall() == 50);
  hold(440, 1001);
  hold(700, 1062);  // a minute later the lowest of the window is 700
  CHECK(ramp.largest_rise() == 400);
  hold(1000, 1063);
  CHECK(ramp.largest_rise() == 400);
  hold(200, 1064);
  CHECK(ramp.largest_fall() == 800);
}
