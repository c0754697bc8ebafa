#include "sim/jobs/llm/decode_batch.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::jobs;

namespace {

/// The same requests in two pools, one for each book.
struct TwoBooks {
  TwoBooks(std::int64_t block_tokens, std::int64_t window_tokens)
      : coalesced(make_coalesced_decode_batch({&pools[0], block_tokens, window_tokens})),
        exact(make_exact_decode_batch({&pools[1], block_tokens, window_tokens})) {}

  RequestId join(std::int32_t context, std::int32_t remaining) {
    ++admissions;
    RequestId id = kNoRequest;
    for (InFlightPool& pool : pools) {
      id = pool.add({.admission = admissions, .input_tokens = context, .output_tokens = remaining + 1, .generated = 1,
                     .joined_context = context});
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
    segment.growth = *rc::gen::element<Picoseconds>(0, 1, 17, 27'000, 1'000'000'000);
    segment.steps = *rc::gen::inRange<std::int64_t>(1, DecodeSegment::kMaxSteps);
    const std::int64_t step = *rc::gen::inRange<std::int64_t>(1, segment.steps + 1);
    RC_ASSERT(segment.steps_ended_by(segment.end_of_step(step)) == step);
    RC_ASSERT(segment.steps_ended_by(segment.end_of_step(step) - 1) == step - 1);
    RC_ASSERT(segment.step_at(segment.end_of_step(step)) == step);
  }));
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

TEST_CASE("decode batch: the coalesced book equals the step-by-step book", "[jobs][law]") {
  int rounds = 0, kinked = 0, block_bound = 0, removed = 0;
  const bool holds = rc::check("equivalence", [&] {
    const auto block_tokens = *rc::gen::element<std::int64_t>(0, 1, 2, 16, 32, 7);
    const auto window_tokens = *rc::gen::element<std::int64_t>(0, 64, 128, 256);
    TwoBooks books(block_tokens, window_tokens);
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
            books.coalesced->blocks_for_next_step() + *rc::gen::inRange<std::int64_t>(0, 60);
        const DecodeSegment segment = books.coalesced->plan(
            now, rate, {.max_steps = *rc::gen::inRange<std::int64_t>(1, 300), .free_blocks = free_blocks,
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
        if (segment.growth != rate.per_full_token * segment.sequences) ++kinked;
        if (block_tokens > 0 && blocks + books.coalesced->blocks_for_next_step() > free_blocks) ++block_bound;
        now = segment.end();
        std::vector<RequestId> finished, expected;
        books.coalesced->take_finished(finished);
        books.exact->take_finished(expected);
        RC_ASSERT(finished == expected);
        for (const RequestId id : finished) {
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
}
