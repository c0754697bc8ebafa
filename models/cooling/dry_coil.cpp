#include "models/cooling/dry_coil.hpp"

#include <algorithm>
#include <cmath>

#include "models/cooling/heat_exchanger.hpp"
#include "models/core/rising_root.hpp"

namespace tokenworks::cooling {
namespace {

constexpr double kAirToWaterConductance = 0.5;  // hA_air / hA_water at rated flows
constexpr double kWaterExponent = 0.85, kAirExponent = 0.8;
constexpr double kFlowTolerance = 1e-13;

}  // namespace

void DryCoilSpec::visit(FieldVisitor& v) {
  field(v, "approach_k", approach, "Leaving water above entering air at rated heat and full fans",
        rule().above(0).default_from('V', "BAC TDFS1238N, record in LBNL Buildings c4117cc"));
  field(v, "fan_share_of_heat", fan_share_of_heat, "Rated fan power of rated heat",
        rule().share().default_from('V', "BAC TDFS1238N, record in LBNL Buildings c4117cc"));
  field(v, "natural_convection_share", natural_convection_share, "Of the heat at full fans, moved without fans",
        rule().share().default_from('V', "LBNL Buildings c4117cc, dry cooler defaults"));
  field(v, "water_to_air_capacity", water_to_air_capacity,
        "Heat capacity flow of the water over that of the air, rated",
        rule().above(0).at_most(1).default_from('E', "Not published for the reference unit"));
  field(v, "trim_chiller", trim_chiller, "An air-cooled chiller carries what the coils leave on the design day");
  field(v, "coolers", coolers, "Units that carry the design load",
        rule().at_least(1).at_most(1000).default_from('E', "A common number"));
  field(v, "spare_coolers", spare_coolers, "Units beyond the need",
        rule().at_least(0).at_most(1000).default_from('E', "Usual practice"));
}

DryCoil::DryCoil(const DryCoilSpec& spec, Watts capacity, const WaterLoop& loop, Celsius design_air,
                 Celsius design_dry_bulb)
    : spec_(spec),
      capacity_(capacity),
      loop_(loop),
      air_capacity_(1.0 / spec.water_to_air_capacity),
      fan_{capacity * spec.fan_share_of_heat, 0.0},
      chiller_(air_cooled_path_a(), Watts(0), loop.supply, design_dry_bulb) {
  const double effectiveness = loop.rise / (loop.rise + spec.approach);
  const double conductance = cross_flow_transfer_units(effectiveness, spec.water_to_air_capacity);
  water_conductance_ = conductance * (1.0 + kAirToWaterConductance) / kAirToWaterConductance;
  air_conductance_ = water_conductance_ * kAirToWaterConductance;
  if (spec.trim_chiller) {
    const Watts remaining = remaining_heat(capacity, design_air, KelvinDelta(0), 1.0);
    chiller_ = Chiller(air_cooled_path_a(), remaining, loop.supply, design_dry_bulb);
  }
}

/// Heat moved per kelvin between entering water and air, at shares of rated flow, in units of the rated water's heat
/// capacity flow.
double DryCoil::heat_per_kelvin(double water_flow, double air_flow) const {
  if (water_flow <= 0.0 || air_flow <= 0.0) return 0.0;
  const double conductance = 1.0 / (1.0 / (water_conductance_ * std::pow(water_flow, kWaterExponent)) +
                                    1.0 / (air_conductance_ * std::pow(air_flow, kAirExponent)));
  const double water = water_flow, air = air_flow * air_capacity_;
  const double smaller = std::min(water, air), larger = std::max(water, air);
  return smaller * cross_flow_effectiveness(conductance / smaller, smaller / larger);
}

/// Air flow at which `wanted` is reached, which full flow does and none does not.
double DryCoil::air_flow_for(double wanted, double water_flow) const {
  const auto excess = [&](double air_flow) { return heat_per_kelvin(water_flow, air_flow) - wanted; };
  return rising_root(excess, 0.0, 1.0, kFlowTolerance).second;
}

/// Heat that the coil must move per kelvin to reach the set point, in the coil's unit.
double DryCoil::wanted(double flow, Celsius air, KelvinDelta warmer) const {
  return flow * (loop_.rise / (loop_.supply + warmer + loop_.rise - air));
}

/// What full fans leave of `heat`.
Watts DryCoil::remaining_heat(Watts heat, Celsius air, KelvinDelta warmer, double in_service) const {
  if (heat.value <= 0.0) return Watts(0);
  if (in_service <= 0.0 || air >= loop_.supply + warmer + loop_.rise) return heat;
  const double flow = heat / capacity_ / in_service;
  const double moved = heat_per_kelvin(flow, 1.0) / wanted(flow, air, warmer);
  return heat * std::max(0.0, 1.0 - moved);
}

/// Fan speed that just meets the set point, which full speed does.
double DryCoil::fan_share(Watts heat, Celsius air, KelvinDelta warmer, double in_service) const {
  const double flow = heat / capacity_ / in_service, target = wanted(flow, air, warmer);
  if (target <= spec_.natural_convection_share * heat_per_kelvin(flow, 1.0)) return 0.0;
  return air_flow_for(target, flow);
}

Capability DryCoil::capability(const RejectionPoint& point, Celsius air) const {
  if (capacity_.value <= 0.0) return {Watts(0), WattsPerKelvin(0)};
  const Watts heat = point.heat.value > 0.0 ? point.heat : capacity_;
  const double flow = point.outdoor > 0.0 ? heat / capacity_ / point.outdoor : 0.0;
  const double per_kelvin = heat_per_kelvin(flow, 1.0);
  return capability_at(
      [&](KelvinDelta warmer) {
        const Celsius supply = loop_.supply + warmer;
        const Watts chillers = chiller_.available(supply, point.outside.dry_bulb) * point.chillers;
        const double kelvins = std::max((supply + loop_.rise - air).value, 0.0);
        return chillers + capacity_ * (point.outdoor * per_kelvin * kelvins / loop_.rise.value);
      },
      point.warmer);
}

DryCoilEffort DryCoil::effort(const RejectionPoint& point, Celsius air, ValidityNotes& notes) const {
  DryCoilEffort effort;
  const Watts heat = point.heat;
  const Celsius supply = loop_.supply + point.warmer, dry_bulb = point.outside.dry_bulb;
  const bool has_chiller = chiller_.capacity().value > 0.0;
  effort.rejection.capability = capability(point, air);
  if (heat.value <= 0.0 || capacity_.value <= 0.0) return effort;
  notes.check("dry cooler: heat [share of capacity]", heat / capacity_, 0.0, 1.0);
  if (!has_chiller) {
    const Watts missed = remaining_heat(heat, air, KelvinDelta(0), point.outdoor);
    notes.check("dry cooler without trim chiller: supply water above set point [K]",
                std::max(missed / heat * loop_.rise.value, point.warmer.value), 0.0, 0.0);
  }
  const Watts rated_fans = fan_.rated * point.outdoor;
  const Watts remaining = remaining_heat(heat, air, point.warmer, point.outdoor);
  if (remaining.value <= 0.0) {
    effort.air_share = fan_share(heat, air, point.warmer, point.outdoor);
    effort.rejection.fans = fan_.power(effort.air_share) * point.outdoor;
    return effort;
  }
  effort.air_share = 1.0;
  if (!has_chiller) {  // sized for free cooling alone: the water gets warmer
    effort.rejection.fans = rated_fans;
    return effort;
  }
  // The fans help the chiller while they save more than they draw, or while it cannot carry all: the
  // loop gets warmer then, if need be than the air.
  ValidityNotes unused;
  const auto chiller_power = [&](Watts share, ValidityNotes& heard) {
    return chiller_.work(share, supply, dry_bulb, point.chillers, heard).power;
  };
  const bool is_able = heat <= chiller_.available(supply, dry_bulb) * point.chillers;
  const bool fans_help = !is_able || rated_fans + chiller_power(remaining, unused) <= chiller_power(heat, unused);
  effort.rejection.chillers = chiller_power(fans_help ? remaining : heat, notes);
  effort.rejection.fans = fans_help ? rated_fans : Watts(0);
  if (!fans_help) effort.air_share = 0.0;
  effort.trims = true;
  return effort;
}

std::vector<std::pair<std::string, double>> DryCoil::ratings() const {
  return {{"dry_cooler_capacity_w", capacity_.value},
          {"dry_cooler_fans_w", fan_.rated.value},
          {"trim_chiller_capacity_w", chiller_.capacity().value}};
}

RejectionUnits DryCoil::units() const {
  RejectionUnits units{.outdoor_needed = spec_.coolers, .outdoor_installed = spec_.coolers + spec_.spare_coolers};
  if (chiller_.capacity().value > 0.0) units.chillers_needed = units.chillers_installed = 1;
  return units;
}

}  // namespace tokenworks::cooling
