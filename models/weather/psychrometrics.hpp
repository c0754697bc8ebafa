// Question   what moist air is, from two of its readings and its pressure
// Equation   ASHRAE saturation pressure over water and ice; wet bulb from the energy balance of a wetted thermometer
// Source     ASHRAE Handbook Fundamentals 2017, chapter 1, equations 5, 6, 20, 33, 35; PsychroLib
// Valid for  -100..200 degC; wet bulb by iteration at any pressure (closed forms assume sea level)
// Checked by tests/models/weather/psychrometrics_test.cpp
#pragma once

#include "models/core/units.hpp"
#include "models/weather/weather_point.hpp"

namespace tokenworks::weather {

Pascals saturation_pressure(Celsius temperature);
/// Kilograms of water a kilogram of dry air.
double humidity_ratio(Pascals vapour_pressure, Pascals pressure);
/// The inverse.
Pascals vapour_pressure(double humidity_ratio, Pascals pressure);
double humidity_ratio(const WeatherPoint& air);
double saturated_humidity_ratio(Celsius temperature, Pascals pressure);
/// Of air at `dry` whose wet bulb is `wet`: on the line along which evaporating water cools air.
double humidity_ratio_at_wet_bulb(Celsius dry, Celsius wet, Pascals pressure);
/// Dry bulb on that line.
Celsius dry_bulb_at_wet_bulb(Celsius wet, double humidity_ratio, Pascals pressure);
/// Above dry air and liquid water at 0 degC, for each kilogram of dry air (ASHRAE 2017, chapter 1, equation 30).
JoulesPerKilogram enthalpy(Celsius dry, double humidity_ratio);
/// Of air with the given vapour pressure: where it would saturate. Not below -100 degC, the end of the correlation.
Celsius dew_point(Pascals vapour_pressure);
/// `dew` above `dry` counts as saturated air.
Celsius wet_bulb(Celsius dry, Celsius dew, Pascals pressure);

WeatherPoint air_at_relative_humidity(Celsius dry, double relative_humidity, Pascals pressure);
WeatherPoint air_at_dew_point(Celsius dry, Celsius dew, Pascals pressure);

/// Pressure of the standard atmosphere at `elevation` (ASHRAE Handbook Fundamentals 2017, chapter 1, equation 3).
Pascals standard_pressure(Metres elevation);

}  // namespace tokenworks::weather
