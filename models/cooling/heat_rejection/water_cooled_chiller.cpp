// Question   what chillers on towers draw to cool the water to its set point, helped by an integrated water-side
//            economiser
// Equation   tower_plant.hpp; modes free, partial, mechanical with dead bands: free -> partial when the economiser's
//            water is warmer than the set point + 1.1 K; partial -> mechanical when the return is colder than its water
//            + 0.5 K; mechanical -> partial when the return is warmer than wet bulb + tower approach + 1.1 K; partial
//            -> free when its water is at or below the set point
// Source     LBNL Buildings c4117cc, Controls.CoolingMode; dead bands: estimates
// Valid for  chiller.hpp, tower.hpp; the caller holds a mode for 1,200 s at least, as that control does
// Checked by tests/models/cooling/heat_rejection_test.cpp
#include <algorithm>

#include "models/cooling/tower_plant.hpp"

namespace tokenworks::cooling {
namespace {

constexpr std::size_t kFree = 0, kPartial = 1, kMechanical = 2;

struct Spec {
  std::string curves = "york_yk_2771kw_vsd";
  std::int64_t chillers = 4, spare_chillers = 1, towers = 4, spare_towers = 1;
  TowerSpec tower;
  KelvinDelta condenser_rise{5.0};
  Pascals condenser_head{200e3};
  Celsius condenser_water{18.0}, least_condenser_water{12.8}, most_condenser_water{40.0};
  bool economiser = true;
  KelvinDelta economiser_approach{2.0};
  KelvinDelta leave_free{1.1}, leave_partial{0.5}, leave_mechanical{1.1}, enter_free{0.0};

  void visit(FieldVisitor& v) {
    field(v, "curves", curves, "Published curves of capacity and power", rule().one_of(kWaterCooledChillers));
    field(v, "chillers", chillers, "Machines that carry the design load, staged by least power",
          rule().at_least(1).at_most(1000).default_from('E', "A common number"));
    field(v, "spare_chillers", spare_chillers, "Machines beyond the need",
          rule().at_least(0).at_most(1000).default_from('E', "Usual practice"));
    field(v, "towers", towers, "Cells that carry the design load",
          rule().at_least(1).at_most(1000).default_from('E', "A common number"));
    field(v, "spare_towers", spare_towers, "Cells beyond the need",
          rule().at_least(0).at_most(1000).default_from('E', "Usual practice"));
    field(v, "tower", tower, "The cooling tower");
    field(v, "condenser_rise_k", condenser_rise, "Temperature rise of the condenser water",
          rule().above(0).at_most(20).default_from('E', "The rise behind the curves' condensing temperature"));
    field(v, "condenser_head_pa", condenser_head, "Head of the condenser water pumps",
          rule().at_least(0).default_from('E', "150 to 250 kPa are common"));
    field(v, "condenser_water_c", condenser_water,
          "Least set point of the tower's water while chillers work alone; else wet bulb + approach_k of the tower",
          rule().at_least(5).at_most(40).default_from('E', "Between the least and the design temperature"));
    field(v, "least_condenser_water_c", least_condenser_water, "Condenser water is not colder; a bypass keeps it",
          rule().at_least(5).at_most(40).default_from('E', "Lower end of the published curves"));
    field(v, "most_condenser_water_c", most_condenser_water, "Condenser water at which the chillers trip",
          rule().at_least(20).at_most(60).default_from('E', "Room above the published curves' 29 to 35 degC"));
    field(v, "economiser", economiser, "Tower water cools the loop through an exchanger where it can");
    field(v, "economiser_approach_k", economiser_approach, "Loop water above tower water at the exchanger",
          rule().above(0).at_most(20).default_from('E', "Plate exchangers of 1 to 3 K are common"));
    field(v, "leave_free_k", leave_free, "Dead band: free cooling ends so far above the set point",
          rule().at_least(0).at_most(10).default_from('E', "LBNL Buildings example"));
    field(v, "leave_partial_k", leave_partial, "Dead band: the economiser ends with so little left to cool",
          rule().at_least(0).at_most(10).default_from('E', "LBNL Buildings example"));
    field(v, "leave_mechanical_k", leave_mechanical, "Dead band: the economiser begins with so much to cool",
          rule().at_least(0).at_most(10).default_from('E', "LBNL Buildings example"));
    field(v, "enter_free_k", enter_free, "Dead band: free cooling begins with water so far above the set point",
          rule().at_least(-10).at_most(10).default_from('E', "LBNL Buildings example"));
  }
};

TowerPlantSetup setup(const Spec& spec, Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design) {
  TowerPlantSetup setup;
  setup.capacity = capacity;
  setup.loop = loop;
  setup.design = design;
  setup.tower = spec.tower;
  setup.tower_range = spec.condenser_rise;
  setup.exchanger_approach = spec.economiser_approach;
  setup.pump_head = spec.condenser_head;
  setup.curves = &chiller_curves(spec.curves);
  setup.chillers_carry_all = true;
  setup.chillers = spec.chillers;
  setup.condenser_water = spec.condenser_water;
  setup.least_condenser_water = spec.least_condenser_water;
  setup.most_condenser_water = spec.most_condenser_water;
  return setup;
}

class Plant final : public HeatRejectionPlant {
 public:
  Plant(const Spec& spec, Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design)
      : spec_(spec), loop_(loop), plant_(setup(spec, capacity, loop, design)) {}

  RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const override {
    const std::size_t mode = spec_.economiser ? std::min(point.mode, kMechanical) : kMechanical;
    const TowerPlantEffort work = plant_.effort(static_cast<TowerPath>(mode), point, notes);
    RejectionEffort effort = work.rejection;
    // Without an economiser there is one mode.
    effort.mode = spec_.economiser ? mode : 0;
    effort.wanted_mode = spec_.economiser ? wanted(mode, point, work) : 0;
    return effort;
  }
  std::vector<std::string> modes() const override {
    if (!spec_.economiser) return {"mechanical"};
    return {"free", "partial", "mechanical"};
  }
  std::vector<std::pair<std::string, double>> ratings() const override { return plant_.ratings(); }
  RejectionUnits units() const override {
    return {spec_.chillers, spec_.chillers + spec_.spare_chillers, spec_.towers, spec_.towers + spec_.spare_towers};
  }

 private:
  std::size_t wanted(std::size_t mode, const RejectionPoint& point, const TowerPlantEffort& work) const {
    const Celsius returning = plant_.return_water(point);
    switch (mode) {
      case kFree:
        return plant_.free_leaving(point) > loop_.supply + spec_.leave_free ? kPartial : kFree;
      case kPartial:
        if (plant_.free_leaving(point) <= loop_.supply + spec_.enter_free) return kFree;
        return returning < work.exchanger_leaving + spec_.leave_partial ? kMechanical : kPartial;
      default:
        return returning >
                       plant_.coldest_tower_water(point.heat + work.rejection.chillers, point) + spec_.leave_mechanical
                   ? kPartial
                   : kMechanical;
    }
  }

  Spec spec_;
  WaterLoop loop_;
  TowerPlant plant_;
};

}  // namespace

std::unique_ptr<HeatRejection> make_water_cooled_chiller() { return std::make_unique<HeatRejectionOf<Spec, Plant>>(); }

}  // namespace tokenworks::cooling
