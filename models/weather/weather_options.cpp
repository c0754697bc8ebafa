#include "models/weather/weather_option.hpp"

namespace tokenworks::weather {

std::unique_ptr<WeatherOption> make_constant();
std::unique_ptr<WeatherOption> make_epw();

Options<WeatherOption> weather_options() {
  static constexpr Option<WeatherOption> kOptions[] = {
      {"constant", "The same outside air all year", make_constant},
      {"epw", "Hourly typical year from an EnergyPlus weather file", make_epw},
  };
  return kOptions;
}

}  // namespace tokenworks::weather
