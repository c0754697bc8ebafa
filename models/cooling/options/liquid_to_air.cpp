// Question   what a hall without facility water draws whose racks have cold plates: coolant units give their heat to
//            the room's air
// Equation   liquid_path.hpp with the room's air on the cold side; all heat then goes through air_path.hpp
// Source     approach 11 K, 70 kW a unit: makers' data of units in racks, second hand; power of pumps and fans:
//            estimate
// Valid for  rows beside air-cooled racks, units that draw the servers' inlet air
// Checked by tests/models/cooling/cooling_options_test.cpp
#include <algorithm>

#include "models/cooling/air_path.hpp"
#include "models/cooling/cold_plate.hpp"
#include "models/cooling/cooling_option.hpp"
#include "models/cooling/liquid_path.hpp"
#include "models/cooling/plant_loop.hpp"

namespace tokenworks::cooling {
namespace {

constexpr Option<HeatRejection> kHeatRejections[] = {kAirCooledChiller};

constexpr double kEnough = 1e9;  // the room's air is never short of a pump

struct Spec {
  KelvinDelta approach{11.0};
  KelvinDelta air_rise{12.0};
  double pump_share = 0.015;
  double fan_share = 0.025;
  ColdPlateSpec cold_plates;
  UnitsSpec coolant_units{Watts(70e3), 'S', "Units in racks of several makers"};
  AirPathSpec air;
  double sizing_margin = 1.1;
  Choice<HeatRejection> heat_rejection{kHeatRejections, "air_cooled_chiller"};
  UnitsSpec facility_pumps{Watts(2e6), 'E', "One for each large chiller"};
  LoopVolumeSpec volume;

  void visit(FieldVisitor& v) {
    field(v, "cdu_approach_k", approach, "Rack supply coolant above the room's air",
          rule().above(0).default_from('S', "Units in racks of several makers"));
    field(v, "cdu_air_rise_k", air_rise, "Rise of the room's air in the coolant units",
          rule().above(0).at_most(40).default_from('E', "As in the servers"));
    field(v, "cdu_pump_share", pump_share, "Rated power of the coolant units' pumps, of rated heat",
          rule().share().default_from('E', "As of units on facility water, 0.9 to 1.7 %"));
    field(v, "cdu_fan_share", fan_share, "Rated power of the coolant units' fans, of rated heat",
          rule().share().default_from('E', "Between active rear doors and air handlers"));
    field(v, "cold_plates", cold_plates, "Coolant and cold plates of the racks");
    field(v, "coolant_units", coolant_units, "Coolant distribution units; they share the flow alike");
    field(v, "air", air, "Air handlers, which take all heat");
    field(v, "sizing_margin", sizing_margin, "Capacity of every part over the design load",
          rule().at_least(1).default_from('E', "Spare units and growth"));
    field(v, "heat_rejection", heat_rejection, "How heat leaves the site");
    field(v, "facility_pumps", facility_pumps, "Chilled water pumps");
    volume.visit(v);
  }

  LiquidPathDesign liquid(Watts capacity) const {
    return {capacity, cold_plates.rise(), air_rise, approach, pump_share, Pascals(0)};
  }
  OptionFaults faults() const {
    OptionFaults faults;
    check_rise(liquid(Watts(1)).exchanger(), "the room's air and the coolant that returns from the racks",
               "/cdu_air_rise_k", faults);
    air.add_faults(faults, "/air");
    return faults;
  }
};

class Plant final : public CoolingPlant {
 public:
  Plant(const Spec& spec, const HeatLoad& design, const weather::WeatherPoint& weather)
      : approach_(spec.approach),
        liquid_(spec.liquid(design.liquid * spec.sizing_margin)),
        fan_{liquid_.capacity() * spec.fan_share, kLeastCoolantFlow},
        air_(spec.air, (design.liquid + design.air) * spec.sizing_margin + liquid_.rated_coolant_pumps() + fan_.rated,
             design.fullest_rack_air, weather.pressure),
        plate_(spec.cold_plates.plate()),
        rejection_(spec.heat_rejection->size(air_.water_heat(), air_.water_loop(), weather)),
        on_liquid_(spec.cold_plates.thermal_path()),
        on_air_(air_.thermal_path()) {
    on_liquid_.zone_per_k = 1.0 / (spec.approach.value + 1.0 / on_air_.zone_per_k);
    on_liquid_.loop_s = on_air_.loop_s = spec.volume.heat_capacity(design.liquid + design.air);
    add_units(parts_, spec.air.air_handlers.units_of(Part::air_handlers, air_.handler_capacity()));
    add_units(parts_, spec.coolant_units.units_of(Part::coolant_units, liquid_.capacity()));
    add_units(parts_, spec.facility_pumps.units_of(Part::facility_pumps, air_.water_heat()));
    add_units(parts_, *rejection_, air_.water_heat());
  }

  CoolingEffort effort(const PlantPoint& point, ValidityNotes& notes) const override {
    CoolingEffort effort;
    const double units = std::max(point.condition.of(Part::coolant_units), 0.0);
    LiquidPathEffort liquid;
    liquid.approach = approach_;
    if (liquid_.capacity().value > 0.0) {
      liquid = liquid_.effort({.heat = point.load.liquid, .coolant_units = units, .facility_pumps = kEnough});
      const double load = point.load.liquid / liquid_.capacity();
      const double flow = std::min(std::max(load, fan_.least_flow_share), units);
      if (units > 0.0) effort.air_handler_fans = Fan{fan_.rated * units}.power(flow / units);
      notes.check("liquid cooling: heat [share of capacity]", liquid.load_of_units, 0.0, 1.0);
      plate_.check(notes);
    }
    const AirEffort air =
        air_.effort({.heat = point.load.liquid + point.load.air + liquid.coolant_pumps + effort.air_handler_fans,
                     .air_handlers = point.condition.of(Part::air_handlers),
                     .pumps = point.condition.of(Part::facility_pumps),
                     .warmer = point.warmer[Loop::main]},
                    notes);
    effort.air_handler_fans += air.fans;
    effort.pumps = liquid.coolant_pumps + air.pumps;
    effort.heat_to_liquid = point.load.liquid;
    effort.server_inlet = air.server_inlet;
    effort.rack_supply = air.server_inlet + liquid.approach;
    if (liquid_.capacity().value > 0.0) {
      notes.check("liquid cooling: rack supply water [degC]", effort.rack_supply.value, 2.0, kHighestRackSupply);
    }
    effort.loops[Loop::main].supply = air.water_supply;
    effort.loops[Loop::main].heat = air.water_heat;
    if (air_.capacity().value > 0.0) give_off(*rejection_, point, Loop::main, effort, notes);
    return effort;
  }
  std::vector<std::string> modes(Loop loop) const override {
    return loop == Loop::main ? rejection_->modes() : std::vector<std::string>();
  }
  std::vector<PartUnits> parts() const override { return parts_; }
  ThermalPath thermal_path(bool chips_on_liquid) const override { return chips_on_liquid ? on_liquid_ : on_air_; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    std::vector<std::pair<std::string, double>> all = rejection_->ratings();
    all.emplace_back("cdu_pumps_w", liquid_.rated_coolant_pumps().value);
    all.emplace_back("cdu_fans_w", fan_.rated.value);
    all.emplace_back("facility_pumps_w", air_.rated_pumps().value);
    all.emplace_back("air_handler_fans_w", air_.rated_fans().value);
    return all;
  }

 private:
  KelvinDelta approach_;
  LiquidPath liquid_;
  Fan fan_;
  AirPath air_;
  ColdPlate plate_;
  std::unique_ptr<HeatRejectionPlant> rejection_;
  ThermalPath on_liquid_, on_air_;
  std::vector<PartUnits> parts_;
};

}  // namespace

std::unique_ptr<CoolingOption> make_liquid_to_air() { return std::make_unique<CoolingOptionOf<Spec, Plant>>(); }

}  // namespace tokenworks::cooling
