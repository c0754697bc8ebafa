// Simulated time: a whole number of picoseconds, so that sums of durations are exact. 64 bits last 106 days.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace tokenworks {

/// A date or a duration in picoseconds. Dates count from the start of the run.
using Picoseconds = std::int64_t;

inline constexpr Picoseconds kPicosecondsPerSecond = 1'000'000'000'000;
inline constexpr Picoseconds kNever = std::numeric_limits<Picoseconds>::max();

/// Nearest picosecond. Values beyond the range saturate at kNever.
inline Picoseconds to_picoseconds(double seconds) {
  const double scaled = seconds * 1e12;
  if (scaled >= 9.2e18) return kNever;
  return static_cast<Picoseconds>(std::llround(scaled));
}

inline constexpr double to_seconds(Picoseconds time) { return static_cast<double>(time) * 1e-12; }

/// Power is a whole number of milliwatts wherever energy is summed: milliwatts times picoseconds are femtojoules,
/// their 128-bit sums are exact and do not depend on order or on where a span is cut.
using Milliwatts = std::int64_t;
__extension__ using Femtojoules = __int128;

inline Milliwatts to_milliwatts(double watts) { return static_cast<Milliwatts>(std::llround(watts * 1e3)); }
inline constexpr double to_watts(Milliwatts power) { return static_cast<double>(power) * 1e-3; }
inline constexpr double to_joules(Femtojoules energy) { return static_cast<double>(energy) * 1e-15; }

}  // namespace tokenworks
