#include "models/grid/carbon_option.hpp"

namespace tokenworks::grid {

std::unique_ptr<CarbonOption> make_constant_carbon();
std::unique_ptr<CarbonOption> make_balancing_area();
std::unique_ptr<CarbonOption> make_carbon_series();

Options<CarbonOption> carbon_options() {
  static constexpr Option<CarbonOption> kOptions[] = {
      {"constant", "The same at all hours", make_constant_carbon},
      {"balancing_area", "Means of 2022 of a US balancing area by month and hour", make_balancing_area},
      {"series", "Hour by hour from a CSV file", make_carbon_series},
  };
  return kOptions;
}

}  // namespace tokenworks::grid
