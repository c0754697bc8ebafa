// What a loop's heat rejection can give off.
#pragma once

#include <algorithm>
#include <limits>

#include "models/core/units.hpp"

namespace tokenworks::cooling {

/// A line in how much warmer the loop is than its set point, right at the point that it was asked for: at_set_point +
/// beyond * warmer is carried there. At the set point, at_set_point is what is carried.
struct Capability {
  Watts at_set_point{std::numeric_limits<double>::infinity()};
  WattsPerKelvin beyond{0};
};

/// The line at `warmer` of the most heat as a function of it, which does not fall.
template <class MostHeat>
Capability capability_at(MostHeat most_heat, KelvinDelta warmer) {
  constexpr KelvinDelta kLongest{100.0};
  KelvinDelta step{0.05};
  const Watts here = most_heat(warmer);
  Watts there = most_heat(warmer + step);
  // A loop too cold for the air carries nothing until it is warmer.
  for (; there.value <= 0.0 && step < kLongest; there = most_heat(warmer + step)) step *= 4.0;
  const WattsPerKelvin beyond = std::max(there - here, Watts(0)) / step;
  return {here - beyond * warmer, beyond};
}

}  // namespace tokenworks::cooling
