// The climate of a place as a catalog entry: normals by month, and how the hours of a typical year are distributed.
#pragma once

#include <string>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::weather {

struct MonthNormals {
  Celsius dry_bulb;                ///< mean
  KelvinDelta daily_range{10};     ///< mean of each day's highest less its lowest hour
  double relative_humidity = 0.5;  ///< mean
  Celsius wet_bulb;                ///< mean
  void visit(FieldVisitor& v);
};

/// The share of the year's hours that are not warmer than a temperature.
struct ShareOfHours {
  Celsius at_or_below;
  double share = 0.0;
  void visit(FieldVisitor& v);
};

struct SiteClimate {
  std::string title;
  double latitude_deg = 0.0, longitude_deg = 0.0;
  Metres elevation{0};
  Pascals mean_pressure{101325};
  Celsius design_dry_bulb, design_wet_bulb;  ///< each exceeded in 0.4 % of the hours of many years
  // Of one typical year.
  Celsius mean_dry_bulb, highest_dry_bulb;
  Celsius dry_bulb_0_4_percent;   ///< exceeded in 0.4 % of the hours
  Celsius dry_bulb_99_6_percent;  ///< exceeded in 99.6 % of the hours
  Celsius mean_wet_bulb, wet_bulb_0_4_percent;
  std::vector<MonthNormals> months;                            ///< 12, from January
  std::vector<ShareOfHours> dry_bulb_shares, wet_bulb_shares;  ///< rising
  std::vector<SourceNote> sources;

  void visit(FieldVisitor& v);
};

/// What the fields, each good by itself, get wrong together: a sentence for each, with the key that it concerns.
struct ClimateFault {
  std::string key, message;
};
std::vector<ClimateFault> climate_faults(const SiteClimate& site);

}  // namespace tokenworks::weather
