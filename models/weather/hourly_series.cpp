#include "models/weather/hourly_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tokenworks::weather {
namespace {

constexpr double kSecondsPerHour = 3600.0;

}  // namespace

double highest_but_0_4_percent(std::vector<double> values) {
  const auto position = values.begin() + static_cast<std::ptrdiff_t>(0.996 * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), position, values.end());
  return *position;
}

void DesignOverride::visit(FieldVisitor& v) {
  field(v, "design_dry_bulb_c", dry_bulb,
        "Dry bulb that plants are sized for; when absent, what the weather says of its hottest hours",
        rule().at_least(-60).at_most(60));
  field(v, "design_wet_bulb_c", wet_bulb,
        "Wet bulb that plants are sized for; when absent, what the weather says of its most humid hours, never above "
        "the dry bulb",
        rule().at_least(-60).at_most(60));
}

WeatherPoint DesignOverride::applied_to(WeatherPoint design) const {
  if (dry_bulb) design.dry_bulb = *dry_bulb;
  if (wet_bulb) design.wet_bulb = *wet_bulb;
  if (wet_bulb && design.wet_bulb > design.dry_bulb) {
    throw std::invalid_argument(fmt::format("design_wet_bulb_c {} is above the design dry bulb of {} degC",
                                            design.wet_bulb.value, design.dry_bulb.value));
  }
  design.wet_bulb = std::min(design.wet_bulb, design.dry_bulb);
  if (wet_bulb) design.dew_point = std::min(design.dew_point, design.wet_bulb);
  design.dew_point = std::min(design.dew_point, design.dry_bulb);
  return design;
}

WeatherPoint HourlySeries::at(double seconds_of_year) const {
  // A leap year's last day, of which 8,760 hours know nothing, is their first.
  return hours_[static_cast<std::size_t>(std::floor(seconds_of_year / kSecondsPerHour)) % hours_.size()];
}

double HourlySeries::next_change(double seconds_of_year) const {
  return (std::floor(seconds_of_year / kSecondsPerHour) + 1.0) * kSecondsPerHour;
}

}  // namespace tokenworks::weather
