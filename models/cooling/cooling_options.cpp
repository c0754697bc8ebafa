#include "models/cooling/cooling_option.hpp"

namespace tokenworks::cooling {

std::unique_ptr<CoolingOption> make_air_crah();
std::unique_ptr<CoolingOption> make_rear_door();
std::unique_ptr<CoolingOption> make_direct_to_chip();
std::unique_ptr<CoolingOption> make_liquid_to_air();
std::unique_ptr<CoolingOption> make_immersion();

std::string_view part_name(Part part) {
  static constexpr std::string_view kNames[] = {"air_handlers", "coolant_units", "facility_pumps", "chillers",
                                                "outdoor_units"};
  static_assert(std::size(kNames) == kParts);
  return kNames[static_cast<std::size_t>(part)];
}

Options<CoolingOption> cooling_options() {
  static constexpr Option<CoolingOption> kOptions[] = {
      {"air_crah", "Air handlers on chilled water cool the whole hall", make_air_crah},
      {"rear_door", "Water in the doors of air-cooled racks takes most heat, air handlers the rest", make_rear_door},
      {"direct_to_chip", "Cold plates take most heat, air handlers the rest", make_direct_to_chip},
      {"liquid_to_air", "Cold plates whose coolant units give their heat to the room's air", make_liquid_to_air},
      {"immersion", "Tanks of oil without server fans take all heat", make_immersion},
  };
  return kOptions;
}

}  // namespace tokenworks::cooling
