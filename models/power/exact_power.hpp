// Power and energy as whole numbers, so that sums are exact and do not depend on the order of changes: the same types
// as those of the engine, by the same names.
#pragma once

#include <cmath>
#include <cstdint>

#include "models/core/units.hpp"

namespace tokenworks::power {

using Milliwatts = std::int64_t;
/// Milliwatts times picoseconds.
__extension__ using Femtojoules = __int128;

inline constexpr std::int64_t kPicosecondsOfSecond = 1'000'000'000'000;

/// Nearest milliwatt.
inline Milliwatts whole_milliwatts(Watts power) { return static_cast<Milliwatts>(std::llround(power.value * 1e3)); }
inline constexpr Watts watts_of(Milliwatts power) { return Watts(static_cast<double>(power) * 1e-3); }
/// Nearest millijoule, in femtojoules.
inline Femtojoules femtojoules_of(Joules energy) {
  return static_cast<Femtojoules>(std::llround(energy.value * 1e3)) * kPicosecondsOfSecond;
}
inline constexpr Joules joules_of(Femtojoules energy) { return Joules(static_cast<double>(energy) * 1e-15); }

}  // namespace tokenworks::power
