#include <list>

#include "tests/policies/routers.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;

TEST_CASE("router: a session stays where its last request went while that replica is in service", "[policies]") {
  const auto three = alike(3);
  const auto sticky = make_router("session_sticky", {.candidates = three});
  CHECK(sticky->choose({.session = 7}) == 0);
  sticky->load_changed(0, +1, 0);
  CHECK(sticky->choose({.session = 8}) == 1);
  CHECK(sticky->choose({.session = 7}) == 0);  // though 1 and 2 are idle
  sticky->set_in_service(0, false);
  CHECK(sticky->choose({.session = 7}) == 2);
  sticky->set_in_service(0, true);
  CHECK(sticky->choose({.session = 7}) == 2);  // its last request went there
}

TEST_CASE("router: a session leaves an overloaded replica", "[policies]") {
  // Fair shares are 6 and 6 of 12 requests: 1.5 * 6 + 2 = 11 is not too much, 12 of 13 (1.5 * 6.5 + 2 = 11.75) are.
  const auto two = alike(2);
  const auto sticky = make_router("session_sticky", {.candidates = two}, R"({"load_factor": 1.5, "load_slack": 2})");
  CHECK(sticky->choose({.session = 7}) == 0);
  sticky->load_changed(0, +11, 0);
  sticky->load_changed(1, +1, 0);
  CHECK(sticky->choose({.session = 7}) == 0);
  sticky->load_changed(0, +1, 0);
  CHECK(sticky->choose({.session = 7}) == 1);
}

TEST_CASE("router: a fast replica may have more requests before it is overloaded", "[policies]") {
  // Of 20 requests the share of speed 3 is 15 and of speed 1 is 5: limits 15 and 5 with factor 1 and no slack.
  const auto two = with_speeds({1, 3});
  const auto sticky = make_router("session_sticky", {.candidates = two}, R"({"load_factor": 1, "load_slack": 0})");
  CHECK(sticky->choose({.session = 7}) == 1);
  sticky->load_changed(1, +15, 0);
  sticky->load_changed(0, +5, 0);
  CHECK(sticky->choose({.session = 7}) == 1);
  sticky->load_changed(0, -1, 0);
  CHECK(sticky->choose({.session = 7}) == 0);
}

TEST_CASE("router: session sticky chooses as a scan does", "[policies][law]") {
  REQUIRE(rc::check("sticky", [] {
    Fleet fleet(any_candidates(12));
    const int remembered = *rc::gen::inRange(1, 6);
    const auto sticky =
        make_router("session_sticky", {.candidates = fleet.candidates},
                    R"({"load_factor": 1.25, "load_slack": 1, "sessions": )" + std::to_string(remembered) + "}");
    LeastLoadedByScan least;
    std::list<std::pair<std::int64_t, std::int32_t>> sessions;  // the latest first
    drive(
        *sticky, fleet, [] { return routing::Arrival{.prompt_tokens = 1, .session = *rc::gen::inRange(0, 8)}; },
        [&](const routing::Arrival& arrival, std::optional<std::int32_t> chosen) {
          std::optional<std::int32_t> expected;
          for (const auto& [session, replica] : sessions) {
            if (session == arrival.session) expected = replica;
          }
          if (expected) {
            const auto r = static_cast<std::size_t>(*expected);
            if (!fleet.in_service[r] || fleet.overloaded(r, 1.25, 1)) expected.reset();
          }
          if (!expected) expected = least.choose(fleet);
          RC_ASSERT(chosen == expected);
          if (!chosen || arrival.session == 0) return;
          sessions.remove_if([&](const auto& known) { return known.first == arrival.session; });
          sessions.push_front({arrival.session, *chosen});
          if (sessions.size() > static_cast<std::size_t>(remembered)) sessions.pop_back();
        });
  }));
}

TEST_CASE("router: new sessions may go in turn", "[policies]") {
  const auto three = alike(3);
  const auto sticky = make_router("session_sticky", {.candidates = three}, R"({"otherwise": "round_robin"})");
  sticky->load_changed(1, +5, 0);
  CHECK(sticky->choose({.session = 1}) == 0);
  CHECK(sticky->choose({.session = 2}) == 1);
  CHECK(sticky->choose({.session = 1}) == 0);
  CHECK(sticky->choose({}) == 2);
  CHECK(sticky->choose({}) == 0);
}
