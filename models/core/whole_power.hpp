// Power and energy as whole numbers, wherever energy is summed: milliwatts times picoseconds are femtojoules, their
// 128-bit sums are exact and do not depend on order or on where a span is cut.
#pragma once

#include <cmath>
#include <cstdint>

#include "models/core/units.hpp"

namespace tokenworks {

using Milliwatts = std::int64_t;
/// Milliwatts times picoseconds.
__extension__ using Femtojoules = __int128;

inline constexpr std::int64_t kPicosecondsPerSecond = 1'000'000'000'000;

/// Nearest milliwatt.
inline Milliwatts to_milliwatts(double watts) { return static_cast<Milliwatts>(std::llround(watts * 1e3)); }
inline Milliwatts to_milliwatts(Watts power) { return to_milliwatts(power.value); }
inline constexpr double to_watts(Milliwatts power) { return static_cast<double>(power) * 1e-3; }
/// Nearest millijoule, in femtojoules.
inline Femtojoules to_femtojoules(Joules energy) {
  return static_cast<Femtojoules>(std::round(energy.value * 1e3)) * kPicosecondsPerSecond;
}
inline constexpr double to_joules(Femtojoules energy) { return static_cast<double>(energy) * 1e-15; }

}  // namespace tokenworks
