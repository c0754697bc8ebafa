// Weather of a year by the hour, and what plants are sized for.
#pragma once

#include <optional>
#include <vector>

#include "models/core/fields.hpp"
#include "models/weather/weather_option.hpp"

namespace tokenworks::weather {

/// Value that 0.4 % of the hours exceed.
double highest_but_0_4_percent(std::vector<double> values);

/// What plants are sized for, in the place of what the weather says. The wet bulb counts where machines wet their air.
struct DesignOverride {
  std::optional<Celsius> dry_bulb, wet_bulb;
  void visit(FieldVisitor& v);
  /// Throws std::invalid_argument when the wet bulb would be above the dry bulb.
  WeatherPoint applied_to(WeatherPoint design) const;
};

/// The hours of a year from 1 January 00:00, again from its start after the last; at least one.
class HourlySeries final : public WeatherSeries {
 public:
  HourlySeries(std::vector<WeatherPoint> hours, const WeatherPoint& design)
      : hours_(std::move(hours)), design_(design) {}
  WeatherPoint at(double seconds_of_year) const override;
  double next_change(double seconds_of_year) const override;
  WeatherPoint design() const override { return design_; }

 private:
  std::vector<WeatherPoint> hours_;
  WeatherPoint design_;
};

}  // namespace tokenworks::weather
