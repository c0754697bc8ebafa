// Question   what the weather is in a run that shall not depend on it
// Equation   the same air all year; equipment is sized for it too
// Source     the scenario
// Valid for  any run; the design day is the given weather where no other is given, so real plants of hot sites come out
//            larger
// Checked by tests/models/weather/weather_options_test.cpp
#include <limits>

#include "models/weather/hourly_series.hpp"
#include "models/weather/psychrometrics.hpp"
#include "models/weather/weather_option.hpp"

namespace tokenworks::weather {
namespace {

class ConstantSeries final : public WeatherSeries {
 public:
  ConstantSeries(const WeatherPoint& point, const WeatherPoint& design) : point_(point), design_(design) {}
  WeatherPoint at(double) const override { return point_; }
  double next_change(double) const override { return std::numeric_limits<double>::infinity(); }
  WeatherPoint design() const override { return design_; }

 private:
  WeatherPoint point_, design_;
};

class Constant final : public WeatherOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "dry_bulb_c", dry_bulb_, "Temperature of the outside air", rule().at_least(-60).at_most(60));
    field(v, "relative_humidity", relative_humidity_, "Relative humidity of the outside air, 0..1", rule().share());
    field(v, "pressure_pa", pressure_, "Air pressure at the site", rule().at_least(31000).at_most(120000));
    design_.visit(v);
  }
  std::unique_ptr<WeatherSeries> load(const OpenText&, const FindSite&, ValidityNotes&) const override {
    const WeatherPoint point = air_at_relative_humidity(dry_bulb_, relative_humidity_, pressure_);
    return std::make_unique<ConstantSeries>(point, design_.applied_to(point));
  }

 private:
  Celsius dry_bulb_{25.0};
  double relative_humidity_ = 0.5;
  Pascals pressure_{101325.0};
  DesignOverride design_;
};

}  // namespace

std::unique_ptr<WeatherOption> make_constant() { return std::make_unique<Constant>(); }

}  // namespace tokenworks::weather
