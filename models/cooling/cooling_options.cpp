#include "models/cooling/cooling_option.hpp"

namespace tokenworks::cooling {

std::unique_ptr<CoolingOption> make_air_crah();
std::unique_ptr<CoolingOption> make_direct_to_chip();

Options<CoolingOption> cooling_options() {
  static constexpr Option<CoolingOption> kOptions[] = {
      {"air_crah", "Air handlers on chilled water cool the whole hall", make_air_crah},
      {"direct_to_chip", "Cold plates take most heat, air handlers the rest", make_direct_to_chip},
  };
  return kOptions;
}

}  // namespace tokenworks::cooling
