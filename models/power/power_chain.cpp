#include "models/power/power_chain.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace tokenworks::power {
namespace {

constexpr std::string_view kKinds[] = {"standard_chain"};
constexpr std::string_view kRedundancies[] = {"n", "n_plus_1", "2n"};

/// Rating of all units of size `unit` that together carry `design`; a site smaller than one unit gets smaller ones.
Watts rating_of_all(const std::string& redundancy, Watts design, Watts unit) {
  if (redundancy == "n") return design;
  if (redundancy == "2n") return design * 2.0;
  if (redundancy == "n_plus_1") {
    const UnitCount units = whole_units(design, unit);
    return units.each * (static_cast<double>(units.needed) + 1.0);
  }
  throw std::invalid_argument(fmt::format("redundancy \"{}\" is unknown", redundancy));
}

}  // namespace

void PowerChainSpec::visit(FieldVisitor& v) {
  field(v, "kind", kind, "Transformer, UPS and busway in series", rule().one_of(kKinds));
  field(v, "redundancy", redundancy, "Units beyond need: none, one module, or a second full system",
        rule().one_of(kRedundancies));
  field(
      v, "ups", ups, "How the UPS converts; \"none\" for racks with their own batteries",
      rule().one_of(ups_modes()).default_from('R', "Loss of the default fitted to vendor curves of modern IGBT units"));
  field(v, "busway_loss_share", busway_loss_share, "Loss of busway and cable at rated load, of rated power",
        rule().share().default_from('E', "0.5 to 1 % at rated load is common practice"));
  field(v, "house_share", house_share, "Lighting, controls, offices: of the IT nameplate, constant",
        rule().share().default_from('E', "No published figure"));
  field(v, "electrical_room_cop", electrical_room_cop, "Heat of UPS and busway moved per electric power of its cooling",
        rule().above(0).default_from('E', "Direct-expansion units of electrical rooms"));
  field(v, "ups_module_power_w", ups_module_power, "Rated output of one UPS module, for n_plus_1",
        rule().above(0).default_from('E', "Common module size"));
}

PowerChain::Stage PowerChain::stage(Watts rated, const LossLaw& law) {
  const double w = rated.value;
  return {w, w * law.idle, law.linear, w > 0.0 ? law.square / w : 0.0};
}

Watts PowerChain::Stage::loss(Watts output) const {
  return Watts(idle_w + output.value * (linear + output.value * square_per_w));
}

PowerChain::PowerChain(const PowerChainSpec& spec, Watts it_nameplate, Watts mechanical_nameplate) {
  busway_ = stage(it_nameplate, {0.0, 0.0, spec.busway_loss_share});
  const Watts ups_design = it_nameplate + busway_.loss(it_nameplate);
  const Watts ups_rated =
      spec.ups == "none" ? Watts(0) : rating_of_all(spec.redundancy, ups_design, spec.ups_module_power);
  ups_ = stage(ups_rated, ups_loss_law(spec.ups));
  const Watts transformer_design = ups_design + ups_.loss(ups_design) + mechanical_nameplate;
  transformer_ = stage(rating_of_all(spec.redundancy, transformer_design, kTransformerUnit), kTransformerLoss);
}

ChainLosses PowerChain::it_losses(Watts it) const {
  const Watts busway = busway_.loss(it);
  return {busway, ups_.loss(it + busway), Watts(0)};
}

ChainLosses PowerChain::losses(Watts it, Watts mechanical) const {
  ChainLosses losses = it_losses(it);
  losses.transformer = transformer_.loss(it + losses.busway + losses.ups + mechanical);
  return losses;
}

std::vector<std::pair<std::string, double>> PowerChain::ratings() const {
  return {{"busway_rating_w", busway_.rated_w},
          {"ups_rating_w", ups_.rated_w},
          {"transformer_rating_w", transformer_.rated_w}};
}

}  // namespace tokenworks::power
