#include "tests/packets/fluid.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "sim/engine/max_min_flows.hpp"
#include "tests/catch.hpp"
#include "tests/packets/cases.hpp"

using namespace tokenworks::testing;

TEST_CASE("fluid: flows on one link share it evenly", "[packets]") {
  const auto ends_s = fluid_ends_s({{0, 10, {0}}, {0, 10, {0}}}, {10});
  CHECK_THAT(ends_s[0], WithinRel(2.0, 1e-12));
  CHECK_THAT(ends_s[1], WithinRel(2.0, 1e-12));
}

TEST_CASE("fluid: what a flow held up elsewhere leaves goes to the others", "[packets]") {
  // Link 0 of 10 carries flows 0 and 1: 5 each. Link 1 of 20 carries flow 0, with 5, and flow 2, with the other 15.
  const auto ends_s = fluid_ends_s({{0, 10, {0, 1}}, {0, 10, {0}}, {0, 30, {1}}}, {10, 20});
  for (double end_s : ends_s) CHECK_THAT(end_s, WithinRel(2.0, 1e-12));
}

TEST_CASE("fluid: rates change as flows start and end", "[packets]") {
  // Alone for 4 s at 10: 60 of 100 left. Then 5 each: the second ends after 4 s. The last 40 alone: 4 s.
  const auto ends_s = fluid_ends_s({{0, 100, {0}}, {4, 20, {0}}}, {10});
  CHECK_THAT(ends_s[0], WithinRel(12.0, 1e-12));
  CHECK_THAT(ends_s[1], WithinRel(8.0, 1e-12));
}

TEST_CASE("fluid: nothing to send ends as it starts, and links that are not there are faults", "[packets]") {
  CHECK(fluid_ends_s({{3, 0, {0}}, {4, 10, {}}}, {10}) == std::vector<double>{3, 4});
  CHECK(fluid_ends_s({}, {}).empty());
  CHECK_THROWS_AS(fluid_ends_s({{0, 1, {1}}}, {10}), std::invalid_argument);
  CHECK_THROWS_AS(fluid_ends_s({{0, 1, {-1}}}, {10}), std::invalid_argument);
  CHECK_THROWS_AS(fluid_ends_s({{0, 1, {0}}}, {0}), std::invalid_argument);
}

TEST_CASE("fat tree cases: no message is to its sender or faster than its links", "[packets]") {
  std::set<std::string> names;
  for (const auto& cases : {large_permutations(), large_all_to_alls(), reported_cases()}) {
    for (const Case& one : cases) {
      INFO(one.name);
      CHECK(names.insert(one.name).second);
      CHECK(case_named(one.name).messages.size() == one.messages.size());
      const auto capacities = link_capacities_bytes_per_s(one.tree);
      const auto flows = flows_of(one);
      const auto ends_s = fluid_ends_s(flows, capacities);
      bool holds = true;
      for (std::size_t i = 0; i < flows.size(); ++i) {
        const Message& message = one.messages[i];
        holds = holds && message.from != message.to && message.spine >= 0 && message.spine < one.tree.spines;
        holds = holds && ends_s[i] >= flows[i].start_s + flows[i].bytes / capacities[0] * (1 - 1e-9);
      }
      CHECK(holds);
    }
  }
  CHECK_THROWS_AS(case_named("no such case"), std::invalid_argument);
}

namespace {

// When each flow ends as the simulator's own engine moves it.
std::vector<double> engine_ends_s(const std::vector<Flow>& flows, const std::vector<double>& capacities_bytes_per_s) {
  using tokenworks::Picoseconds;
  tokenworks::engine::MaxMinFlows engine;
  for (const double capacity : capacities_bytes_per_s) engine.add_link(capacity);
  std::vector<double> ends_s(flows.size());
  const auto end_until = [&](Picoseconds date) {
    for (Picoseconds next = engine.next_end(); next <= date && next != tokenworks::kNever; next = engine.next_end()) {
      while (const auto slot = engine.take_ended(next)) ends_s[*slot] = tokenworks::to_seconds(next);
    }
  };
  std::vector<std::uint32_t> by_start(flows.size());
  std::iota(by_start.begin(), by_start.end(), 0u);
  std::stable_sort(by_start.begin(), by_start.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return flows[a].start_s < flows[b].start_s; });
  for (const std::uint32_t i : by_start) {
    const Picoseconds start = tokenworks::to_picoseconds(flows[i].start_s);
    end_until(start);
    const std::vector<tokenworks::engine::LinkId> links(flows[i].links.begin(), flows[i].links.end());
    engine.start(i, {.links = links, .bytes = flows[i].bytes}, i, start);
  }
  end_until(tokenworks::kNever);
  return ends_s;
}

}  // namespace

TEST_CASE("fluid: the simulator's engine ends every message of all cases at the same date", "[packets]") {
  for (const auto& cases : {large_permutations(), large_all_to_alls(), reported_cases()}) {
    for (const Case& one : cases) {
      INFO(one.name);
      const std::vector<double> capacities = link_capacities_bytes_per_s(one.tree);
      const std::vector<double> by_hand = fluid_ends_s(flows_of(one), capacities);
      const std::vector<double> by_engine = engine_ends_s(flows_of(one), capacities);
      REQUIRE(by_engine.size() == by_hand.size());
      for (std::size_t i = 0; i < by_hand.size(); ++i) {
        CHECK_THAT(by_engine[i], WithinAbs(by_hand[i], 1e-9 * by_hand[i] + 2e-12));  // the engine counts picoseconds
      }
    }
  }
}

TEST_CASE("fat tree cases: a spread permutation shares no link, hashed ones do", "[packets]") {
  const auto busiest_link = [](const Case& one) {
    std::vector<int> flows_on(link_capacities_bytes_per_s(one.tree).size(), 0);
    for (const Flow& flow : flows_of(one)) {
      for (int link : flow.links) ++flows_on[link];
    }
    return *std::max_element(flows_on.begin(), flows_on.end());
  };
  CHECK(busiest_link(case_named("permutation, spread, 2 MB")) == 1);
  CHECK(busiest_link(case_named("permutation, hashed 1, 2 MB")) == 3);
}
