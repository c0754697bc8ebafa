// The sequences of one replica that decode together: their contexts, their KV blocks, and who ends when. Two ways to
// keep the same book: coalesced (closed forms over many steps) and exact (one step at a time, every sum taken anew).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/engine/cache_lines.hpp"
#include "sim/jobs/llm/decode_segment.hpp"
#include "sim/jobs/llm/in_flight.hpp"

namespace tokenworks::jobs {

/// Duration of a decode step: fixed + per_full_token * full_tokens + per_window_token * window_tokens.
struct DecodeRate {
  Picoseconds fixed = 0;
  Picoseconds per_full_token = 0;
  Picoseconds per_window_token = 0;
};

/// Tokens of context that the next step reads, each sequence's new (and drafted) tokens included.
struct ContextLoad {
  std::int64_t full_tokens = 0;
  std::int64_t window_tokens = 0;
};

struct DecodeLimits {
  std::int64_t max_steps = DecodeSegment::kMaxSteps;  ///< the replica wants to look again after so many
  std::int64_t free_blocks = 0;                       ///< of the KV pool; ignored without block growth
  std::int64_t next_knot = 0;                         ///< full_tokens at which power or rate is taken anew
};

/// A request that has all its tokens.
struct FinishedDecode {
  RequestId request = kNoRequest;
  /// Tokens that it held, those that its last step yielded beyond the end of its answer included.
  std::int64_t held_tokens = 0;
  bool operator==(const FinishedDecode&) const = default;
};

class DecodeBatch {
 public:
  virtual ~DecodeBatch() = default;

  virtual std::int64_t size() const = 0;
  /// Steps that the batch has made since the start of the run.
  virtual std::int64_t steps() const = 0;
  virtual ContextLoad load() const = 0;

  /// A request whose prompt is in the cache (`prompt_done` tokens) joins; it wants `remaining` > 0 more tokens, all
  /// that its answer lacks. Sets its `joined_step`.
  virtual void join(RequestId request, std::int64_t remaining) = 0;
  /// The member that its replica admitted last (the first to be preempted). Precondition: size() > 0.
  virtual RequestId last_admitted() = 0;
  /// Takes a request out before its end and adds what it generated here to `generated`; returns the tokens it held.
  virtual std::int64_t remove(RequestId request) = 0;
  /// Takes out the requests that have all their tokens, in the order of their admission, and settles `generated`.
  virtual void take_finished(std::vector<FinishedDecode>& finished) = 0;
  virtual bool holds(RequestId request) const = 0;
  /// Fetches what the end of the next request will touch into the processor's cache.
  /// Notes what the end of the steps that are under way will need.
  virtual void note(engine::CacheLines&) const {}
  /// All members, in the order of their admission.
  virtual std::vector<RequestId> members() const = 0;

  /// KV blocks that the next step needs beyond those held. Between steps a sequence has blocks for the tokens that it
  /// holds and `draft_tokens` more, so that no step lacks room for what it drafts.
  virtual std::int64_t blocks_for_next_step() const = 0;
  /// KV blocks that the next `count` steps take together.
  virtual std::int64_t blocks_of_steps(std::int64_t count) const = 0;
  /// The longest run of steps from `now` that nothing inside the batch interrupts. At least one step must be
  /// affordable.
  virtual DecodeSegment plan(Picoseconds now, const DecodeRate& rate, const DecodeLimits& limits) = 0;
  /// Makes `count` steps; returns the KV blocks taken.
  virtual std::int64_t advance(std::int64_t count) = 0;
};

/// What both books need to know.
struct DecodeBatchSetup {
  InFlightPool* pool = nullptr;
  std::int64_t block_tokens = 16;  ///< 0: blocks do not grow, they were reserved
  std::int64_t window_tokens = 0;  ///< 0: no sliding window
  /// Tokens that a step yields; outlives the batch. Null: one, without drafts.
  const TokenPattern* pattern = nullptr;
  std::int64_t draft_tokens = 0;  ///< verified beside the new token of each sequence in a step
};

std::unique_ptr<DecodeBatch> make_coalesced_decode_batch(const DecodeBatchSetup& setup);
std::unique_ptr<DecodeBatch> make_exact_decode_batch(const DecodeBatchSetup& setup);

}  // namespace tokenworks::jobs
