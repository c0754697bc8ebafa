// From a scenario's racks, storage, power and cooling to what a facility is made of.
#pragma once

#include "models/weather/weather_option.hpp"
#include "sim/resources/facility.hpp"
#include "sim/scenario/read_scenario.hpp"

namespace tokenworks::scenario {

/// Groups of racks in the order of their names. `network`: switches and transceivers. The scenario outlives what is
/// made of it.
resources::Facility::Setup facility_setup(ReadOutcome& scenario, const resources::SharedPower& network,
                                          const weather::WeatherSeries& weather, double start_s);

}  // namespace tokenworks::scenario
