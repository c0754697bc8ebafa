// What a loop's heat rejection can give off.
#pragma once

#include <algorithm>
#include <limits>

#include "models/core/units.hpp"

namespace tokenworks::cooling {

/// At most while the loop is at its set point, and how much more for each kelvin above it.
struct Capability {
  Watts at_set_point{std::numeric_limits<double>::infinity()};
  WattsPerKelvin beyond{0};
};

/// From the most heat as a function of how much warmer the loop is, exact at 0 and at `warmer`: at_set_point +
/// beyond * warmer is the heat that is carried there.
template <class MostHeat>
Capability chord(MostHeat most_heat, KelvinDelta warmer) {
  constexpr KelvinDelta kShortest{0.1}, kLongest{100.0};
  KelvinDelta step = std::max(warmer, kShortest);
  const Watts here = most_heat(KelvinDelta(0));
  Watts there = most_heat(step);
  // A loop too cold for the air carries nothing until it is warmer.
  for (; there.value <= 0.0 && step < kLongest; there = most_heat(step)) step *= 4.0;
  return {here, std::max(there - here, Watts(0)) / step};
}

}  // namespace tokenworks::cooling
