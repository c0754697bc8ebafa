#include "models/weather/weather_option.hpp"

namespace tokenworks::weather {

std::unique_ptr<WeatherOption> make_constant();
std::unique_ptr<WeatherOption> make_climate_normals();
std::unique_ptr<WeatherOption> make_epw();
std::unique_ptr<WeatherOption> make_series();

Options<WeatherOption> weather_options() {
  static constexpr Option<WeatherOption> kOptions[] = {
      {"constant", "The same outside air all year", make_constant},
      {"climate_normals", "A typical year made from the normals of a place of the catalog; needs no file",
       make_climate_normals},
      {"epw", "Hourly typical year from an EnergyPlus weather file", make_epw},
      {"series", "Hours of a year from a CSV file", make_series},
  };
  return kOptions;
}

}  // namespace tokenworks::weather
