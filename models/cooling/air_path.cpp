#include "models/cooling/air_path.hpp"

namespace tokenworks::cooling {
namespace {

constexpr std::string_view kContainments[] = {"contained", "none"};
constexpr KelvinDelta kReferenceRise{14.0};   // of the air through the handler whose fans draw fan_share_of_heat
constexpr double kHighestServerInlet = 32.0;  // degC, ASHRAE class A1 allowable

struct Leakage {
  double recirculation;  // of server air that comes from server outlets
  double bypass;         // of handler air that returns without passing a server
};

Leakage leakage(const AirPathSpec& spec) {
  const Leakage usual = spec.containment == "none" ? Leakage{0.2, 0.3} : Leakage{0.03, 0.05};
  return {spec.recirculation_share.value_or(usual.recirculation), spec.bypass_share.value_or(usual.bypass)};
}

/// Rated fans for `heat`: power goes with the air that carries it, so with the inverse of its rise.
Watts rated_fan_power(const AirPathSpec& spec, Watts heat) {
  const Leakage leak = leakage(spec);
  const KelvinDelta rise = spec.server_air_rise * ((1.0 - leak.bypass) / (1.0 - leak.recirculation));
  return heat * (spec.fan_share_of_heat * (kReferenceRise / rise));
}

}  // namespace

void AirPathSpec::visit(FieldVisitor& v) {
  field(v, "supply_air_c", supply_air, "Air that leaves the air handlers", rule().at_least(5).at_most(45));
  field(v, "containment", containment, "Aisle containment; sets the two shares below",
        rule()
            .one_of(kContainments)
            .default_from('E', "Recirculation 0.03 and bypass 0.05 contained, 0.2 and 0.3 without"));
  field(v, "recirculation_share", recirculation_share, "Server inlet air that comes from server outlets, 0..0.9",
        rule().at_least(0).at_most(0.9));
  field(v, "bypass_share", bypass_share, "Air handler flow that misses the servers, 0..0.9",
        rule().at_least(0).at_most(0.9));
  field(
      v, "server_air_rise_k", server_air_rise, "Air temperature rise through the servers",
      rule().above(0).at_most(60).default_from('E', "The air handler's selection point; DGX H100 at full power: 16 K"));
  field(v, "chilled_water_approach_k", chilled_water_approach, "Supply air above chilled water",
        rule().above(0).default_from('E', "Between 10 K (LBNL Buildings) and 13 K (STULZ CRS 560 CW)"));
  field(v, "chilled_water_rise_k", chilled_water_rise, "Chilled water temperature rise",
        rule().above(0).default_from('E', "5 K at the selection point of STULZ CRS 560 CW"));
  field(v, "fan_share_of_heat", fan_share_of_heat, "Rated air handler fan power of rated heat, at 14 K rise",
        rule().share().default_from('S', "STULZ CRS 560 CW selection sheet: 3.9 kW of 64.6 kW"));
  field(v, "least_fan_flow_share", least_fan_flow_share, "Flow below which the fans do not turn down",
        rule().share().default_from('E', "Least speed of fans on drives"));
  field(v, "pump_head_pa", pump_head, "Head of the chilled water pumps",
        rule().at_least(0).default_from('E', "200 to 350 kPa are common"));
}

AirPath::AirPath(const AirPathSpec& spec, Watts capacity, const HeatRejection& rejection,
                 const weather::WeatherPoint& design_weather)
    : capacity_(capacity) {
  const double recirculation = leakage(spec).recirculation;
  server_inlet_ = spec.supply_air + spec.server_air_rise * (recirculation / (1.0 - recirculation));
  fan_ = {rated_fan_power(spec, capacity), spec.least_fan_flow_share};
  const Watts coil = capacity + fan_.rated;
  pump_ = water_pump(coil, spec.chilled_water_rise, spec.pump_head);
  water_supply_ = spec.supply_air - spec.chilled_water_approach;
  rejection_ = rejection.size(coil + pump_.rated, {water_supply_, spec.chilled_water_rise}, design_weather);
}

AirEffort AirPath::effort(const AirPoint& point, ValidityNotes& notes) const {
  AirEffort effort;
  effort.server_inlet = server_inlet_ + point.warmer;
  effort.loop.supply = water_supply_ + point.warmer;
  if (capacity_.value <= 0.0) return effort;
  const double load = point.heat / capacity_;
  notes.check("air handlers: heat [share of capacity]", load, 0.0, 1.0);
  notes.check("server inlet air [degC]", effort.server_inlet.value, -60.0, kHighestServerInlet);
  effort.fans = fan_.power(load);
  const Watts pumps = pump_.power(load);
  effort.loop.heat = point.heat + effort.fans + pumps;
  const RejectionEffort rejection = rejection_->effort({.heat = effort.loop.heat,
                                                        .outside = point.outside,
                                                        .mode = point.mode,
                                                        .warmer = point.warmer,
                                                        .chillers = point.condition.of(Part::chillers),
                                                        .outdoor = point.condition.of(Part::outdoor_units)},
                                                       notes);
  effort.pumps = pumps + rejection.pumps;
  effort.chillers = rejection.chillers;
  effort.heat_rejection_fans = rejection.fans;
  effort.water = rejection.water;
  effort.loop.capability = rejection.capability;
  effort.loop.mode = rejection.mode;
  effort.loop.wanted_mode = rejection.wanted_mode;
  return effort;
}

}  // namespace tokenworks::cooling
