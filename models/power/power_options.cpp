#include "models/power/power_option.hpp"

namespace tokenworks::power {

std::unique_ptr<PowerOption> make_standard_chain();
std::unique_ptr<PowerOption> make_custom_network();

void PowerOption::visit_common(FieldVisitor& v) {
  field(v, "house_share", house_share, "Lighting, controls, offices: of the IT nameplate, constant",
        rule().share().default_from('E', "No published figure"));
  field(v, "electrical_room_cop", electrical_room_cop, "Heat of UPS and busway moved per electric power of its cooling",
        rule().above(0).default_from('E', "Direct-expansion units of electrical rooms"));
}

Options<PowerOption> power_options() {
  static constexpr Option<PowerOption> kOptions[] = {
      {"standard_chain", "Utility, transformers, switchgear with generators, UPS and busways, sized by a redundancy",
       make_standard_chain},
      {"custom", "A power tree as given, node by node", make_custom_network},
  };
  return kOptions;
}

}  // namespace tokenworks::power
