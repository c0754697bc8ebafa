#include "models/grid/electricity.hpp"

namespace tokenworks::grid {

std::unique_ptr<ElectricityOption> make_flat();
std::unique_ptr<ElectricityOption> make_time_of_use();
std::unique_ptr<ElectricityOption> make_price_series();

Options<ElectricityOption> electricity_options() {
  static constexpr Option<ElectricityOption> kOptions[] = {
      {"flat", "One price of energy at all hours", make_flat},
      {"time_of_use", "A price of energy that follows hour, day of the week and month", make_time_of_use},
      {"series", "Prices of energy hour by hour from a CSV file", make_price_series},
  };
  return kOptions;
}

}  // namespace tokenworks::grid
