#include "models/weather/psychrometrics.hpp"

#include <algorithm>
#include <cmath>

#include "models/core/rising_root.hpp"

namespace tokenworks::weather {
namespace {

constexpr double kColdest = -100.0;       // degC, end of the ice correlation
constexpr double kTriplePoint = 273.16;   // K
constexpr double kWaterToAir = 0.621945;  // molar masses
constexpr double kTolerance = 1e-4;       // K, well inside the 0.1 K of weather files

/// Of a function of a temperature that rises from `low` to `high`; an end where there is none between.
template <class Rising>
Celsius root(Rising f, double low, double high) {
  const auto [a, b] = rising_root(f, low, high, kTolerance);
  return Celsius(0.5 * (a + b));
}

}  // namespace

Pascals saturation_pressure(Celsius temperature) {
  const double t = temperature.kelvin();
  const double logarithm =
      t <= kTriplePoint ? -5.6745359e3 / t + 6.3925247 +
                              t * (-9.677843e-3 + t * (6.2215701e-7 + t * (2.0747825e-9 - t * 9.484024e-13))) +
                              4.1635019 * std::log(t)
                        : -5.8002206e3 / t + 1.3914993 + t * (-4.8640239e-2 + t * (4.1764768e-5 - t * 1.4452093e-8)) +
                              6.5459673 * std::log(t);
  return Pascals(std::exp(logarithm));
}

double humidity_ratio(Pascals vapour_pressure, Pascals pressure) {
  return kWaterToAir * vapour_pressure.value / (pressure.value - vapour_pressure.value);
}

Pascals vapour_pressure(double humidity_ratio, Pascals pressure) {
  return pressure * (humidity_ratio / (kWaterToAir + humidity_ratio));
}

double humidity_ratio(const WeatherPoint& air) {
  return humidity_ratio(saturation_pressure(air.dew_point), air.pressure);
}

double saturated_humidity_ratio(Celsius temperature, Pascals pressure) {
  return humidity_ratio(saturation_pressure(temperature), pressure);
}

double humidity_ratio_at_wet_bulb(Celsius dry, Celsius wet, Pascals pressure) {
  const double saturated = saturated_humidity_ratio(wet, pressure), t = dry.value, t_wet = wet.value;
  if (t_wet >= 0.0)
    return ((2501.0 - 2.326 * t_wet) * saturated - 1.006 * (t - t_wet)) / (2501.0 + 1.86 * t - 4.186 * t_wet);
  return ((2830.0 - 0.24 * t_wet) * saturated - 1.006 * (t - t_wet)) / (2830.0 + 1.86 * t - 2.1 * t_wet);
}

Celsius dry_bulb_at_wet_bulb(Celsius wet, double humidity_ratio, Pascals pressure) {
  const double saturated = saturated_humidity_ratio(wet, pressure), t_wet = wet.value;
  const bool ice = t_wet < 0.0;
  const double latent = ice ? 2830.0 - 0.24 * t_wet : 2501.0 - 2.326 * t_wet;
  const double constant = ice ? 2830.0 - 2.1 * t_wet : 2501.0 - 4.186 * t_wet;
  return Celsius((latent * saturated + 1.006 * t_wet - humidity_ratio * constant) / (1.006 + 1.86 * humidity_ratio));
}

JoulesPerKilogram enthalpy(Celsius dry, double humidity_ratio) {
  return JoulesPerKilogram(1006.0 * dry.value + humidity_ratio * (2501e3 + 1860.0 * dry.value));
}

Celsius dew_point(Pascals vapour_pressure) {
  if (vapour_pressure <= saturation_pressure(Celsius(kColdest))) return Celsius(kColdest);
  const double target = std::log(vapour_pressure.value);
  return root([&](double t) { return std::log(saturation_pressure(Celsius(t)).value) - target; }, kColdest, 200.0);
}

Celsius wet_bulb(Celsius dry, Celsius dew, Pascals pressure) {
  if (dew >= dry) return dry;
  const double target = humidity_ratio(saturation_pressure(dew), pressure);
  return root([&](double wet) { return humidity_ratio_at_wet_bulb(dry, Celsius(wet), pressure) - target; }, dew.value,
              dry.value);
}

WeatherPoint air_at_relative_humidity(Celsius dry, double relative_humidity, Pascals pressure) {
  return air_at_dew_point(dry, dew_point(saturation_pressure(dry) * std::min(relative_humidity, 1.0)), pressure);
}

WeatherPoint air_at_dew_point(Celsius dry, Celsius dew, Pascals pressure) {
  const Celsius clipped = std::min(dew, dry);
  return {dry, clipped, wet_bulb(dry, clipped, pressure), pressure};
}

Pascals standard_pressure(Metres elevation) {
  return Pascals(101325.0 * std::pow(1.0 - 2.25577e-5 * elevation.value, 5.2559));
}

}  // namespace tokenworks::weather
