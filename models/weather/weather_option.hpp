// Where a scenario's weather comes from: a family, one file an option, listed in weather_options.cpp.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "models/core/fields.hpp"
#include "models/core/validity.hpp"
#include "models/weather/site_climate.hpp"
#include "models/weather/weather_point.hpp"

namespace tokenworks::weather {

/// The outside air over the year. Constant between changes.
class WeatherSeries {
 public:
  virtual ~WeatherSeries() = default;
  /// At `seconds_of_year` after 1 January 00:00 local standard time, 0 <= value < length of the year.
  virtual WeatherPoint at(double seconds_of_year) const = 0;
  /// Seconds of the year of the next change after `seconds_of_year`; infinity when there is none.
  virtual double next_change(double seconds_of_year) const = 0;
  /// Hottest conditions that equipment is sized for.
  virtual WeatherPoint design() const = 0;
};

/// Opens a text file named in the scenario (plain or gzip), as decoded text. Throws on failure.
using OpenText = std::function<std::unique_ptr<std::istream>(const std::string& path)>;

/// The site of the catalog with this id; null when there is none.
using FindSite = std::function<const SiteClimate*(const std::string& id)>;

class WeatherOption {
 public:
  virtual ~WeatherOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Throws std::invalid_argument, with line and field when a file is at fault.
  virtual std::unique_ptr<WeatherSeries> load(const OpenText& open, const FindSite& find_site,
                                              ValidityNotes& notes) const = 0;
  /// For weather that asks for no site.
  std::unique_ptr<WeatherSeries> load(const OpenText& open, ValidityNotes& notes) const {
    return load(open, {}, notes);
  }
  /// Site of the catalog that it asks for; empty when none.
  virtual std::string site() const { return {}; }
};

/// `constant`, `climate_normals`, `epw`, `series`.
Options<WeatherOption> weather_options();

}  // namespace tokenworks::weather
