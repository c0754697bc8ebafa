// A run of decode steps over one batch: durations in whole picoseconds, each longer than the one before by `growth` for
// every token that the sequences got in that one. That is one token, or what the pattern of speculative decoding says.
#pragma once

#include <cstdint>

#include "sim/engine/time.hpp"
#include "sim/jobs/llm/token_pattern.hpp"

namespace tokenworks::jobs {

struct DecodeSegment {
  /// No segment is longer, so that no sum of its durations overflows.
  static constexpr std::int64_t kMaxSteps = 65536;

  Picoseconds start = 0;
  Picoseconds first = 0;   ///< duration of the first step, > 0
  Picoseconds growth = 0;  ///< of a step's duration for each token that every sequence got since the first, >= 0
  std::int64_t steps = 0;
  std::int64_t sequences = 0;             ///< that get tokens in each step
  std::int64_t start_step = 0;            ///< steps that the batch made before; its place in the pattern
  const TokenPattern* pattern = nullptr;  ///< null: one token a step

  /// Tokens that a sequence gets in the first `count` steps.
  std::int64_t tokens(std::int64_t count) const {
    return pattern == nullptr ? count : pattern->tokens_by(start_step + count) - pattern->tokens_by(start_step);
  }
  /// Duration of the first `count` steps.
  Picoseconds duration(std::int64_t count) const {
    const std::int64_t tokens_before =
        pattern == nullptr ? count * (count - 1) / 2 : pattern->sum_before(start_step, count);
    return count * first + growth * tokens_before;
  }
  Picoseconds end_of_step(std::int64_t step) const { return start + duration(step); }
  Picoseconds end() const { return end_of_step(steps); }

  /// How many steps have ended at `date` or before, 0 .. steps.
  std::int64_t steps_ended_by(Picoseconds date) const;
  /// The step (from 1) that `date` falls into, a date at the end of a step counting to that step. start <= date <= end.
  std::int64_t step_at(Picoseconds date) const;
};

}  // namespace tokenworks::jobs
