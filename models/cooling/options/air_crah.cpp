// Question   what an air-cooled hall draws: air handlers on chilled water in rows of racks with aisles
// Equation   air_path.hpp over all heat of the racks
// Source     air_path.cpp
// Valid for  racks that air can cool; heat offered to cold plates is taken as air, since the hall has no liquid
// Checked by tests/models/cooling/cooling_options_test.cpp
#include "models/cooling/air_path.hpp"
#include "models/cooling/cooling_option.hpp"

namespace tokenworks::cooling {
namespace {

// A dry cooler cannot make water of 8 degC in summer, and this hall has no second loop.
constexpr Option<HeatRejection> kHeatRejections[] = {
    {"air_cooled_chiller", "Chillers in the yard, condensers cooled by outside air", make_air_cooled_chiller},
    {"water_cooled_chiller", "Chillers on cooling towers with a water-side economiser", make_water_cooled_chiller},
};

class Plant final : public CoolingPlant {
 public:
  explicit Plant(AirPath air) : air_(std::move(air)) {}

  CoolingEffort effort(const PlantPoint& point, ValidityNotes& notes) const override {
    const AirEffort air = air_.effort({.heat = point.load.liquid + point.load.air,
                                       .outside = point.outside,
                                       .mode = point.modes[Loop::main],
                                       .condition = point.condition,
                                       .warmer = point.warmer[Loop::main]},
                                      notes);
    CoolingEffort effort;
    effort.air_handler_fans = air.fans;
    effort.pumps = air.pumps;
    effort.chillers = air.chillers;
    effort.heat_rejection_fans = air.heat_rejection_fans;
    effort.water = air.water;
    effort.server_inlet = air.server_inlet;
    effort.loops[Loop::main] = air.loop;
    return effort;
  }
  std::vector<std::string> modes(Loop loop) const override {
    return loop == Loop::main ? air_.rejection().modes() : std::vector<std::string>();
  }
  std::vector<PartUnits> parts() const override { return {}; }
  ThermalPath thermal_path(bool) const override { return {}; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    std::vector<std::pair<std::string, double>> all = air_.rejection().ratings();
    all.emplace_back("air_handler_fans_w", air_.rated_fans().value);
    return all;
  }

 private:
  AirPath air_;
};

class AirCrah final : public CoolingOption {
 public:
  void visit(FieldVisitor& v) override {
    air_.visit(v);
    field(v, "sizing_margin", sizing_margin_, "Capacity of every part over the design load",
          rule().at_least(1).default_from('E', "Spare units and growth"));
    field(v, "heat_rejection", heat_rejection_, "How heat leaves the site");
  }
  std::string_view heat_rejection_kind() const override { return heat_rejection_.kind(); }
  std::unique_ptr<CoolingPlant> size(const HeatLoad& design_load,
                                     const weather::WeatherPoint& design_weather) const override {
    const Watts capacity = (design_load.liquid + design_load.air) * sizing_margin_;
    return std::make_unique<Plant>(AirPath(air_, capacity, *heat_rejection_, design_weather));
  }

 private:
  AirPathSpec air_;
  double sizing_margin_ = 1.1;
  Choice<HeatRejection> heat_rejection_{kHeatRejections, "air_cooled_chiller"};
};

}  // namespace

std::unique_ptr<CoolingOption> make_air_crah() { return std::make_unique<AirCrah>(); }

}  // namespace tokenworks::cooling
