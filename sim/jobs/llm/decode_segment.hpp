// A run of decode steps over one batch: durations first, first + growth, first + 2*growth ... in whole picoseconds.
#pragma once

#include <cstdint>

#include "sim/engine/time.hpp"

namespace tokenworks::jobs {

struct DecodeSegment {
  /// No segment is longer, so that no sum of its durations overflows.
  static constexpr std::int64_t kMaxSteps = 65536;

  Picoseconds start = 0;
  Picoseconds first = 0;       ///< duration of the first step, > 0
  Picoseconds growth = 0;      ///< by which each step is longer than the one before, >= 0
  std::int64_t steps = 0;
  std::int64_t sequences = 0;  ///< that get a token in each step

  /// Duration of the first `count` steps.
  Picoseconds duration(std::int64_t count) const { return count * first + growth * (count * (count - 1) / 2); }
  Picoseconds end_of_step(std::int64_t step) const { return start + duration(step); }
  Picoseconds end() const { return end_of_step(steps); }

  /// How many steps have ended at `date` or before, 0 .. steps.
  std::int64_t steps_ended_by(Picoseconds date) const;
  /// The step (from 1) that `date` falls into, a date at the end of a step counting to that step. start <= date <= end.
  std::int64_t step_at(Picoseconds date) const;
};

}  // namespace tokenworks::jobs
