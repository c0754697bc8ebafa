#include "tests/policies/contents.hpp"
#include "tests/policies/routers.hpp"

using namespace tokenworks;
using namespace tokenworks::tests;

namespace {

/// A prompt of whole units of 10 tokens.
routing::Arrival prompt(const Runs& runs) {
  std::int64_t units = 0;
  for (const workload::ContentRun& run : runs) units += run.units;
  return {.prompt_tokens = 10 * units, .content = {.runs = runs, .unit_tokens = 10, .tokens = 10 * units}};
}

}  // namespace

TEST_CASE("router: prefix affine sends a prompt where its longest beginning went", "[policies]") {
  const auto three = alike(3);
  const auto affine = make_router("prefix_affine", {.candidates = three});
  const auto send = [&](const Runs& runs) {
    const std::int32_t chosen = affine->choose(prompt(runs)).value();
    affine->load_changed(chosen, +1, 0);
    return chosen;
  };
  CHECK(send({{0, 10}, {100, 10}}) == 0);
  CHECK(send({{0, 10}, {200, 11}}) == 1);            // 10 of 21 units are less than half
  CHECK(send({{0, 10}, {100, 10}, {300, 5}}) == 0);  // the first session's next turn
  CHECK(send({{0, 10}, {200, 11}, {400, 5}}) == 1);
  CHECK(send({{0, 10}, {500, 10}}) == 1);  // half of it is held by 0 (2 requests) and 1 (2), which was later
  CHECK(send({{900, 4}}) == 2);
  CHECK(affine->choose({.prompt_tokens = 50}) == 2);  // content unknown: the least loaded, in turn
}

TEST_CASE("router: prefix affine counts only the part of the content that is the prompt", "[policies]") {
  const auto two = alike(2);
  const auto affine = make_router("prefix_affine", {.candidates = two});
  const Runs dialogue{{0, 10}}, answer_only{{0, 4}, {100, 3}};
  // The answer, known beforehand, is not: a router hears of the prompt's 35 tokens, which reach into four units.
  CHECK(affine->choose({.prompt_tokens = 35, .content = {.runs = dialogue, .unit_tokens = 10, .tokens = 100}}) == 0);
  affine->load_changed(0, +1, 0);
  CHECK(affine->choose(prompt(dialogue)) == 1);  // 4 of 10 units
  CHECK(affine->choose(prompt(answer_only)) == 1);
}

TEST_CASE("router: prefix affine leaves an overloaded replica, and one that was away", "[policies]") {
  const auto two = alike(2);
  const auto affine = make_router("prefix_affine", {.candidates = two}, R"({"load_factor": 1.5, "load_slack": 2})");
  const Runs said{{0, 10}};
  CHECK(affine->choose(prompt(said)) == 0);
  affine->load_changed(0, +8, 0);  // 1.5 * 4 + 2 = 8: not above
  CHECK(affine->choose(prompt(said)) == 0);
  affine->load_changed(0, +1, 0);  // 9 > 1.5 * 4.5 + 2
  CHECK(affine->choose(prompt(said)) == 1);
  CHECK(affine->choose(prompt(said)) == 1);  // which holds it now, and has less to do than 0
  affine->load_changed(0, -9, 0);
  affine->load_changed(1, +1, 0);
  CHECK(affine->choose(prompt(said)) == 0);  // of both holders the one with less to do
  affine->set_in_service(0, false);
  affine->set_in_service(0, true);
  CHECK(affine->choose(prompt(said)) == 1);  // 0 came back empty
}

TEST_CASE("router: prefix affine chooses as a scan does", "[policies][law]") {
  REQUIRE(rc::check("prefix affine", [] {
    Fleet fleet(any_candidates(6));
    const int index_tokens = *rc::gen::inRange(1, 200);
    const auto affine = make_router("prefix_affine", {.candidates = fleet.candidates},
                                    R"({"load_factor": 1, "load_slack": 1, "least_match_share": 0.25, "holders": 2,
                                        "index_tokens_per_replica": )" +
                                        std::to_string(index_tokens) + "}");
    LeastLoadedByScan least;
    MemoryByScan memory(fleet.size() * static_cast<std::size_t>(index_tokens) / 10, 2);
    Ids ids;
    Runs runs;
    drive(
        *affine, fleet,
        [&] {
          ids = any_ids();
          runs = any_runs(ids);
          return prompt(runs);
        },
        [&](const routing::Arrival&, std::optional<std::int32_t> chosen) {
          const MemoryByScan::Match match = memory.longest(ids);
          std::optional<std::int32_t> expected;
          for (const std::int32_t replica : match.replicas) {
            if (!expected || fleet.requests_by_speed(static_cast<std::size_t>(replica)) <
                                 fleet.requests_by_speed(static_cast<std::size_t>(*expected))) {
              expected = replica;
            }
          }
          if (expected && (static_cast<double>(match.units) < 0.25 * static_cast<double>(ids.size()) ||
                           fleet.overloaded(static_cast<std::size_t>(*expected), 1, 1))) {
            expected.reset();
          }
          if (!expected) expected = least.choose(fleet);
          RC_ASSERT(chosen == expected);
          if (chosen) memory.add(ids, *chosen);
        },
        [&](std::int32_t replica) { memory.forget(replica); });
  }));
}
