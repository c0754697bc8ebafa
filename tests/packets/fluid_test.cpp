#include "tests/packets/fluid.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

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
