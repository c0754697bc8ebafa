// What a loop's heat rejection can give off.
#pragma once

#include <limits>

#include "models/core/units.hpp"

namespace tokenworks::cooling {

/// At most while the loop is at its set point, and how much more for each kelvin above it.
struct Capability {
  Watts at_set_point{std::numeric_limits<double>::infinity()};
  WattsPerKelvin beyond{0};
};

}  // namespace tokenworks::cooling
