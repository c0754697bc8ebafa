#include "models/cooling/equipment_class.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace tokenworks::cooling {
namespace {

// ASHRAE TC 9.9, reference card of 2021, second hand (H1: remembered).
constexpr std::string_view kAir[] = {"a1", "a2", "a3", "a4", "h1"};
constexpr TemperatureRange kAirRanges[] = {{Celsius(15), Celsius(32)},
                                           {Celsius(10), Celsius(35)},
                                           {Celsius(5), Celsius(40)},
                                           {Celsius(5), Celsius(45)},
                                           {Celsius(5), Celsius(25)}};
// The letter's number is the highest supply; the lowest is 2 degC. W+ has no end; water does.
constexpr std::string_view kLiquid[] = {"w17", "w27", "w32", "w40", "w45", "w_plus"};
constexpr TemperatureRange kLiquidRanges[] = {{Celsius(2), Celsius(17)}, {Celsius(2), Celsius(27)},
                                              {Celsius(2), Celsius(32)}, {Celsius(2), Celsius(40)},
                                              {Celsius(2), Celsius(45)}, {Celsius(2), Celsius(100)}};
static_assert(std::size(kAir) == std::size(kAirRanges) && std::size(kLiquid) == std::size(kLiquidRanges));

}  // namespace

std::span<const std::string_view> air_classes() { return kAir; }
std::span<const std::string_view> liquid_classes() { return kLiquid; }

TemperatureRange allowable(std::string_view equipment_class) {
  const auto air = std::find(std::begin(kAir), std::end(kAir), equipment_class);
  if (air != std::end(kAir)) return kAirRanges[air - std::begin(kAir)];
  const auto liquid = std::find(std::begin(kLiquid), std::end(kLiquid), equipment_class);
  if (liquid != std::end(kLiquid)) return kLiquidRanges[liquid - std::begin(kLiquid)];
  throw std::invalid_argument(
      fmt::format("equipment class \"{}\", needs a1..a4, h1, w17..w45 or w_plus", equipment_class));
}

void check_class(const std::optional<std::string>& equipment_class, Celsius supply, const std::string& pointer,
                 OptionFaults& faults) {
  if (!equipment_class) return;
  const TemperatureRange range = allowable(*equipment_class);
  if (range.holds(supply)) return;
  faults.emplace_back(pointer, fmt::format("is {:.4g} degC, class {} allows {:g}..{:g} degC", supply.value,
                                           *equipment_class, range.lowest.value, range.highest.value));
}

}  // namespace tokenworks::cooling
