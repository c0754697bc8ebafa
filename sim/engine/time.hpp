// Simulated time: a whole number of picoseconds, so that sums of durations are exact. 64 bits last 106 days.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "models/core/whole_power.hpp"

namespace tokenworks {

/// A date or a duration in picoseconds. Dates count from the start of the run.
using Picoseconds = std::int64_t;

inline constexpr Picoseconds kNever = std::numeric_limits<Picoseconds>::max();

/// Nearest picosecond. Values beyond the range saturate at kNever.
inline Picoseconds to_picoseconds(double seconds) {
  const double scaled = seconds * 1e12;
  if (scaled >= 9.2e18) return kNever;
  return static_cast<Picoseconds>(std::llround(scaled));
}

inline constexpr double to_seconds(Picoseconds time) { return static_cast<double>(time) * 1e-12; }

}  // namespace tokenworks
