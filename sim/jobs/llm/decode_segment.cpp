#include "sim/jobs/llm/decode_segment.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::jobs {

std::int64_t DecodeSegment::steps_ended_by(Picoseconds date) const {
  const Picoseconds elapsed = date - start;
  if (elapsed < first) return 0;
  if (elapsed >= duration(steps)) return steps;
  // Root of growth/2 k^2 + (first - growth/2) k = elapsed in doubles, then mended to the whole-number answer. Under a
  // pattern the growth is its mean, and the durations lie within a step of that curve.
  double guess;
  if (growth == 0) {
    guess = static_cast<double>(elapsed) / static_cast<double>(first);
  } else {
    const double half = static_cast<double>(growth) * (pattern == nullptr ? 1.0 : pattern->mean()) / 2;
    const double linear = static_cast<double>(first) - half;
    const double root = std::sqrt(linear * linear + 4 * half * static_cast<double>(elapsed));
    guess = 2 * static_cast<double>(elapsed) / (linear + root);
  }
  std::int64_t count = std::clamp<std::int64_t>(static_cast<std::int64_t>(guess), 1, steps);
  while (count > 0 && duration(count) > elapsed) --count;
  while (count < steps && duration(count + 1) <= elapsed) ++count;
  return count;
}

std::int64_t DecodeSegment::step_at(Picoseconds date) const {
  const std::int64_t ended = steps_ended_by(date);
  if (ended > 0 && end_of_step(ended) == date) return ended;
  return std::min(ended + 1, steps);
}

}  // namespace tokenworks::jobs
