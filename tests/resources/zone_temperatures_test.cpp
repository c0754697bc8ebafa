#include "sim/resources/zone_temperatures.hpp"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <cmath>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"

using namespace tokenworks;
using namespace tokenworks::resources;
using tokenworks::testing::in_child;

namespace {

/// 72 GPUs of 1 kW on cold plates with 1.5 L/min of PG25 (0.01617 + 0.00839 / 1.5 K/W), 550 J/K each; 1.5 L of coolant
/// a kilowatt; 4 K between coolant and loop.
CoolingZone cold_plates() {
  CoolingZone zone;
  zone.path.chip_resistance = KelvinPerWatt(0.01617 + 0.00839 / 1.5);
  zone.path.flow_share_of_resistance = 0.00839 / 1.5 / (0.01617 + 0.00839 / 1.5);
  zone.path.chip_capacity = JoulesPerKelvin(550);
  zone.path.zone_s = 6.0;
  zone.path.zone_per_k = 0.25;
  zone.design_heat = Watts(72e3);
  zone.gpus = 72;
  zone.most = {72'000'000, 1'000'000, 0};
  zone.initial = zone.most;
  return zone;
}

/// 1 MW that goes straight to the coolant.
CoolingZone megawatt() {
  CoolingZone zone;
  zone.path.zone_s = 6.0;
  zone.path.zone_per_k = 0.25;
  zone.design_heat = Watts(1e6);
  zone.most = {0, 0, 1'000'000'000};
  zone.initial = zone.most;
  return zone;
}

/// 10 m3 of water.
CoolingLoop buffered_loop(double capability_w, double beyond_w_per_k = 0.0) {
  return {Celsius(36), {Watts(capability_w), WattsPerKelvin(beyond_w_per_k)}, JoulesPerKelvin(10.0 * 992 * 4178)};
}

constexpr double kEver = std::numeric_limits<double>::infinity();

struct Plant : engine::TimerClient, ZoneTemperatureClient {
  Plant(std::vector<CoolingZone> zones, std::vector<CoolingLoop> loops)
      : simulation({}), temperatures(simulation, *this, std::move(zones), std::move(loops)) {}

  void at(double seconds, std::function<void()> action) {
    const auto number = static_cast<std::uint32_t>(actions.size());
    actions.push_back(std::move(action));
    simulation.set_timer(simulation.add_timer(*this, number, engine::rank(engine::RankClass::incident, number)),
                         to_picoseconds(seconds));
  }
  void run() {
    temperatures.start();
    simulation.run();
  }
  void say(double value) { log += fmt::format("{:.17g} ", value); }
  double now() const { return to_seconds(simulation.now()); }
  void balance() {
    const HeatBalance balance = temperatures.balance(0);
    say((balance.given - balance.rejected - balance.stored).value / balance.given.value);
  }

  void on_timer(std::uint32_t number) override { actions[number](); }
  void clock_level_changed(std::size_t zone, int level, double clock_share) override {
    if (on_level) on_level(zone, level, clock_share);
  }
  void zone_shut_down(std::size_t zone) override {
    if (on_shut_down) on_shut_down(zone);
  }
  void loop_held_changed(std::size_t loop, bool held) override {
    if (on_loop) on_loop(loop, held);
  }

  engine::Simulation simulation;
  ZoneTemperatures temperatures;
  std::vector<std::function<void()>> actions;
  std::function<void(std::size_t, int, double)> on_level;
  std::function<void(std::size_t)> on_shut_down;
  std::function<void(std::size_t, bool)> on_loop;
  std::string log;
};

/// What the plant said, as numbers.
std::vector<double> in_plant(std::vector<CoolingZone> zones, std::vector<CoolingLoop> loops,
                             const std::function<void(Plant&)>& play) {
  std::istringstream text(in_child([&] {
    Plant plant(zones, loops);
    play(plant);
    return plant.log;
  }));
  std::vector<double> numbers;
  for (double number = 0; text >> number;) numbers.push_back(number);
  return numbers;
}

}  // namespace

TEST_CASE("zone temperatures: pumps stop on a row with cold plates", "[resources][thermal]") {
  // Coolant 36 + 4 = 40, chips 40 + 21.763 = 61.763 degC. Without flow 1000 / 550 = 1.818 K/s: software lowers clocks
  // at 86, 87 and 88, hardware at 89, the zone shuts down at 92 degC: 13.33, 13.88, 14.43, 14.98 and 16.63 s later.
  const auto said = in_plant({cold_plates()}, {buffered_loop(kEver)}, [](Plant& plant) {
    plant.on_level = [&](std::size_t, int level, double share) {
      plant.say(plant.now());
      plant.say(level);
      plant.say(share);
      plant.say(plant.temperatures.zone(0).hottest.value);
    };
    plant.on_shut_down = [&](std::size_t) {
      plant.say(plant.now());
      plant.say(plant.temperatures.zone(0).level);
    };
    plant.at(10, [&] {
      plant.say(plant.temperatures.zone(0).hottest.value);
      plant.say(plant.temperatures.time_to_throttle(0).has_value());
      plant.temperatures.set_flow(0, 0.0);
    });
    plant.at(11, [&] {
      plant.say(plant.temperatures.time_to_throttle(0).value_or(Seconds(0)).value);
      plant.say(plant.temperatures.time_to_shutdown(0).value_or(Seconds(0)).value);
    });
    plant.run();
  });
  const double start = 40.0 + 1000.0 * (0.01617 + 0.00839 / 1.5), rate = 1000.0 / 550.0;
  REQUIRE(said.size() == 4 + 4 * 4 + 2);
  CHECK_THAT(said[0], WithinAbs(start, 1e-9));
  CHECK(said[1] == 0.0);
  CHECK_THAT(said[2], WithinAbs((86 - start) / rate - 1.0, 1e-8));
  CHECK_THAT(said[3], WithinAbs((92 - start) / rate - 1.0, 1e-8));
  const double limits[] = {86, 87, 88, 89}, shares[] = {0.96, 0.92, 0.88, 0.5};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK_THAT(said[4 + 4 * i], WithinAbs(10.0 + (limits[i] - start) / rate, 1e-8));
    CHECK(said[5 + 4 * i] == static_cast<double>(i + 1));
    CHECK_THAT(said[6 + 4 * i], WithinAbs(shares[i], 1e-12));
    CHECK_THAT(said[7 + 4 * i], WithinAbs(limits[i], 1e-6));
  }
  CHECK_THAT(said[20], WithinAbs(10.0 + (92 - start) / rate, 1e-8));
  CHECK(said[21] == 5.0);
}

TEST_CASE("zone temperatures: clocks that fall slow the rise, and pumps that return bring them back",
          "[resources][thermal]") {
  // As above, but power goes with the clock. From 86 on 0.96, 0.92, 0.88 and then half of 1.818 K/s: 89 is met after
  // 13.33 + 0.573 + 0.598 + 0.625 s, and 92 would be 3.3 s later. A second after 89 the spare pump runs: 89.909 degC.
  const auto said = in_plant({cold_plates()}, {buffered_loop(kEver)}, [](Plant& plant) {
    Milliwatts hottest = 1'000'000;
    plant.on_level = [&](std::size_t, int level, double share) {
      plant.say(level);
      plant.say(plant.now());
      const Milliwatts power = to_milliwatts(1000.0 * share);
      plant.temperatures.add_heat(0, 72 * (power - hottest), 0);
      plant.temperatures.set_hottest(0, power);
      hottest = power;
      if (level == 4) {
        plant.at(plant.now() + 1.0, [&] {
          plant.say(plant.temperatures.zone(0).hottest.value);
          plant.say(plant.temperatures.zone(0).chips.value);
          plant.temperatures.set_flow(0, 1.0);
        });
      }
    };
    plant.on_shut_down = [&](std::size_t) { plant.say(-1); };
    plant.at(10, [&] { plant.temperatures.set_flow(0, 0.0); });
    plant.at(1000, [&] {
      const ZoneState state = plant.temperatures.zone(0);
      plant.say(state.level);
      plant.say(state.hottest.value);
      plant.say(state.coolant.value);
      plant.say(plant.temperatures.watched(0));
      plant.balance();
    });
    plant.run();
  });
  const double start = 40.0 + 1000.0 * (0.01617 + 0.00839 / 1.5), rate = 1000.0 / 550.0;
  double date = 10.0 + (86 - start) / rate;
  REQUIRE(said.size() == 4 * 2 + 2 + 4 * 2 + 5);
  const double shares[] = {0.96, 0.92, 0.88};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(said[2 * i] == static_cast<double>(i + 1));
    CHECK_THAT(said[2 * i + 1], WithinAbs(date, 1e-6));
    if (i < 3) date += 1.0 / (rate * shares[i]);
  }
  CHECK_THAT(said[8], WithinAbs(89.0 + rate / 2, 1e-5));
  CHECK_THAT(said[9], WithinAbs(89.0 + rate / 2, 1e-5));
  for (std::size_t i = 0; i < 4; ++i) {  // back through 3, 2, 1 to 0 within seconds
    CHECK(said[10 + 2 * i] == static_cast<double>(3 - i));
    CHECK(said[11 + 2 * i] > date + 1.0);
    CHECK(said[11 + 2 * i] < date + 10.0);
  }
  CHECK(said[18] == 0.0);
  CHECK_THAT(said[19], WithinAbs(start, 1e-6));
  CHECK_THAT(said[20], WithinAbs(40.0, 1e-6));
  CHECK(said[21] == 0.0);
  CHECK_THAT(said[22], WithinAbs(0.0, 1e-12));
}

TEST_CASE("zone temperatures: a loop with a tank warms in minutes and comes back", "[resources][thermal]") {
  // 1 MW into 10 m3 of water: 10 K in 10 * 992 * 4178 * 10 / 1e6 s = 6.9 min. From the loss on zones and loop drift
  // apart no further: coolant stays 4 K above (but for what its own 6 MJ/K take: together 47.4 MJ/K, and 3.49 K).
  const auto said = in_plant({megawatt()}, {buffered_loop(1.2e6)}, [](Plant& plant) {
    plant.on_loop = [&](std::size_t, bool held) {
      plant.say(held);
      plant.say(plant.now());
    };
    plant.at(60, [&] { plant.temperatures.set_capability(0, {Watts(0), WattsPerKelvin(0)}); });
    plant.at(60 + 600, [&] {
      plant.say(plant.temperatures.loop(0).temperature.value);
      plant.say(plant.temperatures.zone(0).coolant.value);
      plant.temperatures.set_capability(0, {Watts(1.5e6), WattsPerKelvin(0)});
    });
    plant.at(3000, [&] {
      plant.say(plant.temperatures.loop(0).temperature.value);
      plant.say(plant.temperatures.zone(0).coolant.value);
      plant.balance();
    });
    plant.run();
  });
  REQUIRE(said.size() == 2 + 2 + 2 + 3);
  CHECK(said[0] == 0.0);
  CHECK_THAT(said[1], WithinAbs(60.0, 1e-12));
  const double both = 10.0 * 992 * 4178 + 6e6;
  // At 600 s the fast mode has died out: the mean of both by their capacities has risen 1e6 * 600 / both.
  CHECK_THAT((said[2] * 10.0 * 992 * 4178 + said[3] * 6e6) / both,
             WithinAbs((36.0 * 10.0 * 992 * 4178 + 40.0 * 6e6) / both + 1e6 * 600 / both, 1e-9));
  CHECK_THAT(said[3] - said[2], WithinAbs(4.0 * (1.0 - 6e6 / both), 1e-6));
  CHECK(said[4] == 1.0);
  CHECK(said[5] > 660 + 1000);
  CHECK(said[5] < 660 + 1300);
  CHECK_THAT(said[6], WithinAbs(36.0, 1e-12));
  CHECK_THAT(said[7], WithinAbs(40.0, 1e-9));
  CHECK_THAT(said[8], WithinAbs(0.0, 1e-12));
}

TEST_CASE("zone temperatures: minutes of a buffer tank", "[resources][thermal]") {
  // The coolant's own heat capacity left out (nearly): 10 K in 414.5 s = 6.9 min.
  CoolingZone zone = megawatt();
  zone.path.zone_s = 1e-6;
  const auto said = in_plant({zone}, {buffered_loop(0.0)}, [](Plant& plant) {
    plant.at(10.0 * 992 * 4178 * 10 / 1e6, [&] { plant.say(plant.temperatures.loop(0).temperature.value); });
    plant.run();
  });
  REQUIRE(said.size() == 1);
  CHECK_THAT(said[0], WithinAbs(46.0, 1e-4));
  CHECK_THAT(10.0 * 992 * 4178 * 10 / 1e6 / 60.0, WithinAbs(6.9, 0.01));
}

TEST_CASE("zone temperatures: a loop leaves when more arrives than it can give off, and rests where it can",
          "[resources][thermal]") {
  // 0.5 MW steps to 1 MW; what arrives follows with 6 / 0.25 = 24 s: 0.8 MW is met 24 ln(0.5 / 0.2) s later. Beyond,
  // 20 kW more a kelvin: 10 K above the set point.
  CoolingZone zone = megawatt();
  zone.initial.other = 500'000'000;
  const auto said = in_plant({zone}, {buffered_loop(0.8e6, 20e3)}, [](Plant& plant) {
    plant.on_loop = [&](std::size_t, bool held) {
      plant.say(held);
      plant.say(plant.now());
    };
    plant.at(100, [&] { plant.temperatures.add_heat(0, 0, 500'000'000); });
    plant.at(40000, [&] {
      plant.say(plant.temperatures.loop(0).temperature.value);
      plant.say(plant.temperatures.loop(0).arriving.value);
      plant.balance();
      plant.temperatures.add_heat(0, 0, -300'000'000);
    });
    plant.at(80000, [&] { plant.balance(); });
    plant.run();
  });
  REQUIRE(said.size() == 2 + 3 + 2 + 1);
  CHECK(said[0] == 0.0);
  CHECK_THAT(said[1], WithinAbs(100.0 + 24.0 * std::log(0.5 / 0.2), 1e-6));
  CHECK_THAT(said[2], WithinAbs(46.0, 1e-6));
  CHECK_THAT(said[3], WithinAbs(1e6, 0.1));
  CHECK_THAT(said[4], WithinAbs(0.0, 1e-12));
  CHECK(said[5] == 1.0);
  CHECK(said[6] > 40000.0);
  CHECK_THAT(said[7], WithinAbs(0.0, 1e-12));
}

TEST_CASE("zone temperatures: a tank of oil has minutes", "[resources][thermal]") {
  // 100 kW in 1 m3 of oil (1.8 MJ/K): 15 K in 270 s after its pumps stop; chips keep their distance to the oil.
  CoolingZone zone;
  zone.path.chip_resistance = KelvinPerWatt(0.04);
  zone.path.chip_capacity = JoulesPerKelvin(1);
  zone.path.zone_s = 18.0;
  zone.path.zone_per_k = 0.2;
  zone.design_heat = Watts(100e3);
  zone.gpus = 140;
  zone.most = zone.initial = {98'000'000, 700'000, 2'000'000};
  const auto said = in_plant({zone}, {buffered_loop(kEver)}, [](Plant& plant) {
    plant.on_level = [&](std::size_t, int level, double) {
      if (level == 1) plant.say(plant.now());
    };
    plant.at(0, [&] {
      plant.say(plant.temperatures.zone(0).coolant.value);
      plant.say(plant.temperatures.zone(0).chips.value);
      plant.temperatures.set_flow(0, 0);
    });
    plant.at(270, [&] {
      plant.say(plant.temperatures.zone(0).coolant.value);
      plant.say(plant.temperatures.zone(0).chips.value);
    });
    plant.run();
  });
  REQUIRE(said.size() == 5);
  CHECK_THAT(said[0], WithinAbs(41.0, 1e-9));
  CHECK_THAT(said[1], WithinAbs(69.0, 1e-9));
  CHECK_THAT(said[2], WithinAbs(41.0 + 15.0, 0.005));
  CHECK_THAT(said[3], WithinAbs(69.0 + 15.0, 0.005));
  CHECK_THAT(said[4], WithinAbs(270.0 * 17.0 / 15.0, 0.1));
}

TEST_CASE("zone temperatures: what cannot happen is not watched", "[resources][thermal]") {
  // 1,000 changes a second for 100 s: no event of the zone's own; the state is that of the true course to 0.02 K.
  const auto said = in_plant({cold_plates()}, {buffered_loop(80e3)}, [](Plant& plant) {
    const CoolingZone zone = cold_plates();
    const WattsPerKelvin chip = 1.0 / zone.path.chip_resistance;
    const thermal::RcNetwork network(
        {71.0 * zone.path.chip_capacity, zone.path.chip_capacity, JoulesPerKelvin(6.0 * 72e3)}, 1,
        {{0, 2, 71.0 * chip}, {1, 2, chip}, {2, 3, WattsPerKelvin(0.25 * 72e3)}});
    const Celsius loop[] = {Celsius(36)};
    std::vector<Watts> heats{Watts(71e3), Watts(1e3), Watts(0)};
    std::vector<Celsius> truth = *network.steady(std::vector<Celsius>(3, Celsius(36)), heats, loop);
    Milliwatts before = 1'000'000;
    double largest = 0.0;
    std::uint64_t random = 1;
    for (int i = 1; i <= 100'000; ++i) {
      plant.at(i * 1e-3, [&, i] {
        network.from(truth, heats, loop).at(Seconds(1e-3), truth);
        random = random * 6364136223846793005u + 1442695040888963407u;
        const Milliwatts power = (random >> 40) % 2 == 0 ? 1'000'000 : 200'000 + i;
        plant.temperatures.add_heat(0, 72 * (power - before), 0);
        plant.temperatures.set_hottest(0, power);
        before = power;
        heats = {71.0 * Watts(to_watts(power)), Watts(to_watts(power)), Watts(0)};
        const ZoneState state = plant.temperatures.zone(0);
        largest = std::max(largest, std::abs((state.hottest - truth[1]).value));
        largest = std::max(largest, std::abs((state.coolant - truth[2]).value));
      });
    }
    plant.run();
    plant.say(largest);
    plant.say(static_cast<double>(plant.simulation.events()));
    plant.say(plant.temperatures.watched(0));
    plant.balance();
  });
  REQUIRE(said.size() == 4);
  CHECK(said[0] < 0.05);
  CHECK(said[1] == 100'000.0);
  CHECK(said[2] == 0.0);
  CHECK_THAT(said[3], WithinAbs(0.0, 1e-12));
}

TEST_CASE("zone temperatures: levels change when a course in small steps says so", "[resources][thermal][law]") {
  REQUIRE(rc::check([] {
    constexpr double kStep = 0.005;
    // Two zones at a loop that is held; powers, flows and set points change at random.
    struct Change {
      double at;
      int what;
      std::size_t zone;
      double value;
    };
    std::vector<Change> changes;
    const int count = *rc::gen::inRange(1, 60);
    double date = 0.0;
    for (int i = 0; i < count; ++i) {
      date += kStep * std::ceil(std::pow(10.0, *rc::gen::inRange(-200, 150) / 100.0) / kStep);
      changes.push_back({date, *rc::gen::inRange(0, 8), static_cast<std::size_t>(*rc::gen::inRange(0, 2)),
                         *rc::gen::inRange(0, 1001) / 1000.0});
    }
    CoolingZone zone = cold_plates();
    zone.limits = {Celsius(56), Celsius(59), Celsius(62)};
    const auto apply = [&](const Change& change, auto&& heat, auto&& flow, auto&& set_point) {
      if (change.what < 6) {
        heat(change.zone, to_milliwatts(1000.0 * change.value));
      } else if (change.what == 6) {
        flow(change.zone, change.value < 0.5 ? 0.0 : 2.0 * change.value - 0.5);
      } else {
        set_point(Celsius(30.0 + 6.0 * change.value));
      }
    };
    const auto said = in_plant({zone, zone}, {buffered_loop(kEver)}, [&](Plant& plant) {
      Milliwatts power[2] = {1'000'000, 1'000'000};
      const auto tell = [&](std::size_t index) {
        plant.say(static_cast<double>(index));
        plant.say(plant.now());
        plant.say(plant.temperatures.zone(index).level);
      };
      plant.on_level = [&](std::size_t index, int, double) { tell(index); };
      plant.on_shut_down = tell;
      for (const Change& change : changes) {
        plant.at(change.at, [&] {
          apply(
              change,
              [&](std::size_t index, Milliwatts to) {
                plant.temperatures.add_heat(index, 72 * (to - power[index]), 0);
                plant.temperatures.set_hottest(index, to);
                power[index] = to;
              },
              [&](std::size_t index, double share) { plant.temperatures.set_flow(index, share); },
              [&](Celsius to) { plant.temperatures.set_set_point(0, to); });
        });
      }
      plant.run();
    });
    // The same by steps of 5 ms.
    const thermal::Throttle throttle(zone.limits);
    for (std::size_t index = 0; index < 2; ++index) {
      double chip = 40.0 + 1000.0 * zone.path.chip_resistance.value, coolant = 40.0, loop = 36.0, flow = 1.0;
      double power = 1000.0;
      int level = 0;
      std::size_t next = 0;
      std::vector<std::pair<double, int>> found;
      const double end = date + 300.0;
      for (std::size_t i = 0; i + 2 < said.size(); i += 3) {
        if (said[i] == static_cast<double>(index)) found.emplace_back(said[i + 1], static_cast<int>(said[i + 2]));
      }
      // The level that was told holds at the temperature of each step, and changes where that meets a limit.
      std::size_t told = 0;
      constexpr KelvinDelta kNear(0.03);
      for (int step = 0; step * kStep < end; ++step) {
        const double t = step * kStep;
        while (told < found.size() && found[told].first <= t) {
          const int before = std::exchange(level, found[told++].second);
          if (t == 0.0) continue;
          const auto limit = level > before ? throttle.rises_at(level - 1) : throttle.falls_at(level + 1);
          RC_ASSERT(limit.has_value());
          RC_ASSERT(std::abs((*limit - Celsius(chip)).value) < kNear.value);
        }
        if (const auto limit = throttle.rises_at(level)) RC_ASSERT(Celsius(chip) < *limit + kNear);
        if (const auto limit = throttle.falls_at(level)) RC_ASSERT(Celsius(chip) > *limit - kNear);
        while (next < changes.size() && changes[next].at <= t + 1e-6) {
          apply(
              changes[next++], [&](std::size_t i, Milliwatts to) { power = i == index ? to_watts(to) : power; },
              [&](std::size_t i, double share) { flow = i == index ? share : flow; },
              [&](Celsius to) { loop = to.value; });
        }
        const double share = zone.path.flow_share_of_resistance;
        const double g = flow > 0.0 ? 1.0 / (zone.path.chip_resistance.value * (1.0 - share + share / flow)) : 0.0;
        // Half a step, and with its slopes the whole one.
        const auto chip_slope = [&](double a, double b) { return (power - g * (a - b)) / 550.0; };
        const auto coolant_slope = [&](double a, double b) {
          return (72.0 * g * (a - b) - 0.25 * 72e3 * flow * (b - loop)) / (6.0 * 72e3);
        };
        const double a = chip + 0.5 * kStep * chip_slope(chip, coolant);
        const double b = coolant + 0.5 * kStep * coolant_slope(chip, coolant);
        chip += kStep * chip_slope(a, b);
        coolant += kStep * coolant_slope(a, b);
      }
    }
  }));
}

TEST_CASE("zone temperatures: loops that leave and return move as small steps say, and no heat is lost",
          "[resources][thermal][law]") {
  REQUIRE(rc::check([] {
    constexpr double kStep = 0.01;
    struct Change {
      double at;
      int what;
      std::size_t zone;
      double value, other;
    };
    std::vector<Change> changes;
    const int count = *rc::gen::inRange(1, 40);
    double date = 0.0;
    for (int i = 0; i < count; ++i) {
      date += kStep * std::ceil(std::pow(10.0, *rc::gen::inRange(-100, 180) / 100.0) / kStep);
      changes.push_back({date, *rc::gen::inRange(0, 8), static_cast<std::size_t>(*rc::gen::inRange(0, 2)),
                         *rc::gen::inRange(0, 1001) / 1000.0, *rc::gen::inRange(0, 1001) / 1000.0});
    }
    CoolingLoop loop = buffered_loop(1.6e6, 20e3);
    loop.heat_capacity = JoulesPerKelvin(20e6);
    CoolingZone zone = megawatt();
    zone.initial.other = 500'000'000;
    const auto said = in_plant({zone, zone}, {loop}, [&](Plant& plant) {
      Milliwatts power[2] = {500'000'000, 500'000'000};
      for (const Change& change : changes) {
        plant.at(change.at, [&] {
          ZoneTemperatures& t = plant.temperatures;
          plant.say(t.zone(0).coolant.value);
          plant.say(t.zone(1).coolant.value);
          if (change.what < 4) {
            const Milliwatts to = to_milliwatts(1e6 * change.value);
            t.add_heat(change.zone, 0, to - power[change.zone]);
            power[change.zone] = to;
          } else if (change.what == 4) {
            t.set_flow(change.zone, change.value < 0.3 ? 0.0 : 1.5 * change.value);
          } else if (change.what == 5) {
            t.set_set_point(0, Celsius(33.0 + 6.0 * change.value));
          } else if (change.what == 6) {
            t.set_own_heat(0, Watts(100e3 * change.value));
          } else {
            t.set_capability(0, {Watts(2.2e6 * change.value), WattsPerKelvin(50e3 * change.other)});
          }
        });
      }
      plant.at(date + 1.0, [&] {
        const HeatBalance balance = plant.temperatures.balance(0);
        plant.say((balance.given - balance.rejected - balance.stored).value / (1.0 + balance.given.value));
      });
      plant.run();
    });
    RC_ASSERT(said.size() == 2 * changes.size() + 1);
    RC_ASSERT(std::abs(said.back()) < 1e-9);
    double coolant[2] = {38.0, 38.0}, power[2] = {0.5e6, 0.5e6}, flow[2] = {1.0, 1.0};
    double water = 36.0, set_point = 36.0, own = 0.0, capability = 1.6e6, beyond = 20e3;
    bool held = true;
    std::size_t next = 0;
    for (int step = 0; next < changes.size(); ++step) {
      while (next < changes.size() && changes[next].at <= step * kStep + 1e-6) {
        const Change& change = changes[next];
        RC_ASSERT(std::abs(said[2 * next] - coolant[0]) < 0.05);
        RC_ASSERT(std::abs(said[2 * next + 1] - coolant[1]) < 0.05);
        ++next;
        if (change.what < 4) power[change.zone] = 1e6 * change.value;
        if (change.what == 4) flow[change.zone] = change.value < 0.3 ? 0.0 : 1.5 * change.value;
        if (change.what == 5) set_point = 33.0 + 6.0 * change.value;
        if (change.what == 6) own = 100e3 * change.value;
        if (change.what == 7) capability = 2.2e6 * change.value, beyond = 50e3 * change.other;
      }
      if (!held && water <= set_point) held = true;
      if (held) water = set_point;
      const auto arriving = [&](const double* c, double w) {
        return own + 0.25e6 * (flow[0] * (c[0] - w) + flow[1] * (c[1] - w));
      };
      if (held && arriving(coolant, water) > capability) held = false;
      const auto move = [&](const double* c, double w, double length, double* to) {
        for (int i = 0; i < 2; ++i) to[i] = coolant[i] + length * (power[i] - 0.25e6 * flow[i] * (c[i] - w)) / 6e6;
        to[2] = held ? water : water + length * (arriving(c, w) - capability - beyond * (w - set_point)) / 20e6;
      };
      double middle[3], end[3];
      move(coolant, water, 0.5 * kStep, middle);
      move(middle, middle[2], kStep, end);
      coolant[0] = end[0];
      coolant[1] = end[1];
      water = end[2];
    }
  }));
}

TEST_CASE("zone temperatures: the order of calls at one date does not show", "[resources][thermal]") {
  const auto play = [](bool other_way) {
    return in_child([other_way] {
      CoolingZone zone = cold_plates();
      zone.limits = {Celsius(60), Celsius(63), Celsius(66)};
      zone.initial = {36'000'000, 500'000, 0};
      Plant plant({zone, zone}, {buffered_loop(100e3, 1e3)});
      const auto tell = [&](double what, std::size_t index) {
        plant.say(what);
        plant.say(static_cast<double>(index));
        plant.say(plant.now());
      };
      plant.on_level = [&](std::size_t index, int level, double) { tell(level, index); };
      plant.on_shut_down = [&](std::size_t index) { tell(-1, index); };
      plant.on_loop = [&](std::size_t index, bool held) { tell(held ? -2 : -3, index); };
      plant.at(20, [&] {
        const std::function<void()> calls[] = {
            [&] { plant.temperatures.add_heat(0, 36'000'000, 0); },
            [&] { plant.temperatures.set_hottest(0, 1'000'000); },
            [&] { plant.temperatures.set_flow(1, 0.25); },
            [&] {
              plant.temperatures.set_capability(0, {Watts(50e3), WattsPerKelvin(2e3)});
            },
            [&] { plant.temperatures.set_set_point(0, Celsius(37)); },
            [&] { plant.temperatures.add_heat(1, 12'000'000, 100'000); },
        };
        for (std::size_t i = 0; i < 6; ++i) calls[other_way ? 5 - i : i]();
      });
      for (int i = 0; i < 100; ++i) {
        plant.at(21 + 0.37 * i, [&, i] { plant.temperatures.add_heat(0, i % 2 == 0 ? -7'000'000 : 7'000'000, 0); });
      }
      plant.at(3000, [&] {
        for (std::size_t index : {0, 1}) plant.say(plant.temperatures.zone(index).hottest.value);
        plant.say(plant.temperatures.loop(0).temperature.value);
      });
      plant.run();
      return plant.log;
    });
  };
  const std::string log = play(false);
  CHECK(log.size() > 40);
  CHECK(play(true) == log);
}

TEST_CASE("zone temperatures: a shut zone stays shut until it is repaired", "[resources][thermal]") {
  const auto said = in_plant({cold_plates()}, {buffered_loop(kEver)}, [](Plant& plant) {
    plant.on_shut_down = [&](std::size_t) {
      plant.say(-1);
      plant.temperatures.add_heat(0, -72'000'000, 0);
      plant.temperatures.set_hottest(0, 0);
    };
    plant.on_level = [&](std::size_t, int level, double) { plant.say(level); };
    plant.at(0, [&] { plant.temperatures.set_flow(0, 0.0); });
    plant.at(100, [&] { plant.temperatures.set_flow(0, 1.0); });
    plant.at(500, [&] {
      plant.say(plant.temperatures.zone(0).clock_share);
      plant.temperatures.restore(0);
    });
    plant.at(501, [&] { plant.say(plant.temperatures.zone(0).clock_share); });
    plant.run();
  });
  CHECK(said == std::vector<double>{1, 2, 3, 4, -1, 0, 1});
}

TEST_CASE("zone temperatures: a factory that begins too warm says so", "[resources][thermal]") {
  CoolingZone zone = cold_plates();
  zone.limits = {Celsius(60), Celsius(64), Celsius(68)};
  const auto said = in_plant({zone, zone}, {buffered_loop(100e3, 20e3)}, [](Plant& plant) {
    plant.on_level = [&](std::size_t index, int level, double) {
      plant.say(static_cast<double>(index));
      plant.say(level);
    };
    plant.on_loop = [&](std::size_t, bool held) { plant.say(held); };
    plant.temperatures.start();
    plant.say(plant.temperatures.loop(0).temperature.value);
    plant.simulation.run();
    plant.say(plant.now());
  });
  // 144 kW, 100 at the set point and 20 a kelvin: 2.2 K above; chips at 61.76 + 2.2 = 63.96: fourth level of software.
  REQUIRE(said.size() == 7);
  CHECK(std::vector<double>(said.begin(), said.begin() + 5) == std::vector<double>{0, 0, 4, 1, 4});
  CHECK_THAT(said[5], WithinAbs(38.2, 1e-9));
  CHECK(said[6] == 0.0);
}

TEST_CASE("zone temperatures: what cannot be is refused", "[resources][thermal]") {
  const auto refused = [](const std::function<void(CoolingZone&, CoolingLoop&)>& change) {
    CoolingZone zone = cold_plates();
    CoolingLoop loop = buffered_loop(kEver);
    change(zone, loop);
    try {
      in_plant({zone}, {loop}, [](Plant&) {});
    } catch (const std::runtime_error& error) {
      return std::string(error.what()).find("must be") != std::string::npos;
    }
    return false;
  };
  CHECK_FALSE(refused([](CoolingZone&, CoolingLoop&) {}));
  CHECK(refused([](CoolingZone& zone, CoolingLoop&) { zone.loop = 1; }));
  CHECK(refused([](CoolingZone& zone, CoolingLoop&) { zone.path.zone_s = 0; }));
  CHECK(refused([](CoolingZone& zone, CoolingLoop&) { zone.path.chip_resistance = KelvinPerWatt(0); }));
  CHECK(refused([](CoolingZone&, CoolingLoop& loop) { loop.heat_capacity = JoulesPerKelvin(0); }));
}
