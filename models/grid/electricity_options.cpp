#include "models/grid/electricity.hpp"

namespace tokenworks::grid {

std::unique_ptr<ElectricityOption> make_flat();

Options<ElectricityOption> electricity_options() {
  static constexpr Option<ElectricityOption> kOptions[] = {
      {"flat", "One price and one carbon intensity at all hours", make_flat},
  };
  return kOptions;
}

}  // namespace tokenworks::grid
