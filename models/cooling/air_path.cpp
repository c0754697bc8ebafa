#include "models/cooling/air_path.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/cooling/equipment_class.hpp"
#include "models/cooling/fluids.hpp"
#include "models/cooling/plant_loop.hpp"

namespace tokenworks::cooling {
namespace {

constexpr std::string_view kContainments[] = {"contained", "none"};
constexpr std::string_view kPlacements[] = {"perimeter", "in_row"};
constexpr KelvinDelta kReferenceRise{14.0};  // of the air through the handler whose fans draw fan_share_of_heat
constexpr KelvinDelta kWarmestInlet{200.0};  // above supply air: no air handler is left
constexpr KelvinDelta kLeastMixing{0.1};     // between supply air and servers, in the course of temperatures
constexpr double kAirExponent = 0.8, kWaterExponent = 0.85, kAirToWaterConductance = 0.5;

struct Leakage {
  double recirculation;  // of server air that comes from server outlets
  double bypass;         // of handler air that returns without passing a server
};

Leakage leakage(const AirPathSpec& spec) {
  const Leakage usual = spec.containment == "none" ? Leakage{0.2, 0.3} : Leakage{0.03, 0.05};
  return {spec.recirculation_share.value_or(usual.recirculation), spec.bypass_share.value_or(usual.bypass)};
}

/// Of the heat, at sea level; power goes with the air that carries it, so with the inverse of its rise.
double fan_share(const AirPathSpec& spec) {
  return spec.fan_share_of_heat * (kReferenceRise / spec.handler_air_rise());
}

/// Most heat of a rack that the handlers' air reaches (second hand): 10..15 kW from the perimeter, 20..25 kW at its
/// best, 50 kW from within the row.
Watts most_of_a_rack(const AirPathSpec& spec) {
  if (spec.placement == "in_row") return Watts(50e3);
  return Watts(spec.containment == "none" ? 15e3 : 25e3);
}

}  // namespace

void AirThermalSpec::visit(FieldVisitor& v) {
  field(v, "chip_k_per_w", chip_k_per_w, "Junction of a GPU under a heat sink above server inlet air, full fans",
        rule().above(0).default_from('E', "40 K at 700 W"));
  field(v, "flow_share_of_resistance", flow_share_of_resistance, "Of that, what grows with the inverse of the air flow",
        rule().share().default_from('E', "Air carries about half of the rise"));
  field(v, "chip_j_per_k", chip_capacity, "Heat capacity of a GPU and its heat sink",
        rule().above(0).default_from('E', "2 kg of copper and aluminium, package 50 J/K"));
  field(v, "room_to_10_k_s", room_to_10_k,
        "Time in which the room gets 10 K warmer without air handlers, at rated heat",
        rule().above(0).default_from('E', "1 to 5 min at 10 to 20 kW a rack"));
}

void AirPathSpec::visit(FieldVisitor& v) {
  field(v, "supply_air_c", supply_air, "Air that leaves the air handlers", rule().at_least(5).at_most(45));
  field(v, "equipment_class", equipment_class, "ASHRAE class that the server inlet air has to keep to",
        rule().one_of(air_classes()));
  field(v, "containment", containment, "Aisle containment; sets the two shares below",
        rule()
            .one_of(kContainments)
            .default_from('E', "Recirculation 0.03 and bypass 0.05 contained, 0.2 and 0.3 without"));
  field(v, "placement", placement, "Where the air handlers stand; sets the heat of a rack that their air reaches",
        rule().one_of(kPlacements));
  field(v, "recirculation_share", recirculation_share, "Server inlet air that comes from server outlets, 0..0.9",
        rule().at_least(0).at_most(0.9));
  field(v, "bypass_share", bypass_share, "Air handler flow that misses the servers, 0..0.9",
        rule().at_least(0).at_most(0.9));
  field(
      v, "server_air_rise_k", server_air_rise, "Air temperature rise through the servers",
      rule().above(0).at_most(60).default_from('E', "The air handler's selection point; DGX H100 at full power: 16 K"));
  field(v, "chilled_water_c", chilled_water, "Set point of the chilled water; without it the approach below sets it",
        rule().at_least(2).at_most(40));
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
  field(v, "air_handlers", air_handlers, "Air handlers; they share the flow alike");
  field(v, "thermal", thermal, "Chips on air and the room, for temperatures over time");
}

void AirPathSpec::add_faults(OptionFaults& faults, const std::string& at, Medium medium) const {
  if (equipment_class) {
    const TemperatureRange range = allowable(*equipment_class);
    const Celsius inlet = supply_air + server_inlet_excess();
    if (!range.holds(supply_air) || !range.holds(inlet)) {
      faults.emplace_back(
          at + "/supply_air_c",
          fmt::format("gives {:.4g} degC at the handlers and {:.4g} degC at the servers, class {} allows "
                      "{:g}..{:g} degC",
                      supply_air.value, inlet.value, *equipment_class, range.lowest.value, range.highest.value));
    }
  }
  if (medium == Medium::air) {
    if (chilled_water) {
      faults.emplace_back(at + "/chilled_water_c",
                          fmt::format("is {:.4g} degC, but no air handler has chilled water where the heat rejection "
                                      "takes the hall's air; leave it out",
                                      chilled_water->value));
    }
    return;
  }
  const ExchangerRating rating = coil();
  const KelvinDelta by_fans = water_approach() - rating.approach;
  if (rating.approach.value <= 0.0 && chilled_water) {
    faults.emplace_back(
        at + "/chilled_water_c",
        fmt::format("is {:.4g} degC, needs less than {:.4g} degC: supply air without what the fans heat",
                    chilled_water->value, (supply_air - by_fans).value));
  } else if (rating.approach.value <= 0.0) {
    faults.emplace_back(at + "/chilled_water_approach_k",
                        fmt::format("is {:.4g} K, needs more than the {:.4g} K that the fans heat the air",
                                    chilled_water_approach.value, by_fans.value));
  } else {
    check_rise(rating, "chilled water and return air", at + "/chilled_water_rise_k", faults);
  }
}

KelvinDelta AirPathSpec::water_approach() const {
  return chilled_water ? supply_air - *chilled_water : chilled_water_approach;
}

KelvinDelta AirPathSpec::handler_air_rise() const {
  const Leakage leak = leakage(*this);
  return server_air_rise * ((1.0 - leak.bypass) / (1.0 - leak.recirculation));
}

KelvinDelta AirPathSpec::server_inlet_excess() const {
  const double recirculation = leakage(*this).recirculation;
  return server_air_rise * (recirculation / (1.0 - recirculation));
}

ExchangerRating AirPathSpec::coil() const {
  const KelvinDelta by_fans = handler_air_rise() * fan_share(*this);  // after the coil
  return {handler_air_rise() + by_fans, chilled_water_rise, water_approach() - by_fans, kAirExponent, kWaterExponent,
          kAirToWaterConductance};
}

AirPath::AirPath(const AirPathSpec& spec, Watts capacity, Watts fullest_rack, Pascals site_pressure, Medium medium)
    : thermal_(spec.thermal),
      capacity_(capacity),
      fullest_rack_(fullest_rack),
      most_of_a_rack_(most_of_a_rack(spec)),
      thinner_air_(kSeaLevel / site_pressure),
      recirculation_(leakage(spec).recirculation),
      least_flow_(spec.least_fan_flow_share),
      server_air_rise_(spec.server_air_rise),
      approach_(0),
      coil_approach_(0),
      water_rise_(spec.handler_air_rise()),
      server_inlet_(spec.supply_air + spec.server_inlet_excess()),
      water_supply_(spec.supply_air),
      fan_{capacity * (fan_share(spec) * thinner_air_), spec.least_fan_flow_share} {
  if (medium == Medium::air) return;
  approach_ = spec.water_approach();
  coil_approach_ = spec.coil().approach;
  water_rise_ = spec.chilled_water_rise;
  water_supply_ = spec.supply_air - approach_;
  pump_ = water_pump(capacity + fan_.rated, spec.chilled_water_rise, spec.pump_head);
  coil_.emplace(spec.coil(), spec.least_fan_flow_share);
}

AirEffort AirPath::effort(const AirPoint& point, ValidityNotes& notes) const {
  AirEffort effort;
  effort.server_inlet = server_inlet_ + point.warmer;
  effort.water_supply = water_supply_ + point.warmer;
  effort.supply_air = effort.water_supply + approach_;
  if (capacity_.value <= 0.0) return effort;
  const double heat = point.heat / capacity_;
  const double units = std::max(point.air_handlers, 0.0), pumps = std::max(point.pumps, 0.0);
  const double flow = coil_ ? coil_->hot_flow(heat, units) : std::min(std::max(heat, least_flow_), units);
  if (units > 0.0) effort.fans = Fan{fan_.rated * units}.power(flow / units);
  if (coil_ && pumps > 0.0) effort.pumps = pump_.power(std::min(coil_->cold_flow(heat, units), pumps));
  effort.water_heat = point.heat + effort.fans + effort.pumps;

  if (coil_) effort.supply_air = effort.supply_air + (coil_->approach(heat, units, pumps) - coil_approach_);
  const double reached = heat > flow ? flow / heat * (1.0 - recirculation_) : 1.0 - recirculation_;
  const double mixed = reached > 0.0 ? server_air_rise_.value * (1.0 / reached - 1.0) : kWarmestInlet.value;
  effort.server_inlet = effort.supply_air + KelvinDelta(std::min(mixed, kWarmestInlet.value));

  notes.check("air handlers: heat [share of capacity]", HeldExchanger::load_of_units(heat, units), 0.0, 1.0);
  notes.check("air handlers: heat of one rack [W]", fullest_rack_.value, 0.0, most_of_a_rack_.value);
  notes.check("server inlet air [degC]", effort.server_inlet.value, -60.0, kHighestServerInlet);
  return effort;
}

ThermalPath AirPath::thermal_path() const {
  ThermalPath path;
  path.chip_resistance = KelvinPerWatt(thermal_.chip_k_per_w);
  path.flow_share_of_resistance = thermal_.flow_share_of_resistance;
  path.chip_capacity = thermal_.chip_capacity;
  path.zone_s = thermal_.room_to_10_k.value / 10.0;
  path.zone_per_k = 1.0 / std::max(server_inlet_ - water_supply_, kLeastMixing).value;
  if (!coil_) path.zone_s = path.loop_s = path.zone_s * 0.5;  // the loop is the room's air, too: half stands for each
  return path;
}

}  // namespace tokenworks::cooling
