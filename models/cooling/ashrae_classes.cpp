#include "models/cooling/ashrae_classes.hpp"

#include <fmt/format.h>

#include <limits>
#include <stdexcept>

namespace tokenworks::cooling {
namespace {

constexpr double kNone = std::numeric_limits<double>::infinity();
constexpr Celsius kLiquidLow{2.0};

constexpr AshraeClass air(std::string_view name, double low, double high, double dew_point_high) {
  return {name, 'S', Celsius(low), Celsius(high), Celsius(18), Celsius(27), Celsius(-12), Celsius(dew_point_high)};
}
constexpr AshraeClass liquid(std::string_view name, double high) {
  return {name, 'S', kLiquidLow, Celsius(high), kLiquidLow, Celsius(high), Celsius(-kNone), Celsius(kNone), true};
}

constexpr AshraeClass kClasses[] = {
    air("A1", 15, 32, 17),
    air("A2", 10, 35, 21),
    air("A3", 5, 40, 24),
    air("A4", 5, 45, 24),
    // Dew points of A1: no figure of its own at hand.
    {"H1", 'R', Celsius(5), Celsius(25), Celsius(18), Celsius(22), Celsius(-12), Celsius(17)},
    liquid("W17", 17),
    liquid("W27", 27),
    liquid("W32", 32),
    liquid("W40", 40),
    liquid("W45", 45),
    liquid("W+", kNone),
};

}  // namespace

const AshraeClass& ashrae_class(std::string_view name) {
  for (const AshraeClass& limits : kClasses) {
    if (limits.name == name) return limits;
  }
  throw std::invalid_argument(fmt::format("no ASHRAE class is named \"{}\"", name));
}

ClassRange range_of(const AshraeClass& limits, Celsius temperature) {
  if (temperature < limits.allowable_low || temperature > limits.allowable_high) return ClassRange::outside;
  if (temperature < limits.recommended_low || temperature > limits.recommended_high) return ClassRange::allowable;
  return ClassRange::recommended;
}

std::string check(std::string_view class_name, Celsius temperature) {
  const AshraeClass& limits = ashrae_class(class_name);
  if (range_of(limits, temperature) != ClassRange::outside) return {};
  const std::string_view fluid = limits.is_liquid ? "water" : "air";
  if (limits.allowable_high.value == kNone) {
    return fmt::format("{} degC is outside ASHRAE class {} for {}: at least {} degC", temperature.value, limits.name,
                       fluid, limits.allowable_low.value);
  }
  return fmt::format("{} degC is outside ASHRAE class {} for {}: {} to {} degC", temperature.value, limits.name, fluid,
                     limits.allowable_low.value, limits.allowable_high.value);
}

}  // namespace tokenworks::cooling
