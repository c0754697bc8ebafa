#include "tests/policies/routers.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;

TEST_CASE("router: shortest queue counts prompt tokens that wait, by speed", "[policies]") {
  const auto two = with_speeds({1, 4});
  const auto shortest = make_router("shortest_queue", {.candidates = two});
  REQUIRE(shortest->counts_tokens());
  shortest->load_changed(0, +1, 100);  // 100 s of work
  shortest->load_changed(1, +3, 300);  // 75 s
  CHECK(shortest->choose({}) == 1);
  shortest->load_changed(1, 0, +200);  // 125 s
  CHECK(shortest->choose({}) == 0);
  // Both prompts computed: only requests tell them apart, one and three.
  shortest->load_changed(0, 0, -100);
  shortest->load_changed(1, 0, -500);
  CHECK(shortest->choose({}) == 0);
  shortest->load_changed(1, -3, 0);
  CHECK(shortest->choose({}) == 1);
}

TEST_CASE("router: shortest queue chooses as a scan does", "[policies][law]") {
  REQUIRE(rc::check("shortest queue", [] {
    Fleet fleet(any_candidates(70));
    const auto shortest = make_router("shortest_queue", {.candidates = fleet.candidates});
    std::size_t cursor = 0;
    drive(
        *shortest, fleet, [] { return routing::Arrival{.prompt_tokens = *rc::gen::inRange(0, 4)}; },
        [&](const routing::Arrival&, std::optional<std::int32_t> chosen) {
          RC_ASSERT(chosen == lowest_in_turn(fleet, cursor, [&](std::size_t a, std::size_t b) {
                      const double time_a = fleet.tokens(a) / fleet.candidates[a].speed;
                      const double time_b = fleet.tokens(b) / fleet.candidates[b].speed;
                      if (time_a != time_b) return time_a < time_b;
                      return fleet.requests(a) < fleet.requests(b);
                    }));
        });
  }));
}
