// Temperatures that equipment of an ASHRAE class runs at without being throttled.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "models/cooling/cooling_option.hpp"
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
/// Adds a fault at `pointer` where facility water of `supply` is outside the class, if there is one.
void check_class(const std::optional<std::string>& equipment_class, Celsius supply, const std::string& pointer,
                 OptionFaults& faults);

}  // namespace tokenworks::cooling
