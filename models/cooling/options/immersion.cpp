// Question   what a hall draws whose servers stand in tanks of oil without fans
// Equation   liquid_path.hpp with oil on the racks' side; all heat of the racks goes into the oil
// Source     oil 5..12 K warmer at the top, supply 35..50 degC, chip to oil 0.03..0.06 K/W, pumps 1..2 % of heat, 1 m3
//            of oil for 100 kW: estimates
// Valid for  single-phase oil; parts of 700 W and less without forced flow through their heat sinks
// Checked by tests/models/cooling/cooling_options_test.cpp
#include "models/cooling/cooling_option.hpp"
#include "models/cooling/equipment_class.hpp"
#include "models/cooling/fluids.hpp"
#include "models/cooling/liquid_path.hpp"
#include "models/cooling/plant_loop.hpp"
#include "models/cooling/plant_units.hpp"

namespace tokenworks::cooling {
namespace {

constexpr Option<HeatRejection> kHeatRejections[] = {kDryCooler, kAirCooledChiller};

constexpr double kHighestOilSupply = 50.0;  // degC
constexpr double kMostOfATank = 150e3;      // W, claimed by makers

struct Spec {
  Celsius facility_supply{40.0};
  std::optional<std::string> equipment_class;
  KelvinDelta facility_rise{8.0};
  KelvinDelta approach{5.0};
  KelvinDelta oil_rise{8.0};
  double pump_share = 0.015;
  Pascals facility_pump_head{250e3};
  double chip_to_oil_k_per_w = 0.045;
  double flow_share_of_resistance = 0.5;
  JoulesPerKelvin chip_capacity{500.0};
  double oil_l_per_kw = 10.0;
  UnitsSpec tanks{Watts(100e3), 'E', "1 m3 of oil"};
  double sizing_margin = 1.1;
  Choice<HeatRejection> heat_rejection{kHeatRejections, "dry_cooler"};
  UnitsSpec facility_pumps{Watts(2e6), 'E', "One for each outdoor unit or large chiller"};
  LoopVolumeSpec volume;

  Spec() { tanks.redundancy = "n"; }

  void visit(FieldVisitor& v) {
    field(v, "facility_supply_c", facility_supply, "Set point of the facility water",
          rule().at_least(5).at_most(60).default_from('E', "Oil of 35 to 50 degC"));
    field(v, "equipment_class", equipment_class, "ASHRAE class that the facility water has to keep to",
          rule().one_of(liquid_classes()));
    field(v, "facility_rise_k", facility_rise, "Temperature rise of the facility water",
          rule().above(0).at_most(40).default_from('E', "As the oil's"));
    field(v, "tank_approach_k", approach, "Oil that enters the servers above facility water",
          rule().above(0).default_from('E', "Exchangers of oil need more than those of water, 4 K"));
    field(v, "oil_rise_k", oil_rise, "Oil temperature rise through the servers",
          rule().above(0).at_most(40).default_from('E', "5 to 12 K"));
    field(v, "oil_pump_share", pump_share, "Rated power of the oil pumps, of rated heat",
          rule().share().default_from('E', "1 to 2 %"));
    field(v, "facility_pump_head_pa", facility_pump_head, "Head of the facility water pumps",
          rule().at_least(0).default_from('E', "200 to 350 kPa are common"));
    field(v, "chip_to_oil_k_per_w", chip_to_oil_k_per_w, "Junction of a GPU above the oil that enters",
          rule().above(0).default_from('E', "0.03 to 0.06 K/W with a heat sink"));
    field(v, "flow_share_of_resistance", flow_share_of_resistance,
          "Of that, what grows with the inverse of the oil flow",
          rule().share().default_from('E', "The film on the heat sink is about half"));
    field(v, "chip_j_per_k", chip_capacity, "Heat capacity of a GPU and its heat sink",
          rule().above(0).default_from('E', "1 kg of copper and aluminium, package 50 J/K"));
    field(v, "oil_volume_l_per_kw", oil_l_per_kw, "Oil in the tanks, of rated heat",
          rule().above(0).default_from('E', "1 m3 for 100 kW"));
    field(v, "tanks", tanks, "Tanks, each with its coolant unit");
    field(v, "sizing_margin", sizing_margin, "Capacity of every part over the design load",
          rule().at_least(1).default_from('E', "Spare units and growth"));
    field(v, "heat_rejection", heat_rejection, "How heat leaves the site");
    field(v, "facility_pumps", facility_pumps, "Facility water pumps");
    volume.visit(v);
  }

  LiquidPathDesign liquid(Watts capacity) const {
    return {capacity, oil_rise, facility_rise, approach, pump_share, facility_pump_head};
  }
  OptionFaults faults() const {
    OptionFaults faults;
    check_class(equipment_class, facility_supply, "/facility_supply_c", faults);
    check_rise(liquid(Watts(1)).exchanger(), "facility water and the oil that leaves the servers", "/facility_rise_k",
               faults);
    return faults;
  }
};

class Plant final : public CoolingPlant {
 public:
  Plant(const Spec& spec, const HeatLoad& design, const weather::WeatherPoint& weather)
      : facility_supply_(spec.facility_supply),
        approach_(spec.approach),
        fullest_rack_(design.fullest_rack),
        liquid_(spec.liquid((design.liquid + design.air) * spec.sizing_margin)),
        rejection_(
            spec.heat_rejection->size(liquid_.facility_heat(), {spec.facility_supply, spec.facility_rise}, weather)) {
    path_.chips_on_liquid = true;
    path_.chip_resistance = KelvinPerWatt(spec.chip_to_oil_k_per_w);
    path_.flow_share_of_resistance = spec.flow_share_of_resistance;
    path_.chip_capacity = spec.chip_capacity;
    path_.zone_s = heat_capacity_per_watt(kDielectricOil, spec.oil_l_per_kw);
    path_.zone_per_k = 1.0 / spec.approach.value;
    path_.loop_s = spec.volume.heat_capacity(design.liquid + design.air);
    add_units(parts_, spec.tanks.units_of(Part::coolant_units, liquid_.capacity()));
    add_units(parts_, spec.facility_pumps.units_of(Part::facility_pumps, liquid_.facility_heat()));
    add_units(parts_, *rejection_, liquid_.facility_heat());
  }

  CoolingEffort effort(const PlantPoint& point, ValidityNotes& notes) const override {
    const Watts heat = point.load.liquid + point.load.air;
    CoolingEffort effort;
    LoopEffort& loop = effort.loops[Loop::main];
    loop.supply = facility_supply_ + point.warmer[Loop::main];
    effort.rack_supply = effort.server_inlet = loop.supply + approach_;
    effort.heat_to_liquid = heat;
    if (liquid_.capacity().value <= 0.0) return effort;
    const LiquidPathEffort liquid = liquid_.effort({.heat = heat,
                                                    .coolant_units = point.condition.of(Part::coolant_units),
                                                    .facility_pumps = point.condition.of(Part::facility_pumps)});
    effort.rack_supply = effort.server_inlet = loop.supply + liquid.approach;
    effort.pumps = liquid.coolant_pumps + liquid.facility_pumps;
    loop.heat = heat + effort.pumps;
    notes.check("immersion: heat [share of capacity]", liquid.load_of_units, 0.0, 1.0);
    notes.check("immersion: oil supply [degC]", effort.rack_supply.value, 2.0, kHighestOilSupply);
    notes.check("immersion: heat of one tank [W]", fullest_rack_.value, 0.0, kMostOfATank);
    give_off(*rejection_, point, Loop::main, effort, notes);
    return effort;
  }
  std::vector<std::string> modes(Loop loop) const override {
    return loop == Loop::main ? rejection_->modes() : std::vector<std::string>();
  }
  std::vector<PartUnits> parts() const override { return parts_; }
  ThermalPath thermal_path(bool) const override { return path_; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    std::vector<std::pair<std::string, double>> all = rejection_->ratings();
    all.emplace_back("oil_pumps_w", liquid_.rated_coolant_pumps().value);
    all.emplace_back("facility_pumps_w", liquid_.rated_facility_pumps().value);
    return all;
  }

 private:
  Celsius facility_supply_;
  KelvinDelta approach_;
  Watts fullest_rack_;
  LiquidPath liquid_;
  std::unique_ptr<HeatRejectionPlant> rejection_;
  ThermalPath path_;
  std::vector<PartUnits> parts_;
};

class Immersion final : public CoolingOptionOf<Spec, Plant> {
 public:
  double server_fan_share_removed() const override { return 1.0; }
};

}  // namespace

std::unique_ptr<CoolingOption> make_immersion() { return std::make_unique<Immersion>(); }

}  // namespace tokenworks::cooling
