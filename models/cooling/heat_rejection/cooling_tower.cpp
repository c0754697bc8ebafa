// Question   what cooling towers draw to cool a warm loop to its set point without chillers, or with a trim chiller
// Equation   tower_plant.hpp with the loop's rise as the towers' range; approach of the plate exchanger between tower
//            and loop, 0 where the tower's water is the loop's; what full fans leave goes to a trim chiller whose
//            condenser is on the towers too
// Source     tower.hpp, chiller.hpp
// Valid for  loops warmer than wet bulb + approaches for most of the year
// Checked by tests/models/cooling/heat_rejection_test.cpp
#include <algorithm>

#include "models/cooling/tower_plant.hpp"

namespace tokenworks::cooling {
namespace {

constexpr std::size_t kFree = 0, kTrim = 1;

struct Spec {
  bool plate_exchanger = true;
  KelvinDelta exchanger_approach{2.0};
  bool trim_chiller = true;
  std::string curves = "york_ys_1758kw_screw";
  std::int64_t chillers = 1, spare_chillers = 0, towers = 4, spare_towers = 1;
  TowerSpec tower;
  Pascals tower_head{200e3};
  Celsius least_condenser_water{12.8}, most_condenser_water{40.0};

  void visit(FieldVisitor& v) {
    field(v, "plate_exchanger", plate_exchanger, "Tower water and loop water are apart");
    field(v, "exchanger_approach_k", exchanger_approach, "Loop water above tower water at the exchanger",
          rule().above(0).at_most(20).default_from('E', "Plate exchangers of 1 to 3 K are common"));
    field(v, "trim_chiller", trim_chiller, "Chillers carry what the towers leave on the design day");
    field(v, "curves", curves, "Published curves of the trim chiller", rule().one_of(kWaterCooledChillers));
    field(v, "chillers", chillers, "Machines that carry the chillers' design load",
          rule().at_least(1).at_most(1000).default_from('E', "One trim chiller"));
    field(v, "spare_chillers", spare_chillers, "Machines beyond the need", rule().at_least(0).at_most(1000));
    field(v, "towers", towers, "Cells that carry the design load",
          rule().at_least(1).at_most(1000).default_from('E', "A common number"));
    field(v, "spare_towers", spare_towers, "Cells beyond the need",
          rule().at_least(0).at_most(1000).default_from('E', "Usual practice"));
    field(v, "tower", tower, "The cooling tower");
    field(v, "tower_head_pa", tower_head, "Head of the tower water pumps",
          rule().at_least(0).default_from('E', "150 to 250 kPa are common"));
    field(v, "least_condenser_water_c", least_condenser_water, "Condenser water is not colder; a bypass keeps it",
          rule().at_least(5).at_most(40).default_from('E', "Lower end of the published curves"));
    field(v, "most_condenser_water_c", most_condenser_water, "Condenser water at which the chillers trip",
          rule().at_least(20).at_most(60).default_from('E', "Room above the published curves' 29 to 35 degC"));
  }
};

TowerPlantSetup setup(const Spec& spec, Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design) {
  TowerPlantSetup setup;
  setup.capacity = capacity;
  setup.loop = loop;
  setup.design = design;
  setup.tower = spec.tower;
  setup.tower_range = loop.rise;
  setup.exchanger_approach = spec.plate_exchanger ? spec.exchanger_approach : KelvinDelta(0);
  setup.pump_head = spec.tower_head;
  setup.curves = &chiller_curves(spec.curves);
  setup.has_chillers = spec.trim_chiller;
  setup.chillers = spec.chillers;
  setup.condenser_water = setup.least_condenser_water = spec.least_condenser_water;
  setup.most_condenser_water = spec.most_condenser_water;
  return setup;
}

class Plant final : public HeatRejectionPlant {
 public:
  Plant(const Spec& spec, Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design)
      : spec_(spec), loop_(loop), plant_(setup(spec, capacity, loop, design)) {}

  RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const override {
    const bool trims = plant_.has_chillers();
    RejectionEffort effort = plant_.effort(trims ? TowerPath::partial : TowerPath::free, point, notes).rejection;
    effort.mode = effort.wanted_mode = effort.chillers.value > 0.0 ? kTrim : kFree;
    if (!trims && point.heat.value > 0.0) {
      const KelvinDelta missed = plant_.free_leaving(point) - loop_.supply;
      notes.check("cooling tower without trim chiller: supply water above set point [K]",
                  std::max(missed, point.warmer).value, -1e3, 1e-9);
    }
    return effort;
  }
  std::vector<std::string> modes() const override { return {"free", "trim"}; }
  std::vector<std::pair<std::string, double>> ratings() const override { return plant_.ratings(); }
  RejectionUnits units() const override {
    RejectionUnits units{.outdoor_needed = spec_.towers, .outdoor_installed = spec_.towers + spec_.spare_towers};
    if (plant_.has_chillers()) {
      units.chillers_needed = spec_.chillers;
      units.chillers_installed = spec_.chillers + spec_.spare_chillers;
    }
    return units;
  }

 private:
  Spec spec_;
  WaterLoop loop_;
  TowerPlant plant_;
};

}  // namespace

std::unique_ptr<HeatRejection> make_cooling_tower() { return std::make_unique<HeatRejectionOf<Spec, Plant>>(); }

}  // namespace tokenworks::cooling
