#include "tests/policies/routers.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;

TEST_CASE("router: least loaded takes equals in turn", "[policies]") {
  const auto three = alike(3);
  const auto least = make_router("least_loaded", {.candidates = three});
  for (const std::int32_t expected : {0, 1, 2, 0, 1, 2}) {
    CHECK(least->choose({}) == expected);
    least->load_changed(expected, +1, 0);
  }
  least->load_changed(1, -1, 0);
  CHECK(least->choose({}) == 1);
}

TEST_CASE("router: least loaded compares requests by speed", "[policies]") {
  // Speeds 1 and 2. Loads before each choice: 0/1 and 0/2, the faster of equals; 0/1 and 1/2; 1/1 and 1/2; 1/1 and 2/2,
  // the faster of equals; 1/1 and 3/2; 2/1 and 3/2.
  const auto two = with_speeds({1, 2});
  const auto least = make_router("least_loaded", {.candidates = two});
  for (const std::int32_t expected : {1, 0, 1, 1, 0, 1}) {
    CHECK(least->choose({}) == expected);
    least->load_changed(expected, +1, 0);
  }
}

TEST_CASE("router: least loaded chooses as a scan does, whatever the speeds", "[policies][law]") {
  REQUIRE(rc::check("least loaded", [] {
    Fleet fleet(any_candidates(300));
    const auto least = make_router("least_loaded", {.candidates = fleet.candidates});
    LeastLoadedByScan scan;
    drive(
        *least, fleet, [] { return routing::Arrival{.prompt_tokens = 1}; },
        [&](const routing::Arrival&, std::optional<std::int32_t> chosen) { RC_ASSERT(chosen == scan.choose(fleet)); });
  }));
}
