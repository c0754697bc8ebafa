// Question   what the outside air is in each hour of a typical year, and what plants are sized for
// Equation   none: dry bulb, dew point and pressure of each row; wet bulb from psychrometrics.hpp
// Source     EnergyPlus Auxiliary Programs, "EnergyPlus Weather File (EPW) Data Dictionary": columns, limits, missing
//            marks
// Valid for  one data period of one record an hour that covers a whole year
// Checked by tests/models/weather/epw_test.cpp
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "models/core/validity.hpp"
#include "models/weather/weather_point.hpp"

namespace tokenworks::weather {

struct EpwHour {
  Celsius dry_bulb;
  Celsius dew_point;
  Pascals pressure;
};

struct EpwYear {
  std::string place;
  Metres elevation;
  /// Each the 0.4 % value of its own measure (dry bulb, wet bulb, dew point), so no hour of the year need show all
  /// three.
  WeatherPoint design;
  std::vector<EpwHour> hours;  ///< 8,760, or 8,784 with 29 February
};

/// Reads a whole file. Throws std::invalid_argument that names line and field. Missing values are filled (dry bulb and
/// dew point with the last hour's, dew point first from relative humidity, pressure from the elevation) and noted;
/// dew points beyond the header's 0.4 % dehumidification value by more than 2 K are clipped to that and noted.
EpwYear read_epw(std::istream& in, ValidityNotes& notes);

}  // namespace tokenworks::weather
