#include "tests/policies/routers.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;

namespace {

/// Two replicas in pool "old", two in "new", one in "spare".
struct ThreePools {
  std::vector<routing::Candidate> candidates{{.pool = 0}, {.pool = 0}, {.pool = 1}, {.pool = 1}, {.pool = 2}};
  std::vector<std::string> pools{"old", "new", "spare"};
  std::vector<std::string> classes{"chat", "batch", "other"};
  routing::RouterSetup setup() const { return {.candidates = candidates, .pools = pools, .service_classes = classes}; }
};

routing::Arrival of_class(std::int32_t service_class) { return {.prompt_tokens = 1, .service_class = service_class}; }

}  // namespace

TEST_CASE("router: by class keeps classes to their pools", "[policies]") {
  const ThreePools three;
  const auto router = make_router("by_class", three.setup(), R"({"classes": {
      "chat": {"pools": ["new"]}, "batch": {"pools": ["spare", "old"], "router": "round_robin"}}})");
  for (const std::int32_t expected : {2, 3, 2}) CHECK(router->choose(of_class(0)) == expected);
  for (const std::int32_t expected : {0, 1, 4, 0}) CHECK(router->choose(of_class(1)) == expected);
  for (const std::int32_t expected : {0, 1, 2, 3, 4}) CHECK(router->choose(of_class(2)) == expected);
  router->load_changed(2, +1, 0);  // whoever sent it there
  CHECK(router->choose(of_class(0)) == 3);
  CHECK(router->choose(of_class(0)) == 3);
  router->set_in_service(3, false);
  CHECK(router->choose(of_class(0)) == 2);
  router->set_in_service(2, false);
  CHECK_FALSE(router->choose(of_class(0)).has_value());
  CHECK(router->choose(of_class(2)).has_value());
  CHECK_FALSE(router->counts_tokens());
}

TEST_CASE("router: by class lets a class overflow when each of its pools is full", "[policies]") {
  const ThreePools three;
  const auto router = make_router("by_class", three.setup(), R"({"classes": {
      "chat": {"pools": ["new", "spare"], "overflow_requests": 2, "router": "shortest_queue"}}})");
  CHECK(router->counts_tokens());
  router->load_changed(4, +3, 30);  // "spare" is full, "new" has 4 a pool of two: not more than 2 a replica
  router->load_changed(2, +4, 40);
  router->load_changed(3, 0, 70);
  CHECK(router->choose(of_class(0)) == 4);
  router->load_changed(2, +1, 10);
  CHECK(router->choose(of_class(0)) == 0);
  router->set_in_service(2, false);  // what it has does not count: "new" is idle
  CHECK(router->choose(of_class(0)) == 4);
  router->set_in_service(3, false);  // nobody is left in "new"
  CHECK(router->choose(of_class(0)) == 1);
}

TEST_CASE("router: by class names what is not there and what is", "[policies]") {
  const ThreePools three;
  const auto fault = [&](const std::string& settings) {
    try {
      make_router("by_class", three.setup(), settings);
    } catch (const std::invalid_argument& e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  CHECK(fault(R"({"classes": {"vip": {"pools": ["nwe", "old"]}, "chat": {"pools": ["new", "of"]}}})") ==
        "router by_class: class 'chat': there is no pool 'of' (there are: old, new, spare); "
        "there is no service class 'vip' (there are: chat, batch, other); "
        "class 'vip': there is no pool 'nwe' (there are: old, new, spare)");
  CHECK(fault(R"({"classes": {"chat": {"overflow_requests": 4}}})") ==
        "router by_class: class 'chat' has overflow_requests, but uses all pools already (old, new, spare)");
  CHECK(fault(R"({"classes": {"chat": {"pools": ["new", "new"]}}})") == "none");
}

TEST_CASE("router: by class chooses among a class's pools as a scan does", "[policies][law]") {
  REQUIRE(rc::check("by class", [] {
    Fleet fleet(any_candidates(15));
    for (routing::Candidate& candidate : fleet.candidates) candidate.pool = *rc::gen::inRange(0, 3);
    ThreePools names;
    names.candidates = fleet.candidates;
    const auto router = make_router("by_class", names.setup(), R"({"classes": {
        "chat": {"pools": ["new"], "overflow_requests": 1}, "batch": {"pools": ["old", "spare"]}}})");
    // Classes 0, 1, 2 and what class 0 overflows to, which it shares with 2.
    LeastLoadedByScan of_new, of_others, of_all;
    drive(
        *router, fleet, [] { return of_class(*rc::gen::inRange(0, 4)); },
        [&](const routing::Arrival& arrival, std::optional<std::int32_t> chosen) {
          double requests = 0, replicas = 0;
          for (std::size_t r = 0; r < fleet.size(); ++r) {
            if (fleet.candidates[r].pool != 1 || !fleet.in_service[r]) continue;
            requests += fleet.requests(r);
            ++replicas;
          }
          const bool full = replicas == 0 || requests / replicas > 1;
          const bool all = arrival.service_class >= 2 || (arrival.service_class == 0 && full);
          Fleet seen = fleet;
          for (std::size_t r = 0; r < fleet.size(); ++r) {
            const bool is_new = fleet.candidates[r].pool == 1;
            if (!all && is_new != (arrival.service_class == 0)) seen.in_service[r] = false;
          }
          LeastLoadedByScan& scan = all ? of_all : arrival.service_class == 0 ? of_new : of_others;
          RC_ASSERT(chosen == scan.choose(seen));
        });
  }));
}
