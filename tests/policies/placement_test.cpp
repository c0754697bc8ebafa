#include "sim/policies/placement/placement.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>

#include "tests/catch.hpp"

using namespace tokenworks::placement;

TEST_CASE("placement: replicas fill one scale-up domain after another", "[policies]") {
  // Two servers of 8: three replicas of 4 take the first server and half of the second.
  const Placement placed = place({{"row", 2, 1, 8, 8}}, {{"chat", 3, 4, {}}});
  REQUIRE(placed.complete());
  CHECK(placed.slices[0][0].front().node == 0);
  CHECK(placed.slices[0][1].front().node == 0);
  CHECK(placed.slices[0][2].front().node == 1);
}

TEST_CASE("placement: a replica spans the trays of a rack-scale domain, never two domains", "[policies]") {
  // 18 trays of 4 GPUs in one domain of 72: replicas of 16 take four trays each; five do not fit.
  const Placement placed = place({{"nvl", 1, 18, 4, 72}}, {{"big", 5, 16, {}}});
  CHECK(placed.missing[0] == 1);
  REQUIRE(placed.slices[0].size() == 4);
  CHECK(placed.slices[0][1].size() == 4);
  CHECK(placed.slices[0][1].front().node == 4);
  // Domains of 8: three replicas of 5 need three of them.
  CHECK(place({{"row", 2, 1, 8, 8}}, {{"chat", 3, 5, {}}}).missing[0] == 1);
  CHECK(place({{"row", 3, 1, 8, 8}}, {{"chat", 3, 5, {}}}).complete());
}

TEST_CASE("placement: domains that are part of a node keep replicas inside them", "[policies]") {
  // Pairs of bridged GPUs in a server of 8: a replica of 2 fits four times, one of 4 never.
  CHECK(place({{"pairs", 1, 1, 8, 2}}, {{"small", 4, 2, {}}}).complete());
  CHECK(place({{"pairs", 1, 1, 8, 2}}, {{"large", 1, 4, {}}}).missing[0] == 1);
}

TEST_CASE("placement: racks named by a demand are kept, and later demands take what is left", "[policies]") {
  const Placement placed =
      place({{"b", 1, 1, 8, 8}, {"a", 1, 1, 8, 8}}, {{"second", 1, 8, {}}, {"first", 1, 8, {"b"}}});
  REQUIRE(placed.complete());
  CHECK(placed.slices[1][0].front().node == 1);  // nodes count through groups by name: a, then b
  CHECK(placed.slices[0][0].front().node == 0);
}

TEST_CASE("placement: no GPU is given twice, and order does not matter", "[policies][law]") {
  REQUIRE(rc::check("placement", [] {
    std::vector<RackGroup> groups;
    for (int g = *rc::gen::inRange(1, 4); g > 0; --g) {
      const auto shape = *rc::gen::inRange(0, 3);
      const auto racks = *rc::gen::inRange<std::int64_t>(1, 5);
      if (shape == 0) groups.push_back({"g" + std::to_string(g), racks, 1, 8, 8});
      if (shape == 1) groups.push_back({"g" + std::to_string(g), racks, 18, 4, 72});
      if (shape == 2) groups.push_back({"g" + std::to_string(g), racks, 1, 8, 2});
    }
    std::vector<Demand> demands;
    for (int d = *rc::gen::inRange(1, 4); d > 0; --d) {
      demands.push_back({"d" + std::to_string(d),
                         *rc::gen::inRange<std::int64_t>(1, 20),
                         *rc::gen::element<std::int64_t>(1, 2, 3, 4, 8, 16),
                         {}});
    }
    const Placement placed = place(groups, demands);
    std::map<std::int64_t, std::int64_t> used;
    for (std::size_t d = 0; d < demands.size(); ++d) {
      RC_ASSERT(static_cast<std::int64_t>(placed.slices[d].size()) + placed.missing[d] == demands[d].replicas);
      for (const auto& replica : placed.slices[d]) {
        std::int64_t gpus = 0;
        for (const Slice& slice : replica) {
          gpus += slice.gpus;
          used[slice.node] += slice.gpus;
        }
        RC_ASSERT(gpus == demands[d].gpus_per_replica);
      }
    }
    for (const auto& [node, gpus] : used) RC_ASSERT(gpus <= 8);
    std::reverse(groups.begin(), groups.end());
    std::reverse(demands.begin(), demands.end());
    const Placement other = place(groups, demands);
    for (std::size_t d = 0; d < demands.size(); ++d) {
      const auto& mine = placed.slices[demands.size() - 1 - d];
      RC_ASSERT(other.slices[d].size() == mine.size());
      for (std::size_t r = 0; r < mine.size(); ++r) {
        RC_ASSERT(other.slices[d][r].size() == mine[r].size());
        for (std::size_t s = 0; s < mine[r].size(); ++s) {
          RC_ASSERT(other.slices[d][r][s].node == mine[r][s].node);
          RC_ASSERT(other.slices[d][r][s].gpus == mine[r][s].gpus);
        }
      }
    }
  }));
}
