// Question   what an air-cooled hall draws: air handlers on chilled water in rows of racks with aisles
// Equation   air_path.hpp over all heat of the racks; with outside air, handlers without coils and no chilled water
// Source     air_path.hpp
// Valid for  racks that air can cool; heat offered to cold plates is taken as air, since the hall has no liquid
// Checked by tests/models/cooling/cooling_options_test.cpp
#include <fmt/format.h>

#include "models/cooling/air_path.hpp"
#include "models/cooling/cooling_option.hpp"
#include "models/cooling/plant_loop.hpp"

namespace tokenworks::cooling {
namespace {

// A dry cooler cannot make water of 8 degC in summer, and this hall has no second loop.
constexpr Option<HeatRejection> kHeatRejections[] = {kAirCooledChiller, kWaterCooledChiller, kOutsideAir};

struct Spec {
  AirPathSpec air;
  double sizing_margin = 1.1;
  Choice<HeatRejection> heat_rejection{kHeatRejections, "air_cooled_chiller"};
  UnitsSpec facility_pumps{Watts(2e6), 'E', "One for each large chiller"};
  LoopVolumeSpec volume;

  void visit(FieldVisitor& v) {
    air.visit(v);
    field(v, "sizing_margin", sizing_margin, "Capacity of every part over the design load",
          rule().at_least(1).default_from('E', "Spare units and growth"));
    field(v, "heat_rejection", heat_rejection, "How heat leaves the site");
    field(v, "facility_pumps", facility_pumps, "Chilled water pumps");
    volume.visit(v);
  }

  OptionFaults faults() const {
    OptionFaults faults;
    air.add_faults(faults, "", heat_rejection->medium());
    if (heat_rejection->medium() == Medium::air && volume.buffer_m3 > 0.0) {
      faults.emplace_back("/buffer_tank_m3",
                          fmt::format("is {:.4g} m3, but outside air takes no water to the hall", volume.buffer_m3));
    }
    return faults;
  }
};

class Plant final : public CoolingPlant {
 public:
  Plant(const Spec& spec, const HeatLoad& design, const weather::WeatherPoint& weather)
      : air_(spec.air, (design.liquid + design.air) * spec.sizing_margin, design.fullest_rack, weather.pressure,
             spec.heat_rejection->medium()),
        rejection_(spec.heat_rejection->size(air_.water_heat(), air_.water_loop(), weather)),
        path_(air_.thermal_path()) {
    const bool has_water = spec.heat_rejection->medium() == Medium::water;
    if (has_water) path_.loop_s = spec.volume.heat_capacity(design.liquid + design.air);
    add_units(parts_, spec.air.air_handlers.units_of(Part::air_handlers, air_.handler_capacity()));
    if (has_water) add_units(parts_, spec.facility_pumps.units_of(Part::facility_pumps, air_.water_heat()));
    add_units(parts_, *rejection_, air_.water_heat());
  }

  CoolingEffort effort(const PlantPoint& point, ValidityNotes& notes) const override {
    const AirEffort air = air_.effort({.heat = point.load.liquid + point.load.air,
                                       .air_handlers = point.condition.of(Part::air_handlers),
                                       .pumps = point.condition.of(Part::facility_pumps),
                                       .warmer = point.warmer[Loop::main]},
                                      notes);
    CoolingEffort effort;
    effort.air_handler_fans = air.fans;
    effort.pumps = air.pumps;
    effort.server_inlet = air.server_inlet;
    effort.loops[Loop::main].supply = air.water_supply;
    effort.loops[Loop::main].heat = air.water_heat;
    if (air_.capacity().value > 0.0) give_off(*rejection_, point, Loop::main, effort, notes);
    return effort;
  }
  std::vector<std::string> modes(Loop loop) const override {
    return loop == Loop::main ? rejection_->modes() : std::vector<std::string>();
  }
  std::vector<PartUnits> parts() const override { return parts_; }
  ThermalPath thermal_path(bool) const override { return path_; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    std::vector<std::pair<std::string, double>> all = rejection_->ratings();
    all.emplace_back("facility_pumps_w", air_.rated_pumps().value);
    all.emplace_back("air_handler_fans_w", air_.rated_fans().value);
    return all;
  }

 private:
  AirPath air_;
  std::unique_ptr<HeatRejectionPlant> rejection_;
  ThermalPath path_;
  std::vector<PartUnits> parts_;
};

}  // namespace

std::unique_ptr<CoolingOption> make_air_crah() { return std::make_unique<CoolingOptionOf<Spec, Plant>>(); }

}  // namespace tokenworks::cooling
