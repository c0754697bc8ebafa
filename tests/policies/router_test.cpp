#include "sim/policies/routing/router_option.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "tests/catch.hpp"

using namespace tokenworks;

namespace {

std::unique_ptr<routing::Router> router(std::string_view kind, std::int32_t replicas) {
  Choice<routing::RouterOption> choice(routing::router_options(), kind);
  const std::vector<routing::Candidate> candidates(static_cast<std::size_t>(replicas));
  return choice->make({.candidates = candidates});
}

}  // namespace

TEST_CASE("router: round robin takes replicas in turn and leaves out those out of service", "[policies]") {
  const auto turn = router("round_robin", 3);
  CHECK(turn->choose({}) == 0);
  CHECK(turn->choose({}) == 1);
  turn->set_in_service(2, false);
  CHECK(turn->choose({}) == 0);
  turn->set_in_service(0, false);
  turn->set_in_service(1, false);
  CHECK_FALSE(turn->choose({}).has_value());
  turn->set_in_service(2, true);
  CHECK(turn->choose({}) == 2);
}

TEST_CASE("router: least loaded takes equals in turn", "[policies]") {
  const auto least = router("least_loaded", 3);
  for (const std::int32_t expected : {0, 1, 2, 0, 1, 2}) {
    CHECK(least->choose({}) == expected);
    least->load_changed(expected, +1, 0);
  }
  least->load_changed(1, -1, 0);
  CHECK(least->choose({}) == 1);
}

TEST_CASE("router: least loaded always chooses a replica of the least load", "[policies][law]") {
  REQUIRE(rc::check("least loaded", [] {
    const int replicas = *rc::gen::inRange(1, 300);
    const auto least = router("least_loaded", replicas);
    std::vector<int> load(static_cast<std::size_t>(replicas), 0);
    std::set<int> out;
    const auto actions = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6 * replicas));
    for (const int action : actions) {
      const int replica = action % replicas;
      const auto r = static_cast<std::size_t>(replica);
      if (action / replicas == 0 && load[r] > 0) {
        least->load_changed(replica, -1, 0);
        --load[r];
      } else if (action / replicas == 1) {
        const bool in_service = out.erase(replica) > 0;
        if (!in_service) out.insert(replica);
        least->set_in_service(replica, in_service);
      } else {
        const auto chosen = least->choose({});
        int lowest = -1;
        for (int i = 0; i < replicas; ++i) {
          if (!out.contains(i) && (lowest < 0 || load[static_cast<std::size_t>(i)] < lowest)) {
            lowest = load[static_cast<std::size_t>(i)];
          }
        }
        RC_ASSERT(chosen.has_value() == (lowest >= 0));
        if (!chosen) continue;
        RC_ASSERT(!out.contains(*chosen));
        RC_ASSERT(load[static_cast<std::size_t>(*chosen)] == lowest);
        least->load_changed(*chosen, +1, 0);
        ++load[static_cast<std::size_t>(*chosen)];
      }
    }
  }));
}

TEST_CASE("router: every option is in the list once and makes a router", "[policies]") {
  std::set<std::string_view> kinds;
  for (const auto& option : routing::router_options()) {
    CHECK(kinds.insert(option.kind).second);
    const std::vector<routing::Candidate> four(4);
    CHECK(option.make()->make({.candidates = four})->choose({}).has_value());
  }
  CHECK(kinds.size() == 2);
}
