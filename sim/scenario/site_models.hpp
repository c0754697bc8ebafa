// A scenario's weather and electricity, loaded from the files and catalog entries that it names.
#pragma once

#include <memory>

#include "models/grid/electricity.hpp"
#include "models/weather/weather_option.hpp"
#include "sim/scenario/read_scenario.hpp"

namespace tokenworks::scenario {

struct SiteModels {
  std::unique_ptr<weather::WeatherSeries> weather;
  grid::ElectricitySupply electricity;
  double start_s = 0.0;  ///< of the run within its year
  ValidityNotes notes;   ///< of reading the files, where check_site_files() did
};

/// Throws std::invalid_argument or jobs::InputError when a file is at fault. The clock's start is a date.
SiteModels load_site(ReadOutcome& scenario, ValidityNotes& notes);

/// Loads both for a scenario without faults and adds a fault for each that is none. Reading a scenario alone does not
/// open these files; commands that go on with it do. To be used when there are no faults.
SiteModels check_site_files(ReadOutcome& scenario);

}  // namespace tokenworks::scenario
