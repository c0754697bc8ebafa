// Question   what a hall draws whose racks have cold plates: a liquid loop for most heat, air handlers for the rest
// Equation   CDU pumps = share of rated heat, by affinity; facility water at a set point to the heat rejection; what
//            the cold plates do not take goes through air_path.hpp to an air-cooled chiller of its own
// Source     CDU pump share 1.7 %: STULZ SCR 14103 W selection sheet, 0.9 %: Frontier (ExaDigiT/RAPS 6c142bf); approach
//            4 K: that sheet; facility water classes: ASHRAE TC 9.9
// Valid for  facility water 17..45 degC, liquid shares from the racks' data
// Checked by tests/models/cooling/cooling_options_test.cpp
#include "models/cooling/air_path.hpp"
#include "models/cooling/cooling_option.hpp"

namespace tokenworks::cooling {
namespace {

constexpr Option<HeatRejection> kHeatRejections[] = {
    {"dry_cooler", "Finned coils with fans; a trim chiller helps on hot days", make_dry_cooler},
    {"air_cooled_chiller", "Chillers in the yard, condensers cooled by outside air", make_air_cooled_chiller},
    {"adiabatic", "Dry coolers whose air is cooled by wetted pads on hot days", make_adiabatic},
    {"cooling_tower", "Cooling towers, direct or through an exchanger; a trim chiller helps on hot days",
     make_cooling_tower},
    {"water_cooled_chiller", "Chillers on cooling towers with a water-side economiser", make_water_cooled_chiller},
};

// CDU pumps keep the racks' flow up: estimate.
constexpr double kLeastCduFlow = 0.5;
constexpr double kHighestRackSupply = 50.0;  // degC, beyond ASHRAE W45 with a CDU

struct LiquidSpec {
  Celsius facility_supply{32.0};
  KelvinDelta facility_rise{10.0};
  KelvinDelta cdu_approach{4.0};
  double cdu_pump_share = 0.015;
  Pascals facility_pump_head{250e3};

  void visit(FieldVisitor& v) {
    field(v, "facility_supply_c", facility_supply, "Set point of the facility water (32: ASHRAE class W32)",
          rule().at_least(5).at_most(60));
    field(v, "facility_rise_k", facility_rise, "Temperature rise of the facility water",
          rule().above(0).at_most(40).default_from('S', "STULZ SCR 14103 W selection sheet: 36 to 46 degC"));
    field(v, "cdu_approach_k", cdu_approach, "Rack supply water above facility water",
          rule().above(0).default_from('S', "STULZ SCR 14103 W selection sheet"));
    field(v, "cdu_pump_share", cdu_pump_share, "Rated power of the coolant distribution units, of rated heat",
          rule().share().default_from('E', "Between 0.9 % (Frontier) and 1.7 % (STULZ SCR 14103 W)"));
    field(v, "facility_pump_head_pa", facility_pump_head, "Head of the facility water pumps",
          rule().at_least(0).default_from('E', "200 to 350 kPa are common"));
  }
};

class Plant final : public CoolingPlant {
 public:
  Plant(const LiquidSpec& liquid, Watts liquid_capacity, const HeatRejection& rejection, AirPath air,
        const weather::WeatherPoint& design)
      : liquid_capacity_(liquid_capacity),
        facility_supply_(liquid.facility_supply),
        rack_supply_(liquid.facility_supply + liquid.cdu_approach),
        cdu_{liquid_capacity * liquid.cdu_pump_share, 0.0, kLeastCduFlow},
        facility_pump_(water_pump(liquid_capacity + cdu_.rated, liquid.facility_rise, liquid.facility_pump_head)),
        rejection_(rejection.size(liquid_capacity + cdu_.rated + facility_pump_.rated,
                                  {liquid.facility_supply, liquid.facility_rise}, design)),
        air_(std::move(air)) {}

  CoolingEffort effort(const PlantPoint& point, ValidityNotes& notes) const override {
    const HeatLoad& load = point.load;
    const AirEffort air = air_.effort({.heat = load.air,
                                       .outside = point.outside,
                                       .mode = point.modes[Loop::residual_air],
                                       .condition = point.condition,
                                       .warmer = point.warmer[Loop::residual_air]},
                                      notes);
    CoolingEffort effort;
    effort.air_handler_fans = air.fans;
    effort.pumps = air.pumps;
    effort.chillers = air.chillers;
    effort.heat_rejection_fans = air.heat_rejection_fans;
    effort.water = air.water;
    effort.server_inlet = air.server_inlet;
    effort.loops[Loop::residual_air] = air.loop;
    effort.heat_to_liquid = load.liquid;
    LoopEffort& loop = effort.loops[Loop::main];
    loop.supply = facility_supply_ + point.warmer[Loop::main];
    effort.rack_supply = rack_supply_ + point.warmer[Loop::main];
    if (liquid_capacity_.value <= 0.0) return effort;

    const double share = load.liquid / liquid_capacity_;
    notes.check("liquid cooling: heat [share of capacity]", share, 0.0, 1.0);
    notes.check("liquid cooling: rack supply water [degC]", effort.rack_supply.value, 2.0, kHighestRackSupply);
    const Watts pumps = cdu_.power(share) + facility_pump_.power(share);
    loop.heat = load.liquid + pumps;
    const RejectionEffort rejection = rejection_->effort({.heat = loop.heat,
                                                          .outside = point.outside,
                                                          .mode = point.modes[Loop::main],
                                                          .warmer = point.warmer[Loop::main],
                                                          .chillers = point.condition.of(Part::chillers),
                                                          .outdoor = point.condition.of(Part::outdoor_units)},
                                                         notes);
    effort.pumps += pumps + rejection.pumps;
    effort.chillers += rejection.chillers;
    effort.heat_rejection_fans += rejection.fans;
    effort.water += rejection.water;
    loop.capability = rejection.capability;
    loop.mode = rejection.mode;
    loop.wanted_mode = rejection.wanted_mode;
    return effort;
  }
  std::vector<std::string> modes(Loop loop) const override {
    if (loop == Loop::residual_air) return air_.rejection().modes();
    return rejection_->modes();
  }
  std::vector<PartUnits> parts() const override { return {}; }
  ThermalPath thermal_path(bool) const override { return {}; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    std::vector<std::pair<std::string, double>> all;
    for (const auto& [name, value] : rejection_->ratings()) all.emplace_back("liquid_" + name, value);
    for (const auto& [name, value] : air_.rejection().ratings()) all.emplace_back("residual_air_" + name, value);
    all.emplace_back("cdu_pumps_w", cdu_.rated.value);
    all.emplace_back("facility_pumps_w", facility_pump_.rated.value);
    all.emplace_back("air_handler_fans_w", air_.rated_fans().value);
    return all;
  }

 private:
  Watts liquid_capacity_;
  Celsius facility_supply_, rack_supply_;
  Pump cdu_, facility_pump_;
  std::unique_ptr<HeatRejectionPlant> rejection_;
  AirPath air_;
};

class DirectToChip final : public CoolingOption {
 public:
  DirectToChip() { residual_air_.supply_air = Celsius(24.0); }

  void visit(FieldVisitor& v) override {
    liquid_.visit(v);
    field(v, "residual_air", residual_air_,
          "Air handlers for heat that the cold plates leave, on a chiller of their own");
    field(v, "sizing_margin", sizing_margin_, "Capacity of every part over the design load",
          rule().at_least(1).default_from('E', "Spare units and growth"));
    field(v, "heat_rejection", heat_rejection_, "How the liquid loop's heat leaves the site");
  }
  std::string_view heat_rejection_kind() const override { return heat_rejection_.kind(); }
  std::unique_ptr<CoolingPlant> size(const HeatLoad& design_load,
                                     const weather::WeatherPoint& design_weather) const override {
    const std::unique_ptr<HeatRejection> air_chiller = make_air_cooled_chiller();
    return std::make_unique<Plant>(
        liquid_, design_load.liquid * sizing_margin_, *heat_rejection_,
        AirPath(residual_air_, design_load.air * sizing_margin_, *air_chiller, design_weather), design_weather);
  }

 private:
  LiquidSpec liquid_;
  AirPathSpec residual_air_;
  double sizing_margin_ = 1.1;
  Choice<HeatRejection> heat_rejection_{kHeatRejections, "dry_cooler"};
};

}  // namespace

std::unique_ptr<CoolingOption> make_direct_to_chip() { return std::make_unique<DirectToChip>(); }

}  // namespace tokenworks::cooling
