#include "models/thermal/rc_network.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::thermal;

namespace {

struct Drawn {
  std::vector<JoulesPerKelvin> capacities;
  std::vector<ThermalLink> links;
  std::vector<Celsius> initial, fixed;
  std::vector<Watts> heats;
  RcNetwork network() const { return {capacities, fixed.size(), links}; }
};

double log_between(int low, int high) { return std::pow(10.0, *rc::gen::inRange(low * 100, high * 100 + 1) / 100.0); }

/// One to twelve nodes, up to two fixed temperatures, time constants from 0.01 s to 1e5 s, pieces without any tie.
Drawn draw_network(bool heated) {
  Drawn d;
  const std::size_t nodes = static_cast<std::size_t>(*rc::gen::inRange(1, 13));
  const std::size_t fixed = static_cast<std::size_t>(*rc::gen::inRange(0, 3));
  for (std::size_t i = 0; i < nodes; ++i) {
    d.capacities.emplace_back(log_between(1, 6));
    d.initial.emplace_back(*rc::gen::inRange(200, 900) / 10.0);
    d.heats.emplace_back(heated && *rc::gen::inRange(0, 3) > 0 ? *rc::gen::inRange(-1000, 1001) / 1000.0 : 0.0);
  }
  for (std::size_t i = 0; i < fixed; ++i) d.fixed.emplace_back(*rc::gen::inRange(200, 900) / 10.0);
  const std::size_t links = static_cast<std::size_t>(*rc::gen::inRange(0, 2 * static_cast<int>(nodes) + 1));
  for (std::size_t i = 0; i < links; ++i) {
    const auto places = static_cast<int>(nodes + fixed);
    const auto a = static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(nodes)));
    const auto b = static_cast<std::size_t>(*rc::gen::inRange(0, places));
    if (a == b) continue;
    double capacity = d.capacities[a].value;
    if (b < nodes) capacity = std::min(capacity, d.capacities[b].value);
    d.links.push_back({a, b, WattsPerKelvin(capacity / log_between(-2, 5))});
  }
  for (std::size_t i = 0; i < nodes; ++i) d.heats[i] *= d.capacities[i].value * 1e-4;
  return d;
}

Trajectory start(const RcNetwork& network, const Drawn& d) { return network.from(d.initial, d.heats, d.fixed); }

}  // namespace

TEST_CASE("coupled temperatures: heat stored is heat given less what flows to fixed temperatures",
          "[models][thermal][law]") {
  REQUIRE(rc::check([] {
    const Drawn d = draw_network(true);
    const RcNetwork network = d.network();
    const Trajectory course = start(network, d);
    const Seconds t(log_between(-3, 6));
    const std::size_t n = network.nodes();
    double stored = 0.0, given = 0.0, flown = 0.0, size = 1e-9;
    for (std::size_t i = 0; i < n; ++i) {
      const double part = d.capacities[i].value * (course.at(i, t) - d.initial[i]).value;
      stored += part;
      given += d.heats[i].value * t.value;
      size += std::abs(part) + std::abs(d.heats[i].value * t.value) + d.capacities[i].value * 1e-3;
    }
    for (const ThermalLink& link : d.links) {
      size += link.conductance.value * t.value * 1e-2;  // temperatures are known to 1e-11 K
      if (link.b < n) continue;
      const double part = link.conductance.value * (course.mean(link.a, t) - d.fixed[link.b - n]).value * t.value;
      flown += part;
      size += std::abs(part);
    }
    RC_ASSERT(std::abs(stored - given + flown) < 1e-9 * size);
  }));
}

TEST_CASE("coupled temperatures: without heat none leaves the range where all began", "[models][thermal][law]") {
  REQUIRE(rc::check([] {
    const Drawn d = draw_network(false);
    const RcNetwork network = d.network();
    const Trajectory course = start(network, d);
    std::vector<Celsius> all = d.initial;
    all.insert(all.end(), d.fixed.begin(), d.fixed.end());
    const auto [low, high] = std::minmax_element(all.begin(), all.end());
    const Seconds t(log_between(-3, 7));
    for (std::size_t i = 0; i < network.nodes(); ++i) {
      RC_ASSERT(course.at(i, t).value >= low->value - 1e-9);
      RC_ASSERT(course.at(i, t).value <= high->value + 1e-9);
      RC_ASSERT(!course.first_crossing(i, Celsius(high->value + 1e-6), Direction::rising));
    }
  }));
}

TEST_CASE("coupled temperatures: two halves of a step are one step", "[models][thermal][law]") {
  REQUIRE(rc::check([] {
    const Drawn d = draw_network(true);
    const RcNetwork network = d.network();
    const Trajectory course = start(network, d);
    const Seconds half(log_between(-3, 6));
    std::vector<Celsius> middle(network.nodes()), end(network.nodes()), means(network.nodes());
    course.at(half, middle);
    const Trajectory second = network.from(middle, d.heats, d.fixed);
    second.at(half, end);
    course.mean(2.0 * half, means);
    for (std::size_t i = 0; i < network.nodes(); ++i) {
      const Celsius whole = course.at(i, 2.0 * half);
      const double scale = 1e-9 * (100.0 + std::abs(whole.value));
      RC_ASSERT(std::abs((whole - end[i]).value) < scale);
      const double halves = 0.5 * (course.mean(i, half).value + second.mean(i, half).value);
      RC_ASSERT(std::abs(means[i].value - halves) < scale);
      RC_ASSERT(std::abs(course.course(i).at(half.value) - middle[i].value) < scale);
    }
  }));
}

TEST_CASE("coupled temperatures: more heat anywhere makes nothing colder", "[models][thermal][law]") {
  REQUIRE(rc::check([] {
    Drawn d = draw_network(true);
    const RcNetwork network = d.network();
    const Trajectory course = start(network, d);
    const auto node = static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(network.nodes())));
    d.heats[node] += Watts(d.capacities[node].value * 1e-3);
    const Trajectory warmer = start(network, d);
    const Seconds t(log_between(-3, 5));
    for (std::size_t i = 0; i < network.nodes(); ++i) {
      RC_ASSERT(warmer.at(i, t).value >= course.at(i, t).value - 1e-9);
    }
    RC_ASSERT(warmer.at(node, t).value > course.at(node, t).value);
  }));
}

TEST_CASE("coupled temperatures: a node rests where the flows balance", "[models][thermal][law]") {
  REQUIRE(rc::check([] {
    const Drawn d = draw_network(true);
    const RcNetwork network = d.network();
    const auto rest = start(network, d).steady();
    if (!rest) return;
    const std::size_t n = network.nodes();
    std::vector<double> net(n), size(n, 1e-6);
    const auto temperature = [&](std::size_t place) { return place < n ? (*rest)[place] : d.fixed[place - n]; };
    for (std::size_t i = 0; i < n; ++i) size[i] += std::abs(net[i] = d.heats[i].value);
    for (const ThermalLink& link : d.links) {
      const double flow = link.conductance.value * (temperature(link.a) - temperature(link.b)).value;
      net[link.a] -= flow;
      if (link.b < n) net[link.b] += flow;
      for (const std::size_t end : {link.a, link.b}) {
        if (end < n) size[end] += std::abs(flow) + link.conductance.value * 100.0;
      }
    }
    for (std::size_t i = 0; i < n; ++i) RC_ASSERT(std::abs(net[i]) < 1e-9 * size[i]);
  }));
}

TEST_CASE("coupled temperatures: a chip on coolant that warms", "[models][thermal]") {
  // A GPU of 1 kW on 0.025 K/W with 550 J/K: 13.75 s. Its 5 kJ/K of coolant gave heat to facility water of 45 degC over
  // 200 W/K (coolant 50, chip 75) until pumps failed: 50 W/K, where it rests at 65 and the chip at 90. The formula for
  // one state meets 85 after 13.75 ln(15 / 5) = 15.1 s; coupled it takes 136.6 s (time constants 12.2 and 112.5 s).
  const RcNetwork network({JoulesPerKelvin(550), JoulesPerKelvin(5000)}, 1,
                          {{0, 1, WattsPerKelvin(40)}, {1, 2, WattsPerKelvin(50)}});
  const Celsius initial[] = {Celsius(75), Celsius(50)}, fixed[] = {Celsius(45)};
  const Watts heats[] = {Watts(1000), Watts(0)};
  const Trajectory course = network.from(initial, heats, fixed);
  const auto date = course.first_crossing(0, Celsius(85), Direction::rising);
  REQUIRE(date);
  CHECK_THAT(date->value, WithinAbs(136.5620557272976, 1e-9));
  const auto rest = course.steady();
  REQUIRE(rest);
  CHECK_THAT((*rest)[0].value, WithinAbs(90.0, 1e-10));
  CHECK_THAT((*rest)[1].value, WithinAbs(65.0, 1e-10));
  CHECK_FALSE(course.first_crossing(0, Celsius(90.001), Direction::rising));
}

TEST_CASE("coupled temperatures: without flow a ramp, and two nodes that share it", "[models][thermal]") {
  // 1 kW into 550 J/K that nothing cools: 1.818 K/s.
  const RcNetwork chip({JoulesPerKelvin(550)}, 0, {});
  const Celsius warm[] = {Celsius(70), Celsius(70)};
  const Watts heat[] = {Watts(1000), Watts(0)};
  const Trajectory ramp = chip.from({warm, 1}, {heat, 1}, {});
  CHECK_THAT(ramp.at(0, Seconds(11)).value, WithinAbs(90.0, 1e-12));
  CHECK_FALSE(ramp.steady());
  // With 1,650 J/K beside it, over 40 W/K: in the end 1000 / 2200 K/s, and besides
  // what flows over is 750 W, so the difference is 18.75 K, and 14.0625 K of it are the chip's above the mean.
  const RcNetwork pair({JoulesPerKelvin(550), JoulesPerKelvin(1650)}, 0, {{0, 1, WattsPerKelvin(40)}});
  const Trajectory both = pair.from(warm, heat, {});
  CHECK_THAT(both.at(0, Seconds(2200)).value, WithinAbs(70.0 + 1000.0 + 14.0625, 1e-9));
  CHECK_THAT(both.at(1, Seconds(2200)).value, WithinAbs(70.0 + 1000.0 - 4.6875, 1e-9));
  // Taken away as much as given: it rests.
  const Watts balanced[] = {Watts(1000), Watts(-1000)};
  const auto rest = pair.from(warm, balanced, {}).steady();
  REQUIRE(rest);
  CHECK_THAT((*rest)[0].value, WithinAbs(70.0 + 18.75, 1e-9));
}

TEST_CASE("coupled temperatures: impossible networks are refused", "[models][thermal]") {
  using Capacities = std::vector<JoulesPerKelvin>;
  CHECK_THROWS_AS(RcNetwork(Capacities{JoulesPerKelvin(0)}, 0, {}), std::invalid_argument);
  CHECK_THROWS_AS(RcNetwork(Capacities{JoulesPerKelvin(1)}, 0, {{0, 1, WattsPerKelvin(1)}}), std::invalid_argument);
  CHECK_THROWS_AS(RcNetwork(Capacities{JoulesPerKelvin(1)}, 1, {{0, 1, WattsPerKelvin(-1)}}), std::invalid_argument);
  CHECK_THROWS_AS(RcNetwork(Capacities{JoulesPerKelvin(1)}, 0, {}).from({}, {}, {}), std::invalid_argument);
}
