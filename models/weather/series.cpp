// Question   what the outside air is in a year of measured hours
// Equation   none: dry bulb, dew point or relative humidity, and pressure of each row; wet bulb from psychrometrics.hpp
// Source     the file that the scenario names
// Valid for  one row an hour of a whole year; plants are sized for the 0.4 % values of its own hours
// Checked by tests/models/weather/weather_options_test.cpp
#include <istream>
#include <stdexcept>

#include "models/weather/hourly_series.hpp"
#include "models/weather/hourly_table.hpp"
#include "models/weather/psychrometrics.hpp"
#include "models/weather/weather_option.hpp"

namespace tokenworks::weather {
namespace {

class Series final : public WeatherOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "path", path_,
          "CSV file, plain or gzip: a line of names, then 8,760 or 8,784 hours from 1 January 00:00 with the columns "
          "dry_bulb_c, dew_point_c or relative_humidity (0..1), and pressure_pa where known",
          rule().required().is_path());
    field(v, "elevation_m", elevation_, "Height above the sea, for the pressure where the file has none",
          rule().at_least(-430).at_most(9000));
    design_.visit(v);
  }

  std::unique_ptr<WeatherSeries> load(const OpenText& open, const FindSite&, ValidityNotes&) const override {
    const std::unique_ptr<std::istream> in = open(path_);
    const HourlyTable table = read_hourly_table(*in, "weather series",
                                                {{"dry_bulb_c", -70, 70},
                                                 {"dew_point_c", -100, 70},
                                                 {"relative_humidity", 0, 1.1},
                                                 {"pressure_pa", 31000, 120000}});
    if (!table.has("dry_bulb_c")) throw std::invalid_argument("weather series: the column dry_bulb_c is missing");
    if (table.has("dew_point_c") == table.has("relative_humidity")) {
      throw std::invalid_argument("weather series: one of the columns dew_point_c and relative_humidity is needed");
    }
    if (table.step_s != 3600.0) throw std::invalid_argument("weather series: one row an hour is supported");

    const std::vector<double>& dry = table.columns.at("dry_bulb_c");
    std::vector<WeatherPoint> hours;
    std::vector<double> dew, wet;
    for (std::size_t h = 0; h < dry.size(); ++h) {
      const Pascals pressure =
          table.has("pressure_pa") ? Pascals(table.columns.at("pressure_pa")[h]) : standard_pressure(elevation_);
      hours.push_back(
          table.has("dew_point_c")
              ? air_at_dew_point(Celsius(dry[h]), Celsius(table.columns.at("dew_point_c")[h]), pressure)
              : air_at_relative_humidity(Celsius(dry[h]), table.columns.at("relative_humidity")[h], pressure));
      dew.push_back(hours.back().dew_point.value);
      wet.push_back(hours.back().wet_bulb.value);
    }
    const WeatherPoint design{Celsius(highest_but_0_4_percent(dry)), Celsius(highest_but_0_4_percent(dew)),
                              Celsius(highest_but_0_4_percent(wet)), hours.front().pressure};
    return std::make_unique<HourlySeries>(std::move(hours), design_.applied_to(design));
  }

 private:
  std::string path_;
  Metres elevation_{0};
  DesignOverride design_;
};

}  // namespace

std::unique_ptr<WeatherOption> make_series() { return std::make_unique<Series>(); }

}  // namespace tokenworks::weather
