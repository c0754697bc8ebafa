#include <algorithm>

#include "tests/policies/routers.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;

namespace {

std::string choices(int count, const std::string& by = "requests") {
  return R"({"choices": )" + std::to_string(count) + R"(, "by": ")" + by + R"("})";
}

}  // namespace

TEST_CASE("router: power of two draws each pair of replicas equally often", "[policies]") {
  // Three replicas with 0, 1 and 2 requests: the pairs are {0, 1}, {0, 2} and {1, 2}; so replica 0 wins two thirds,
  // replica 1 a third, replica 2 never. 30,000 draws of a third have a standard deviation of 0.0027.
  const auto three = alike(3);
  const auto router = make_router("power_of_two", {.candidates = three, .seed = 3, .stream = "router/chat"});
  router->load_changed(1, +1, 0);
  router->load_changed(2, +2, 0);
  int won[3] = {};
  for (int i = 0; i < 30'000; ++i) ++won[router->choose({}).value()];
  CHECK_THAT(won[0] / 30'000.0, WithinAbs(2.0 / 3.0, 0.011));
  CHECK_THAT(won[1] / 30'000.0, WithinAbs(1.0 / 3.0, 0.011));
  CHECK(won[2] == 0);
}

TEST_CASE("router: power of two takes the first drawn of equals, so that none is preferred", "[policies]") {
  const auto four = alike(4);
  const auto router = make_router("power_of_two", {.candidates = four, .seed = 3, .stream = "router/chat"});
  int won[4] = {};
  for (int i = 0; i < 40'000; ++i) ++won[router->choose({}).value()];
  for (const int count : won) CHECK_THAT(count / 40'000.0, WithinAbs(0.25, 0.009));
}

TEST_CASE("router: power of two draws by seed and stream", "[policies]") {
  const auto many = alike(1000);
  const auto draws = [&](std::uint64_t seed, const std::string& stream) {
    const auto router = make_router("power_of_two", {.candidates = many, .seed = seed, .stream = stream});
    std::vector<std::int32_t> list;
    for (int i = 0; i < 50; ++i) list.push_back(router->choose({}).value());
    return list;
  };
  CHECK(draws(1, "router/a") == draws(1, "router/a"));
  CHECK(draws(1, "router/a") != draws(2, "router/a"));
  CHECK(draws(1, "router/a") != draws(1, "router/b"));
}

TEST_CASE("router: power of two compares what it is told to, by speed", "[policies]") {
  const auto two = with_speeds({1, 2});
  const auto by_requests = make_router("power_of_two", {.candidates = two});
  const auto by_tokens = make_router("power_of_two", {.candidates = two}, choices(2, "tokens"));
  CHECK_FALSE(by_requests->counts_tokens());
  CHECK(by_tokens->counts_tokens());
  for (auto* router : {by_requests.get(), by_tokens.get()}) {
    router->load_changed(0, +2, 100);  // 2 requests or 100 tokens a unit of speed
    router->load_changed(1, +3, 300);  // 1.5 or 150
  }
  CHECK(by_requests->choose({}) == 1);
  CHECK(by_tokens->choose({}) == 0);
}

TEST_CASE("router: of k replicas drawn the k - 1 most loaded ones are never taken", "[policies][law]") {
  REQUIRE(rc::check("power of two", [] {
    Fleet fleet(any_candidates(12));
    const int drawn = *rc::gen::inRange(1, 14);
    const auto router = make_router("power_of_two", {.candidates = fleet.candidates, .stream = "r"}, choices(drawn));
    drive(
        *router, fleet, [] { return routing::Arrival{.prompt_tokens = 1}; },
        [&](const routing::Arrival&, std::optional<std::int32_t> chosen) {
          const auto candidates = std::count(fleet.in_service.begin(), fleet.in_service.end(), true);
          RC_ASSERT(chosen.has_value() == (candidates > 0));
          if (!chosen) return;
          const auto c = static_cast<std::size_t>(*chosen);
          RC_ASSERT(fleet.in_service[c]);
          std::int64_t not_less = 0;
          for (std::size_t r = 0; r < fleet.size(); ++r) {
            if (fleet.in_service[r] && fleet.requests_by_speed(r) >= fleet.requests_by_speed(c)) ++not_less;
          }
          RC_ASSERT(not_less >= std::min<std::int64_t>(drawn, candidates));
        });
  }));
}
