#include "sim/policies/routing/content_index.hpp"

#include "tests/catch.hpp"
#include "tests/policies/contents.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;
using routing::ContentIndex;

namespace {

workload::Content said(const Runs& runs) { return {.runs = runs, .unit_tokens = 16, .tokens = 0}; }

struct Found {
  std::int64_t units = 0;
  std::vector<std::int32_t> replicas;
  bool operator==(const Found&) const = default;
};

Found longest(ContentIndex& index, const Runs& runs, std::int64_t units = 1'000) {
  const ContentIndex::Match match = index.longest(said(runs), units);
  return {match.units, {match.replicas.begin(), match.replicas.end()}};
}

void add(ContentIndex& index, const Runs& runs, std::int64_t units, std::int32_t replica) {
  index.longest(said(runs), units);
  index.remember(replica);
}

}  // namespace

TEST_CASE("content index: finds who holds the longest beginning", "[policies]") {
  ContentIndex index(3, 1'000 * 16, 8);
  const Runs system{{100, 10}}, chat{{100, 10}, {500, 6}}, other{{100, 4}, {700, 6}};
  CHECK(longest(index, chat) == Found{});
  add(index, chat, 16, 0);
  CHECK(longest(index, system) == Found{10, {0}});
  CHECK(longest(index, {{101, 9}}) == Found{});  // a beginning, not a part
  CHECK(longest(index, {{100, 20}}) == Found{10, {0}});
  CHECK(longest(index, chat, 12) == Found{12, {0}});
  add(index, other, 10, 1);  // parts from the others within the run of the system prompt
  CHECK(index.tokens() == (16 + 6) * 16);
  CHECK(longest(index, {{100, 4}}) == Found{4, {1, 0}});
  CHECK(longest(index, system) == Found{10, {0}});
  CHECK(longest(index, other) == Found{10, {1}});
  add(index, system, 10, 2);
  CHECK(longest(index, system) == Found{10, {2, 0}});
  CHECK(longest(index, chat) == Found{16, {0}});
  index.forget(0);
  CHECK(longest(index, chat) == Found{10, {2}});
  add(index, chat, 12, 0);  // holds it anew, but not all of it
  CHECK(longest(index, chat) == Found{12, {0}});
}

TEST_CASE("content index: forgets what was used least recently, the end of a prompt first", "[policies]") {
  ContentIndex index(2, 12 * 16, 8);
  const Runs old{{0, 8}}, recent{{100, 4}};
  add(index, old, 8, 0);
  add(index, recent, 4, 1);
  add(index, {{200, 3}}, 3, 1);  // three units of the oldest prompt make room
  CHECK(index.tokens() == 12 * 16);
  CHECK(longest(index, old) == Found{5, {0}});
  CHECK(longest(index, recent) == Found{4, {1}});
  add(index, {{300, 40}}, 40, 0);  // more than there is room for
  CHECK(index.tokens() == 12 * 16);
  CHECK(longest(index, {{300, 40}}) == Found{12, {0}});
  CHECK(longest(index, recent) == Found{});
}

TEST_CASE("content index: holds what a list of all beginnings holds, however prompts are cut", "[policies][law]") {
  REQUIRE(rc::check("index", [] {
    const int replicas = 5;
    const auto capacity = *rc::gen::inRange<std::size_t>(1, 60);
    const auto holders = *rc::gen::inRange<std::size_t>(1, 5);
    ContentIndex index(replicas, static_cast<std::int64_t>(capacity) * 16, holders);
    MemoryByScan scan(capacity, holders);
    const int actions = *rc::gen::inRange(0, 60);
    for (int action = 0; action < actions; ++action) {
      const std::int32_t replica = *rc::gen::inRange(0, replicas);
      if (*rc::gen::inRange(0, 6) == 0) {
        index.forget(replica);
        scan.forget(replica);
        continue;
      }
      Ids ids = any_ids();
      const Runs runs = any_runs(ids);
      const auto units = *rc::gen::inRange<std::int64_t>(0, static_cast<std::int64_t>(ids.size()) + 3);
      ids.resize(std::min(ids.size(), static_cast<std::size_t>(units)));
      const MemoryByScan::Match expected = scan.longest(ids);
      RC_ASSERT(longest(index, runs, units) == (Found{expected.units, expected.replicas}));
      if (*rc::gen::arbitrary<bool>()) {
        add(index, runs, units, replica);
        scan.add(ids, replica);
      }
      RC_ASSERT(index.tokens() == static_cast<std::int64_t>(scan.units()) * 16);
    }
  }));
}
