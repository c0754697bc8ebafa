// Question   what the 8,760 hours of a typical year are where only normals by month and the distribution are known
// Equation   T = month's mean + daily cycle + days that differ, then put in the place that its rank has in the year's
//            distribution and shifted back to the month's mean, to and fro until both hold; wet bulb likewise
// Source     the site's entry; the course from day to day is ours (estimate): five waves of 15 to 99 cycles a year with
//            phases from the site's name, larger in the season whose extremes lie farther from its mean
// Valid for  means, distribution, hours at a temperature, sizing; not for runs of hot days, nor for any date in
//            particular. Wind, radiation and changes of pressure are left out
// Checked by tests/models/weather/climate_year_test.cpp (the entry's own figures; weather files of the same places)
#pragma once

#include <string_view>
#include <vector>

#include "models/weather/site_climate.hpp"
#include "models/weather/weather_point.hpp"

namespace tokenworks::weather {

/// From 1 January 00:00, 8,760 hours at the entry's mean pressure. The same for the same entry and name, on every
/// machine. Throws std::invalid_argument when climate_faults() finds any.
std::vector<WeatherPoint> climate_year(const SiteClimate& site, std::string_view name);

}  // namespace tokenworks::weather
