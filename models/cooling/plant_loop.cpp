#include "models/cooling/plant_loop.hpp"

#include <fmt/format.h>

namespace tokenworks::cooling {

void give_off(const HeatRejectionPlant& rejection, const PlantPoint& point, Loop loop, CoolingEffort& effort,
              ValidityNotes& notes) {
  LoopEffort& at = effort.loops[loop];
  const RejectionEffort outside = rejection.effort({.heat = at.heat,
                                                    .outside = point.outside,
                                                    .mode = point.modes[loop],
                                                    .warmer = point.warmer[loop],
                                                    .chillers = point.condition.of(Part::chillers),
                                                    .outdoor = point.condition.of(Part::outdoor_units)},
                                                   notes);
  effort.pumps += outside.pumps;
  effort.chillers += outside.chillers;
  effort.heat_rejection_fans += outside.fans;
  effort.heat_reused += outside.heat_reused;
  effort.water += outside.water;
  at.capability = outside.capability;
  at.mode = outside.mode;
  at.wanted_mode = outside.wanted_mode;
}

void check_rise(const ExchangerRating& rating, std::string_view between, const std::string& pointer,
                OptionFaults& faults) {
  if (is_possible(rating)) return;
  faults.emplace_back(pointer, fmt::format("is {:.4g} K, needs less than the {:.4g} K between {}",
                                           rating.cold_rise.value, (rating.hot_drop + rating.approach).value, between));
}

void LoopVolumeSpec::visit(FieldVisitor& v) {
  field(v, "facility_volume_l_per_kw", litres_per_kw, "Water in the loop to the heat rejection, of rated heat",
        rule().above(0).default_from('E', "5 to 10 l/kW with pipes"));
  field(v, "buffer_tank_m3", buffer_m3, "Buffer tank in that loop", rule().at_least(0));
}

double LoopVolumeSpec::heat_capacity(Watts design) const {
  const double buffer = design.value > 0.0 ? buffer_m3 * kWater.per_volume().value / design.value : 0.0;
  return heat_capacity_per_watt(kWater, litres_per_kw) + buffer;
}

}  // namespace tokenworks::cooling
