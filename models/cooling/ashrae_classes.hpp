// Question   whether a set point or a temperature is within the class that the equipment was made for
// Equation   limits by class
// Source     ASHRAE TC 9.9 reference card 2021 (air) and water-cooled classes, second hand; H1: remembered
// Valid for  air that enters the servers; facility water that enters the CDUs or racks
// Checked by tests/models/cooling/ashrae_classes_test.cpp
#pragma once

#include <string>
#include <string_view>

#include "models/core/units.hpp"

namespace tokenworks::cooling {

struct AshraeClass {
  std::string_view name;
  char evidence;
  Celsius allowable_low, allowable_high;
  Celsius recommended_low, recommended_high;  ///< liquid: the allowable ones
  Celsius dew_point_low, dew_point_high;      ///< allowable; of no meaning for liquid
  bool is_liquid = false;
};

inline constexpr std::string_view kAirClasses[] = {"A1", "A2", "A3", "A4", "H1"};
inline constexpr std::string_view kLiquidClasses[] = {"W17", "W27", "W32", "W40", "W45", "W+"};

/// By name, air or liquid; std::invalid_argument for another.
const AshraeClass& ashrae_class(std::string_view name);

enum class ClassRange { recommended, allowable, outside };
/// Where a temperature of the air or water that enters lies.
ClassRange range_of(const AshraeClass& limits, Celsius temperature);

/// Empty where `temperature` is allowable, else what is wrong and what is allowed, for a fault of a set point.
std::string check(std::string_view class_name, Celsius temperature);

}  // namespace tokenworks::cooling
