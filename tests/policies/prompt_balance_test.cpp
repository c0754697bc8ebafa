#include "sim/policies/batching/prompt_balance.hpp"

#include <rapidcheck.h>

#include <algorithm>

#include "tests/catch.hpp"

using namespace tokenworks::batching;

namespace {

constexpr PromptBalance::Copies kAll = {.all_have_prompts = true, .all_have_room = true, .all_decode = true};
constexpr PromptBalance::Copies kSome = {.all_have_prompts = false, .all_have_room = true, .all_decode = true};
constexpr PromptBalance::Copies kOneIdle = {.all_have_prompts = false, .all_have_room = true, .all_decode = false};

}  // namespace

TEST_CASE("prompt balance: prompts go together, or after a time-out that runs on", "[policies]") {
  PromptBalance balance(5, 0);
  CHECK(balance.hold(kSome, 0) == 4);   // steps 0 to 3 wait, step 4 is the fifth
  CHECK(balance.hold(kAll, 2) == 0);    // now all have one
  CHECK(balance.hold(kSome, 3) == 4);   // and the counter begins anew
  CHECK(balance.hold(kSome, 7) == 0);
  CHECK(balance.hold(kSome, 8) == 4);
  CHECK(balance.hold(kOneIdle, 9) == 0);  // nobody waits for a copy that has nothing to do
  CHECK(balance.hold(kSome, 10) == 4);
  CHECK(balance.hold(kSome, 10 + 4 + 5) == 0);  // the time-out has passed unused in step 14
  CHECK(PromptBalance(0, 9).hold(kSome, 0) == 0);
}

TEST_CASE("prompt balance: prompts of all copies wait for more", "[policies]") {
  PromptBalance balance(5, 3);
  CHECK(balance.hold(kAll, 0) == 3);
  CHECK(balance.hold(kAll, 2) == 1);
  CHECK(balance.hold(kAll, 3) == 0);
  CHECK(balance.hold(kAll, 4) == 3);
  CHECK(balance.hold({.all_have_prompts = true, .all_have_room = true, .all_decode = false}, 5) == 0);
}

TEST_CASE("prompt balance: asked at changes alone it says what it says when asked before every step",
          "[policies][law]") {
  CHECK(rc::check("changes", [] {
    const auto timeout = *rc::gen::inRange<std::int64_t>(1, 8);
    const auto batch = *rc::gen::inRange<std::int64_t>(0, 6);
    PromptBalance every(timeout, batch), changes(timeout, batch);
    std::int64_t step = 0;
    for (int round = 0; round < 40; ++round) {
      const PromptBalance::Copies copies = {*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
                                            *rc::gen::arbitrary<bool>()};
      const auto steps = *rc::gen::inRange<std::int64_t>(1, 12);
      const std::int64_t held = changes.hold(copies, step);
      RC_ASSERT(every.hold(copies, step) == held);
      // While prompts go, each step is asked about.
      const bool has_prompts = copies.all_have_prompts || *rc::gen::arbitrary<bool>();
      const std::int64_t run = held == 0 && has_prompts ? 1 : held == 0 ? steps : std::min(steps, held);
      for (std::int64_t i = 1; i < run; ++i) {
        const std::int64_t again = every.hold(copies, step + i);
        if (held > 0) RC_ASSERT(again == held - i);
      }
      step += run;
    }
  }));
}
