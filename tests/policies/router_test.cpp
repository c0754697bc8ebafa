#include <set>

#include "tests/policies/contents.hpp"
#include "tests/policies/routers.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;

TEST_CASE("router: every option is in the list once and makes a router", "[policies]") {
  std::set<std::string_view> kinds;
  for (const auto& option : routing::router_options()) {
    CHECK(kinds.insert(option.kind).second);
    const auto four = alike(4);
    CHECK(option.make()->make({.candidates = four})->choose({}).has_value());
  }
  CHECK(kinds.size() == 7);
}

TEST_CASE("router: no option chooses a replica out of service, and none chooses when there is none", "[policies]") {
  const auto speeds = GENERATE(with_speeds({1, 1, 1}), with_speeds({1, 2, 4}));
  const std::vector<workload::ContentRun> said{{.first = 0, .units = 10}};
  const routing::Arrival arrival{
      .prompt_tokens = 160, .content = {.runs = said, .unit_tokens = 16, .tokens = 160}, .session = 5};
  for (const auto& option : routing::router_options()) {
    INFO(option.kind);
    const auto router = option.make()->make({.candidates = speeds});
    const std::int32_t first = router->choose(arrival).value();
    router->load_changed(first, +1, 160);
    router->set_in_service(first, false);
    router->set_in_service(first, false);
    CHECK(router->choose(arrival).value() != first);
    for (const std::int32_t replica : {0, 1, 2}) router->set_in_service(replica, false);
    CHECK_FALSE(router->choose(arrival).has_value());
    router->load_changed(first, -1, -160);
    router->set_in_service(first, true);
    router->set_in_service(first, true);
    CHECK(router->choose(arrival) == first);
  }
}

TEST_CASE("router: equal inputs give equal choices", "[policies][law]") {
  /// Two routers that hear the same.
  struct Twins final : routing::Router {
    std::optional<std::int32_t> choose(const routing::Arrival& arrival) override {
      const auto chosen = first->choose(arrival);
      RC_ASSERT(second->choose(arrival) == chosen);
      return chosen;
    }
    void load_changed(std::int32_t replica, std::int32_t requests, std::int64_t prompt_tokens) override {
      first->load_changed(replica, requests, prompt_tokens);
      second->load_changed(replica, requests, prompt_tokens);
    }
    void set_in_service(std::int32_t replica, bool in_service) override {
      first->set_in_service(replica, in_service);
      second->set_in_service(replica, in_service);
    }
    std::unique_ptr<routing::Router> first, second;
  };
  REQUIRE(rc::check("equal", [] {
    const auto option = *rc::gen::elementOf(
        std::vector<Option<routing::RouterOption>>(routing::router_options().begin(), routing::router_options().end()));
    Fleet fleet(any_candidates(20));
    const routing::RouterSetup setup{.candidates = fleet.candidates, .seed = 7, .stream = "router/chat"};
    Twins twins;
    twins.first = option.make()->make(setup);
    twins.second = option.make()->make(setup);
    Runs runs;
    drive(
        twins, fleet,
        [&] {
          const Ids ids = any_ids();
          runs = any_runs(ids);
          const auto units = static_cast<std::int64_t>(ids.size());
          return routing::Arrival{.prompt_tokens = units,
                                  .content = {.runs = runs, .unit_tokens = 1, .tokens = units},
                                  .session = *rc::gen::inRange(0, 5)};
        },
        [](const routing::Arrival&, std::optional<std::int32_t>) {});
  }));
}

TEST_CASE("router: round robin takes replicas in turn and leaves out those out of service", "[policies]") {
  const auto three = alike(3);
  const auto turn = make_router("round_robin", {.candidates = three});
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

TEST_CASE("router: round robin chooses the next in service, whatever the loads", "[policies][law]") {
  REQUIRE(rc::check("round robin", [] {
    Fleet fleet(any_candidates(150));
    const auto turn = make_router("round_robin", {.candidates = fleet.candidates});
    std::size_t cursor = 0;
    drive(
        *turn, fleet, [] { return routing::Arrival{.prompt_tokens = 1}; },
        [&](const routing::Arrival&, std::optional<std::int32_t> chosen) {
          RC_ASSERT(chosen == lowest_in_turn(fleet, cursor, [](std::size_t, std::size_t) { return false; }));
        });
  }));
}
