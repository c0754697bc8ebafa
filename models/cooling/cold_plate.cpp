#include "models/cooling/cold_plate.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace tokenworks::cooling {
namespace {

// Fits to the published tables: PG25 within 1.4 % above 0.5 l/min (-4.5 % at 0.4), water within 0.2 %.
struct Fit {
  double conduction;        // K/W
  double by_flow;           // K/W l/min
  double minimum, maximum;  // l/min
};
constexpr Fit kWaterFit{0.01369, 0.00696, 2.0, 5.0}, kPg25Fit{0.01617, 0.00839, 0.4, 2.4};

const Fit& fit_of(Coolant coolant) { return coolant == Coolant::water ? kWaterFit : kPg25Fit; }

constexpr std::string_view kCoolants[] = {"pg25", "water"};

}  // namespace

Coolant coolant_named(std::string_view name) { return name == "water" ? Coolant::water : Coolant::pg25; }

const Fluid& fluid_of(Coolant coolant) { return coolant == Coolant::water ? kWater : kPropyleneGlycol25; }

ColdPlate::ColdPlate(Coolant coolant, double area_share, CubicMetresPerSecond rated_flow,
                     KelvinPerWatt case_to_junction)
    : coolant_(coolant), area_share_(area_share), rated_flow_(rated_flow), case_to_junction_(case_to_junction) {
  if (!(area_share > 0.0)) throw std::invalid_argument(fmt::format("cold plate area share {}, needs > 0", area_share));
  if (!(rated_flow.value > 0.0)) {
    throw std::invalid_argument(fmt::format("cold plate flow {} m3/s, needs > 0", rated_flow.value));
  }
}

KelvinPerWatt ColdPlate::case_resistance(CubicMetresPerSecond flow) const {
  const Fit& fit = fit_of(coolant_);
  return KelvinPerWatt((fit.conduction + fit.by_flow / litres_per_minute(flow)) / area_share_);
}

KelvinPerWatt ColdPlate::resistance() const { return case_resistance(rated_flow_) + case_to_junction_; }

double ColdPlate::flow_share_of_resistance() const {
  const KelvinPerWatt by_flow(fit_of(coolant_).by_flow / litres_per_minute(rated_flow_) / area_share_);
  return by_flow / resistance();
}

void ColdPlate::check(ValidityNotes& notes) const {
  const Fit& fit = fit_of(coolant_);
  notes.check("cold plate: flow a module [l/min]", litres_per_minute(rated_flow_), fit.minimum, fit.maximum);
}

void ColdPlateSpec::visit(FieldVisitor& v) {
  field(v, "flow_l_per_min_per_kw", flow_l_per_min_per_kw, "Rated flow of coolant through the racks",
        rule().above(0).at_most(20).default_from('E', "0.9 (Project Deschutes) to 1.5 l/min/kW are common"));
  field(v, "coolant", coolant, "Water, or water with 25 % of propylene glycol", rule().one_of(kCoolants));
  field(v, "chip_heat_w", chip_heat, "Heat of the chip under one plate, which sets the flow through it",
        rule().above(0).default_from('V', "OCP 1 kW module, record in LBNL Buildings c4117cc"));
  field(v, "area_share", area_share, "Area of a plate over that of the OCP 1 kW module's",
        rule().above(0).default_from('E', "Plates of the reference module"));
  field(v, "case_to_junction_k_per_w", case_to_junction_k_per_w, "Junction of a chip above its case",
        rule().at_least(0).default_from('E', "0.01 to 0.02 K/W for parts of 1 to 1.4 kW"));
  field(v, "chip_j_per_k", chip_capacity, "Heat capacity of a chip, its plate and the coolant in it",
        rule().above(0).default_from('E', "0.7 kg of copper 270, package 50, 60 ml of coolant 240 J/K"));
  field(v, "loop_volume_l_per_kw", loop_l_per_kw, "Coolant in the loop of a coolant unit, of rated heat",
        rule().above(0).default_from('E', "1 to 2 l/kW"));
}

KelvinDelta ColdPlateSpec::rise() const {
  return rise_of(Watts(1000), fluid_of(coolant_named(coolant)), from_litres_per_minute(flow_l_per_min_per_kw));
}

ColdPlate ColdPlateSpec::plate() const {
  return {coolant_named(coolant), area_share, from_litres_per_minute(flow_l_per_min_per_kw * chip_heat.value / 1000.0),
          KelvinPerWatt(case_to_junction_k_per_w)};
}

ThermalPath ColdPlateSpec::thermal_path() const {
  const ColdPlate own = plate();
  ThermalPath path;
  path.chips_on_liquid = true;
  path.chip_resistance = own.resistance();
  path.flow_share_of_resistance = own.flow_share_of_resistance();
  path.chip_capacity = chip_capacity;
  path.zone_s = heat_capacity_per_watt(fluid_of(coolant_named(coolant)), loop_l_per_kw);
  return path;
}

}  // namespace tokenworks::cooling
