// Question   what a hall draws whose racks have cold plates: a liquid loop for most heat, air handlers for the rest
// Equation   liquid_path.hpp: coolant units between racks and facility water at a set point; what the cold plates do
//            not take goes through air_path.hpp to an air-cooled chiller of its own, or into the same facility water;
//            chips: cold_plate.hpp
// Source     pump share 1.7 %: STULZ SCR 14103 W selection sheet, 0.9 %: Frontier (ExaDigiT/RAPS 6c142bf); approach
//            4 K: that sheet; facility water classes: ASHRAE TC 9.9; coolant 1..2 l/kW: estimate
// Valid for  facility water 17..45 degC, liquid shares from the racks' data
// Checked by tests/models/cooling/cooling_options_test.cpp
#include <fmt/format.h>

#include "models/cooling/air_path.hpp"
#include "models/cooling/cold_plate.hpp"
#include "models/cooling/cooling_option.hpp"
#include "models/cooling/equipment_class.hpp"
#include "models/cooling/fluids.hpp"
#include "models/cooling/liquid_path.hpp"
#include "models/cooling/plant_loop.hpp"

namespace tokenworks::cooling {
namespace {

constexpr Option<HeatRejection> kHeatRejections[] = {kDryCooler, kAirCooledChiller, kAdiabatic, kCoolingTower,
                                                     kWaterCooledChiller};

constexpr std::string_view kResidualPlants[] = {"own", "shared"};

struct Spec {
  Celsius facility_supply{32.0};
  std::optional<std::string> equipment_class;
  KelvinDelta facility_rise{10.0};
  std::optional<Celsius> rack_supply;
  KelvinDelta cdu_approach{4.0};
  double cdu_pump_share = 0.015;
  UnitPumps pumps{2, 3};
  Pascals facility_pump_head{250e3};
  ColdPlateSpec cold_plates;
  UnitsSpec coolant_units{Watts(1.2e6), 'S', "STULZ SCR 14103 W selection sheet"};
  AirPathSpec residual_air;
  std::string residual_air_plant = "own";
  double sizing_margin = 1.1;
  Choice<HeatRejection> heat_rejection{kHeatRejections, "dry_cooler"};
  UnitsSpec facility_pumps{Watts(2e6), 'E', "One for each outdoor unit or large chiller"};
  LoopVolumeSpec volume;

  Spec() { residual_air.supply_air = Celsius(24.0); }

  void visit(FieldVisitor& v) {
    field(v, "facility_supply_c", facility_supply, "Set point of the facility water (32: ASHRAE class W32)",
          rule().at_least(5).at_most(60));
    field(v, "equipment_class", equipment_class, "ASHRAE class that the facility water has to keep to",
          rule().one_of(liquid_classes()));
    field(v, "facility_rise_k", facility_rise, "Temperature rise of the facility water",
          rule().above(0).at_most(40).default_from('S', "STULZ SCR 14103 W selection sheet: 36 to 46 degC"));
    field(v, "rack_supply_c", rack_supply,
          "Set point of the coolant to the racks; without it the approach below sets it",
          rule().at_least(5).at_most(70));
    field(v, "cdu_approach_k", cdu_approach, "Rack supply water above facility water",
          rule().above(0).default_from('S', "STULZ SCR 14103 W selection sheet"));
    field(v, "cdu_pump_share", cdu_pump_share, "Rated power of the coolant distribution units, of rated heat",
          rule().share().default_from('E', "Between 0.9 % (Frontier) and 1.7 % (STULZ SCR 14103 W)"));
    field(v, "cdu_pumps_needed", pumps.needed, "Pumps of a coolant unit that carry its rated flow",
          rule().at_least(1).at_most(16).default_from('E', "STULZ SCR 14103 W has 3 pumps; one of them spare"));
    field(v, "cdu_pumps_installed", pumps.installed, "Pumps of a coolant unit",
          rule().at_least(1).at_most(32).default_from('S', "STULZ SCR 14103 W selection sheet"));
    field(v, "facility_pump_head_pa", facility_pump_head, "Head of the facility water pumps",
          rule().at_least(0).default_from('E', "200 to 350 kPa are common"));
    field(v, "cold_plates", cold_plates, "Coolant and cold plates of the racks");
    field(v, "coolant_units", coolant_units, "Coolant distribution units; they share the flow alike");
    field(v, "residual_air", residual_air, "Air handlers for heat that the cold plates leave");
    field(v, "residual_air_plant", residual_air_plant,
          "own: an air-cooled chiller makes their chilled water; shared: facility water at its set point is theirs",
          rule().one_of(kResidualPlants));
    field(v, "sizing_margin", sizing_margin, "Capacity of every part over the design load",
          rule().at_least(1).default_from('E', "Spare units and growth"));
    field(v, "heat_rejection", heat_rejection, "How the liquid loop's heat leaves the site");
    field(v, "facility_pumps", facility_pumps, "Facility and chilled water pumps");
    volume.visit(v);
  }

  KelvinDelta approach() const { return rack_supply ? *rack_supply - facility_supply : cdu_approach; }
  bool is_shared() const { return residual_air_plant == "shared"; }
  LiquidPathDesign liquid(Watts capacity) const {
    return {capacity, cold_plates.rise(), facility_rise, approach(), cdu_pump_share, facility_pump_head};
  }
  /// The residual path with the water that it gets.
  AirPathSpec air() const {
    AirPathSpec spec = residual_air;
    if (is_shared()) {
      spec.chilled_water = facility_supply;
      spec.chilled_water_rise = facility_rise;
    }
    return spec;
  }

  OptionFaults faults() const {
    OptionFaults faults;
    check_class(equipment_class, facility_supply, "/facility_supply_c", faults);
    if (approach().value <= 0.0) {
      faults.emplace_back("/rack_supply_c",
                          fmt::format("is {:.4g} degC, needs to be above the facility water's {:.4g} degC",
                                      rack_supply->value, facility_supply.value));
    } else {
      check_rise(liquid(Watts(1)).exchanger(), "facility water and the coolant that returns from the racks",
                 "/facility_rise_k", faults);
    }
    if (pumps.installed < pumps.needed) {
      faults.emplace_back("/cdu_pumps_installed", fmt::format("is {}, needs at least the {} pumps that carry the flow",
                                                              pumps.installed, pumps.needed));
    }
    if (!is_shared() || is_possible(air().coil())) {
      air().add_faults(faults, "/residual_air");
    } else {
      faults.emplace_back(
          "/residual_air/supply_air_c",
          fmt::format("is {:.4g} degC: no coil on facility water of {:.4g} degC that rises by {:.4g} K makes that of "
                      "air that returns at {:.4g} degC",
                      residual_air.supply_air.value, facility_supply.value, facility_rise.value,
                      (residual_air.supply_air + residual_air.handler_air_rise()).value));
    }
    return faults;
  }
};

class Plant final : public CoolingPlant {
 public:
  Plant(const Spec& spec, const HeatLoad& design, const weather::WeatherPoint& weather)
      : facility_supply_(spec.facility_supply),
        cdu_approach_(spec.approach()),
        liquid_(spec.liquid(design.liquid * spec.sizing_margin)),
        air_(spec.air(), design.air * spec.sizing_margin, design.fullest_rack_air, weather.pressure),
        plate_(spec.cold_plates.plate()) {
    const Watts main = spec.is_shared() ? liquid_.facility_heat() + air_.water_heat() : liquid_.facility_heat();
    rejection_ = spec.heat_rejection->size(main, {spec.facility_supply, spec.facility_rise}, weather);
    if (!spec.is_shared()) {
      air_rejection_ = make_air_cooled_chiller()->size(air_.water_heat(), air_.water_loop(), weather);
    }
    add_units(parts_, spec.residual_air.air_handlers.units_of(Part::air_handlers, air_.handler_capacity()));
    add_units(parts_, spec.coolant_units.units_of(Part::coolant_units, liquid_.capacity()));
    add_units(parts_, spec.facility_pumps.units_of(Part::facility_pumps, liquid_.facility_heat()));
    add_units(parts_, spec.facility_pumps.units_of(Part::facility_pumps, air_.water_heat()));
    add_units(parts_, *rejection_, main);
    if (air_rejection_) add_units(parts_, *air_rejection_, air_.water_heat());
    make_thermal_paths(spec, design);
  }

  CoolingEffort effort(const PlantPoint& point, ValidityNotes& notes) const override {
    const Loop air_loop = air_rejection_ ? Loop::residual_air : Loop::main;
    CoolingEffort effort;
    const AirEffort air = air_.effort({.heat = point.load.air,
                                       .air_handlers = point.condition.of(Part::air_handlers),
                                       .pumps = point.condition.of(Part::facility_pumps),
                                       .warmer = point.warmer[air_loop]},
                                      notes);
    effort.air_handler_fans = air.fans;
    effort.pumps = air.pumps;
    effort.server_inlet = air.server_inlet;
    effort.loops[air_loop].heat += air.water_heat;
    effort.loops[air_loop].supply = air.water_supply;
    if (air_rejection_ && air_.capacity().value > 0.0) {
      give_off(*air_rejection_, point, Loop::residual_air, effort, notes);
    }

    LoopEffort& loop = effort.loops[Loop::main];
    loop.supply = facility_supply_ + point.warmer[Loop::main];
    effort.heat_to_liquid = point.load.liquid;
    effort.rack_supply = loop.supply + cdu_approach_;
    if (liquid_.capacity().value > 0.0) {
      const LiquidPathEffort liquid = liquid_.effort({.heat = point.load.liquid,
                                                      .coolant_units = point.condition.of(Part::coolant_units),
                                                      .facility_pumps = point.condition.of(Part::facility_pumps)});
      effort.rack_supply = loop.supply + liquid.approach;
      effort.pumps += liquid.coolant_pumps + liquid.facility_pumps;
      loop.heat += point.load.liquid + liquid.coolant_pumps + liquid.facility_pumps;
      notes.check("liquid cooling: heat [share of capacity]", liquid.load_of_units, 0.0, 1.0);
      notes.check("liquid cooling: rack supply water [degC]", effort.rack_supply.value, 2.0, kHighestRackSupply);
      plate_.check(notes);
    }
    const bool main_is_used = liquid_.capacity().value > 0.0 || (!air_rejection_ && air_.capacity().value > 0.0);
    if (main_is_used) give_off(*rejection_, point, Loop::main, effort, notes);
    return effort;
  }
  std::vector<std::string> modes(Loop loop) const override {
    if (loop == Loop::main) return rejection_->modes();
    return air_rejection_ ? air_rejection_->modes() : std::vector<std::string>();
  }
  std::vector<PartUnits> parts() const override { return parts_; }
  ThermalPath thermal_path(bool chips_on_liquid) const override { return chips_on_liquid ? on_liquid_ : on_air_; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    std::vector<std::pair<std::string, double>> all;
    for (const auto& [name, value] : rejection_->ratings()) all.emplace_back("liquid_" + name, value);
    if (air_rejection_) {
      for (const auto& [name, value] : air_rejection_->ratings()) all.emplace_back("residual_air_" + name, value);
    }
    all.emplace_back("cdu_pumps_w", liquid_.rated_coolant_pumps().value);
    all.emplace_back("facility_pumps_w", liquid_.rated_facility_pumps().value);
    all.emplace_back("chilled_water_pumps_w", air_.rated_pumps().value);
    all.emplace_back("air_handler_fans_w", air_.rated_fans().value);
    return all;
  }

 private:
  void make_thermal_paths(const Spec& spec, const HeatLoad& design) {
    on_air_ = air_.thermal_path();
    on_air_.to_residual_air = !spec.is_shared();
    on_air_.loop_s = spec.volume.heat_capacity(spec.is_shared() ? design.liquid + design.air : design.air);
    on_liquid_ = spec.cold_plates.thermal_path();
    on_liquid_.zone_per_k = 1.0 / spec.approach().value;
    on_liquid_.pumps = spec.pumps;
    on_liquid_.loop_s = spec.volume.heat_capacity(spec.is_shared() ? design.liquid + design.air : design.liquid);
  }

  Celsius facility_supply_;
  KelvinDelta cdu_approach_;
  LiquidPath liquid_;
  AirPath air_;
  ColdPlate plate_;
  std::unique_ptr<HeatRejectionPlant> rejection_, air_rejection_;  // the latter absent where the first serves both
  ThermalPath on_liquid_, on_air_;
  std::vector<PartUnits> parts_;
};

}  // namespace

std::unique_ptr<CoolingOption> make_direct_to_chip() { return std::make_unique<CoolingOptionOf<Spec, Plant>>(); }

}  // namespace tokenworks::cooling
