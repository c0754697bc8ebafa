#include "models/cooling/equipment_class.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace tokenworks::cooling {
namespace {

constexpr std::string_view kAir[] = {"a1", "a2", "a3", "a4", "h1"};
constexpr TemperatureRange kAirRanges[] = {{Celsius(15), Celsius(32)},
                                           {Celsius(10), Celsius(35)},
                                           {Celsius(5), Celsius(40)},
                                           {Celsius(5), Celsius(45)},
                                           {Celsius(5), Celsius(25)}};
constexpr TemperatureRange kDewPoints[] = {{Celsius(-12), Celsius(17)},
                                           {Celsius(-12), Celsius(21)},
                                           {Celsius(-12), Celsius(24)},
                                           {Celsius(-12), Celsius(24)},
                                           {Celsius(-12), Celsius(17)}};
// The letter's number is the highest supply; the lowest is 2 degC. W+ has no end; water does.
constexpr std::string_view kLiquid[] = {"w17", "w27", "w32", "w40", "w45", "w_plus"};
constexpr TemperatureRange kLiquidRanges[] = {{Celsius(2), Celsius(17)}, {Celsius(2), Celsius(27)},
                                              {Celsius(2), Celsius(32)}, {Celsius(2), Celsius(40)},
                                              {Celsius(2), Celsius(45)}, {Celsius(2), Celsius(100)}};
static_assert(std::size(kAir) == std::size(kAirRanges) && std::size(kAir) == std::size(kDewPoints) &&
              std::size(kLiquid) == std::size(kLiquidRanges));

/// The row of `name`; null where it is no name of theirs.
template <std::size_t kSize>
const TemperatureRange* find(const std::string_view (&names)[kSize], const TemperatureRange (&ranges)[kSize],
                             std::string_view name) {
  const auto place = std::find(std::begin(names), std::end(names), name);
  return place != std::end(names) ? &ranges[place - std::begin(names)] : nullptr;
}

}  // namespace

std::span<const std::string_view> air_classes() { return kAir; }
std::span<const std::string_view> liquid_classes() { return kLiquid; }

TemperatureRange allowable(std::string_view equipment_class) {
  if (const TemperatureRange* air = find(kAir, kAirRanges, equipment_class)) return *air;
  if (const TemperatureRange* liquid = find(kLiquid, kLiquidRanges, equipment_class)) return *liquid;
  throw std::invalid_argument(
      fmt::format("equipment class \"{}\", needs a1..a4, h1, w17..w45 or w_plus", equipment_class));
}

TemperatureRange allowable_dew_points(std::string_view air_class) {
  if (const TemperatureRange* dew_points = find(kAir, kDewPoints, air_class)) return *dew_points;
  throw std::invalid_argument(fmt::format("class of air \"{}\", needs a1..a4 or h1", air_class));
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
