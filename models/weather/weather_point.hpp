// The state of the outside air.
#pragma once

#include "models/core/units.hpp"

namespace tokenworks::weather {

struct WeatherPoint {
  Celsius dry_bulb{25.0};
  Celsius dew_point{13.9};
  Celsius wet_bulb{17.9};
  Pascals pressure{101325.0};
};

}  // namespace tokenworks::weather
