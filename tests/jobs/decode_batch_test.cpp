#include "sim/jobs/llm/decode_batch.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::jobs;

namespace {

/// Speculative decoding: drafted tokens, and what a verified step yields; none with the default.
struct Drafts {
  std::int64_t tokens = 0;
  const TokenPattern* pattern = nullptr;
};

/// The same requests in two pools, one for each book.
struct TwoBooks {
  TwoBooks(std::int64_t block_tokens, std::int64_t window_tokens, Drafts drafts = {})
      : coalesced(make_coalesced_decode_batch({&pools[0], block_tokens, window_tokens, drafts.pattern, drafts.tokens})),
        exact(make_exact_decode_batch({&pools[1], block_tokens, window_tokens, drafts.pattern, drafts.tokens})) {}

  RequestId join(std::int32_t context, std::int32_t remaining) {
    ++admissions;
    RequestId id = kNoRequest;
    for (InFlightPool& pool : pools) {
      id = pool.add({.admission = admissions,
                     .input_tokens = context,
                     .output_tokens = remaining + 1,
                     .generated = 1,
                     .prompt_done = context});
    }
    coalesced->join(id, remaining);
    exact->join(id, remaining);
    return id;
  }

  InFlightPool pools[2];
  std::unique_ptr<DecodeBatch> coalesced, exact;
  std::int32_t admissions = 0;
};

}  // namespace

TEST_CASE("decode segment: durations grow evenly and their sum is exact", "[jobs]") {
  const DecodeSegment segment{.start = 1000, .first = 10, .growth = 3, .steps = 4, .sequences = 2};
  // 10 + 13 + 16 + 19
  CHECK(segment.duration(4) == 58);
  CHECK(segment.end() == 1058);
  CHECK(segment.steps_ended_by(1009) == 0);
  CHECK(segment.steps_ended_by(1010) == 1);
  CHECK(segment.steps_ended_by(1057) == 3);
  CHECK(segment.step_at(1000) == 1);
  CHECK(segment.step_at(1010) == 1);
  CHECK(segment.step_at(1011) == 2);
  CHECK(segment.step_at(1058) == 4);
}

TEST_CASE("decode segment: steps_ended_by inverts the sum", "[jobs][law]") {
  REQUIRE(rc::check("inverse", [] {
    DecodeSegment segment;
    segment.start = *rc::gen::inRange<Picoseconds>(0, 1'000'000'000'000'000);
    segment.first = *rc::gen::inRange<Picoseconds>(1, 100'000'000'000);
    segment.growth = *rc::gen::element<Picoseconds>(0, 1, 17, 27'000, 100'000'000);  // a thousand sequences grow by so much
    segment.steps = *rc::gen::inRange<std::int64_t>(1, DecodeSegment::kMaxSteps);
    const TokenPattern pattern(static_cast<double>(*rc::gen::inRange(100, 901)) / 100.0);
    if (*rc::gen::arbitrary<bool>()) segment.pattern = &pattern;
    segment.start_step = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
    const std::int64_t step = *rc::gen::inRange<std::int64_t>(1, segment.steps + 1);
    RC_ASSERT(segment.steps_ended_by(segment.end_of_step(step)) == step);
    RC_ASSERT(segment.steps_ended_by(segment.end_of_step(step) - 1) == step - 1);
    RC_ASSERT(segment.step_at(segment.end_of_step(step)) == step);
  }));
}

TEST_CASE("token pattern: the mean in hundredths, never more than one apart", "[jobs]") {
  // 2.4 = 12 / 5: 2, 2, 3, 2, 3 and again.
  const TokenPattern pattern(2.4);
  CHECK(pattern.tokens_of_period() == 12);
  CHECK(pattern.steps_of_period() == 5);
  CHECK(pattern.tokens_by(1) == 2);
  CHECK(pattern.tokens_by(2) == 4);
  CHECK(pattern.tokens_by(3) == 7);
  CHECK(pattern.tokens_by(5) == 12);
  CHECK(pattern.first_step_with(7) == 3);
  CHECK(pattern.first_step_with(8) == 4);
  // From step 1 on (2 tokens before): 0, 2, 5, 7 tokens before its steps.
  CHECK(pattern.sum_before(1, 4) == 14);
  CHECK(TokenPattern(1.0).tokens_by(77) == 77);
  CHECK_THROWS_AS(TokenPattern(0.99), std::invalid_argument);
}

TEST_CASE("token pattern: counts, their inverse and their sums agree for any mean", "[jobs][law]") {
  REQUIRE(rc::check("pattern", [] {
    const double mean = static_cast<double>(*rc::gen::inRange(100, 901)) / 100.0;
    const TokenPattern pattern(mean);
    const auto start = *rc::gen::inRange<std::int64_t>(0, 5000);
    const auto count = *rc::gen::inRange<std::int64_t>(0, 1000);
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t tokens = pattern.tokens_by(start + i + 1) - pattern.tokens_by(start + i);
      RC_ASSERT(tokens >= static_cast<std::int64_t>(mean) && tokens <= static_cast<std::int64_t>(std::ceil(mean)));
      sum += pattern.tokens_by(start + i) - pattern.tokens_by(start);
    }
    RC_ASSERT(pattern.sum_before(start, count) == sum);
    const std::int64_t step = pattern.first_step_with(start);
    RC_ASSERT(pattern.tokens_by(step) >= start);
    RC_ASSERT(step == 0 || pattern.tokens_by(step - 1) < start);
    RC_ASSERT(std::abs(pattern.mean() - mean) < 0.005);
  }));
}

TEST_CASE("decode segment: a pattern lengthens steps by the tokens that they yield", "[jobs]") {
  const TokenPattern pattern(2.4);
  const DecodeSegment segment{
      .start = 1000, .first = 10, .growth = 3, .steps = 4, .sequences = 2, .start_step = 1, .pattern = &pattern};
  // Steps 1 to 4 yield 2, 3, 2, 3 tokens: 10 + 16 + 25 + 31.
  CHECK(segment.tokens(4) == 10);
  CHECK(segment.duration(4) == 82);
  CHECK(segment.steps_ended_by(1026) == 2);
  CHECK(segment.steps_ended_by(1025) == 1);
}

TEST_CASE("decode batch: a window that fills bends the load", "[jobs]") {
  TwoBooks books(16, 10);
  books.join(5, 20);
  CHECK(books.coalesced->load().full_tokens == 6);
  CHECK(books.coalesced->load().window_tokens == 6);
  const DecodeSegment segment = books.coalesced->plan(0, {100, 10, 1}, {.free_blocks = 100, .next_knot = 1000});
  CHECK(segment.first == 100 + 60 + 6);
  CHECK(segment.growth == 11);
  CHECK(segment.steps == 4);  // holds 9 after it: from then on each step reads 10 tokens of the window
  books.coalesced->advance(4);
  CHECK(books.coalesced->load().full_tokens == 10);
  CHECK(books.coalesced->load().window_tokens == 10);
  CHECK(books.coalesced->plan(0, {100, 10, 1}, {.free_blocks = 100, .next_knot = 1000}).growth == 10);
}

TEST_CASE("decode batch: a segment stops before the block that the pool has not", "[jobs]") {
  TwoBooks books(4, 0);
  books.join(4, 100);  // needs a block at its first step, then every fourth
  books.join(6, 100);  // at its third step (holding 8)
  const DecodeLimits limits{.free_blocks = 2, .next_knot = 100'000};
  CHECK(books.coalesced->blocks_for_next_step() == 1);
  CHECK(books.coalesced->plan(0, {1, 0, 0}, limits).steps == 4);
  CHECK(books.coalesced->advance(4) == 2);
  CHECK(books.coalesced->blocks_for_next_step() == 1);
}

TEST_CASE("decode batch: a last step may go beyond the answer, and blocks cover what is drafted", "[jobs]") {
  const TokenPattern pattern(2.5);  // 2, 3, 2, 3 ...
  TwoBooks books(4, 0, {.tokens = 3, .pattern = &pattern});
  const RequestId request = books.join(5, 6);
  for (DecodeBatch* batch : {books.coalesced.get(), books.exact.get()}) {
    CHECK(batch->load().full_tokens == 9);  // 5 held, the new one, 3 drafts
    // Blocks cover 5 + 3 tokens. The first step holds 7 at its end, and drafts 3: a third block.
    CHECK(batch->blocks_for_next_step() == 1);
    CHECK(batch->advance(1) == 1);
    CHECK(batch->load().full_tokens == 11);
    CHECK(batch->advance(2) == 1);  // 10, then 12 held: 15 tokens in 4 blocks
    std::vector<FinishedDecode> finished;
    batch->take_finished(finished);
    REQUIRE(finished.size() == 1);
    CHECK(finished.front().request == request);
    CHECK(finished.front().held_tokens == 12);  // 5 + 7, one more than the answer wants
  }
  CHECK(books.pools[0][request].generated == 7);
  CHECK(books.pools[1][request].generated == 7);
}

TEST_CASE("decode batch: without drafts, a mean of one token is no speculation", "[jobs][law]") {
  const TokenPattern one(1.0);
  TwoBooks plain(16, 64);
  TwoBooks patterned(16, 64, {.tokens = 0, .pattern = &one});
  for (const auto& [context, remaining] : {std::pair{30, 50}, {60, 20}, {7, 200}}) {
    plain.join(context, remaining);
    patterned.join(context, remaining);
  }
  Picoseconds now = 0;
  while (plain.coalesced->size() > 0) {
    const DecodeLimits limits{.free_blocks = 40, .next_knot = plain.coalesced->load().full_tokens + 70};
    const DecodeSegment segment = plain.coalesced->plan(now, {1000, 3, 2}, limits);
    const DecodeSegment other = patterned.coalesced->plan(now, {1000, 3, 2}, limits);
    REQUIRE(segment.steps == other.steps);
    REQUIRE(segment.end() == other.end());
    REQUIRE(plain.coalesced->advance(segment.steps) == patterned.coalesced->advance(segment.steps));
    now = segment.end();
    std::vector<FinishedDecode> finished, expected;
    plain.coalesced->take_finished(expected);
    patterned.coalesced->take_finished(finished);
    REQUIRE(finished == expected);
  }
}

TEST_CASE("decode batch: the coalesced book equals the step-by-step book", "[jobs][law]") {
  int rounds = 0, kinked = 0, block_bound = 0, removed = 0, drafted = 0, beyond = 0;
  const bool holds = rc::check("equivalence", [&] {
    const auto block_tokens = *rc::gen::element<std::int64_t>(0, 1, 2, 16, 32, 7);
    const auto window_tokens = *rc::gen::element<std::int64_t>(0, 64, 128, 256);
    const auto draft_tokens = *rc::gen::inRange<std::int64_t>(0, 9);
    const TokenPattern pattern(1.0 +
                               static_cast<double>(*rc::gen::inRange<std::int64_t>(0, 100 * draft_tokens + 1)) / 100);
    TwoBooks books(block_tokens, window_tokens, {draft_tokens, draft_tokens > 0 ? &pattern : nullptr});
    const DecodeRate rate{1000, 3, 2};
    Picoseconds now = 0;
    const int actions = *rc::gen::inRange(1, 60);
    for (int action = 0; action < actions; ++action) {
      ++rounds;
      const int what = *rc::gen::inRange(0, 10);
      if (what < 4 || books.coalesced->size() == 0) {
        books.join(*rc::gen::inRange(1, 300), *rc::gen::inRange(1, 200));
      } else if (what == 4) {
        const RequestId victim = books.coalesced->last_admitted();
        RC_ASSERT(victim == books.exact->last_admitted());
        RC_ASSERT(books.coalesced->remove(victim) == books.exact->remove(victim));
        RC_ASSERT(books.pools[0][victim].generated == books.pools[1][victim].generated);
        ++removed;
      } else {
        const std::int64_t free_blocks =
            books.coalesced->blocks_for_next_step() + *rc::gen::inRange<std::int64_t>(0, 30);
        const DecodeSegment segment =
            books.coalesced->plan(now, rate,
                                  {.max_steps = *rc::gen::inRange<std::int64_t>(1, 300),
                                   .free_blocks = free_blocks,
                                   .next_knot = books.coalesced->load().full_tokens + *rc::gen::inRange(1, 5000)});
        RC_ASSERT(segment.steps >= 1);
        std::int64_t blocks = 0;
        for (std::int64_t step = 1; step <= segment.steps; ++step) {
          RC_ASSERT(books.exact->load().window_tokens >= 0);
          const DecodeSegment one = books.exact->plan(segment.end_of_step(step - 1), rate, {});
          RC_ASSERT(one.end() == segment.end_of_step(step));
          blocks += books.exact->blocks_for_next_step();
          RC_ASSERT(block_tokens == 0 || blocks <= free_blocks);
          books.exact->advance(1);
        }
        RC_ASSERT(books.coalesced->advance(segment.steps) == blocks);
        if (draft_tokens > 0) ++drafted;
        if (segment.growth != rate.per_full_token * segment.sequences) ++kinked;
        if (block_tokens > 0 && blocks + books.coalesced->blocks_for_next_step() > free_blocks) ++block_bound;
        now = segment.end();
        std::vector<FinishedDecode> finished, expected;
        books.coalesced->take_finished(finished);
        books.exact->take_finished(expected);
        RC_ASSERT(finished == expected);
        for (const auto& [id, held] : finished) {
          const InFlight& request = books.pools[0][id];
          const std::int64_t surplus = held - (request.prompt_done + request.output_tokens - 1);
          RC_ASSERT(surplus >= 0 && surplus <= draft_tokens);
          if (surplus > 0) ++beyond;
          RC_ASSERT(books.pools[0][id].generated == books.pools[0][id].output_tokens);
          RC_ASSERT(books.pools[1][id].generated == books.pools[1][id].output_tokens);
        }
      }
      RC_ASSERT(books.coalesced->size() == books.exact->size());
      RC_ASSERT(books.coalesced->members() == books.exact->members());
      RC_ASSERT(books.coalesced->blocks_for_next_step() == books.exact->blocks_for_next_step());
      RC_ASSERT(books.coalesced->load().full_tokens == books.exact->load().full_tokens);
      RC_ASSERT(books.coalesced->load().window_tokens == books.exact->load().window_tokens);
    }
  });
  REQUIRE(holds);
  // Rich enough: the paths that matter were taken.
  CHECK(kinked * 20 > rounds);
  CHECK(block_bound * 20 > rounds);
  CHECK(removed * 20 > rounds);
  CHECK(drafted * 20 > rounds);
  CHECK(beyond * 50 > rounds);
}
