// Question   what air and water equipment of an ASHRAE class runs with, without being throttled
// Equation   limits by class
// Source     ASHRAE TC 9.9 reference card 2021 (air) and classes of facility water, second hand; H1: remembered, dew
//            points as of A1
// Valid for  air that enters the servers; facility water that enters coolant units or racks
// Checked by tests/models/cooling/equipment_class_test.cpp
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

/// "a1".."a4", "h1": server inlet air.
std::span<const std::string_view> air_classes();
/// "w17".."w45", "w_plus": facility water.
std::span<const std::string_view> liquid_classes();
/// Of air or water. Throws std::invalid_argument for a name that is none of them.
TemperatureRange allowable(std::string_view equipment_class);
/// Dew points of the air. Throws std::invalid_argument for a name that is no class of air.
TemperatureRange allowable_dew_points(std::string_view air_class);
/// Adds a fault at `pointer` where air or water of `supply` is outside the class, if there is one.
void check_class(const std::optional<std::string>& equipment_class, Celsius supply, const std::string& pointer,
                 OptionFaults& faults);

}  // namespace tokenworks::cooling
