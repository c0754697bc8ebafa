// Temperatures that equipment of an ASHRAE class runs at without being throttled.
#pragma once

#include <span>
#include <string_view>

#include "models/core/units.hpp"

namespace tokenworks::cooling {

struct TemperatureRange {
  Celsius lowest, highest;
  bool holds(Celsius temperature) const { return temperature >= lowest && temperature <= highest; }
};

/// "a1".."a4", "h1": allowable server inlet air.
std::span<const std::string_view> air_classes();
/// "w17".."w45", "w_plus": facility water.
std::span<const std::string_view> liquid_classes();
/// Throws std::invalid_argument for a name that is none of them.
TemperatureRange allowable(std::string_view equipment_class);

}  // namespace tokenworks::cooling
