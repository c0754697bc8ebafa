#include "sim/resources/cooling_table.hpp"

namespace tokenworks::resources {
namespace {

using cooling::Loop;

double per_step(Watts step) { return step.value > 0.0 ? 1.0 / step.value : 0.0; }

/// Modes are those of `a`.
CoolingFigures between(const CoolingFigures& a, const CoolingFigures& b, double weight) {
  CoolingFigures mixed = a;
  for (std::size_t i = 0; i < mixed.values.size(); ++i) mixed.values[i] += (b.values[i] - a.values[i]) * weight;
  return mixed;
}

}  // namespace

CoolingFigures::CoolingFigures(const cooling::CoolingEffort& effort) {
  values = {effort.air_handler_fans.value,    effort.pumps.value,          effort.chillers.value,
            effort.heat_rejection_fans.value, effort.heat_to_liquid.value, effort.heat_reused.value,
            effort.water.evaporation.value,   effort.water.drift.value,    effort.water.blow_down.value,
            effort.rack_supply.value,         effort.server_inlet.value,   effort.loops[Loop::main].supply.value};
  for (const Loop loop : {Loop::main, Loop::residual_air}) {
    mode[loop] = static_cast<std::uint8_t>(effort.loops[loop].mode);
    wanted_mode[loop] = static_cast<std::uint8_t>(effort.loops[loop].wanted_mode);
  }
}

CoolingTable::CoolingTable(const cooling::CoolingPlant& plant, const cooling::HeatLoad& range)
    : plant_(plant),
      liquid_step_(range.liquid / static_cast<double>(kSteps)),
      air_step_(range.air / static_cast<double>(kSteps)),
      per_liquid_step_(per_step(liquid_step_)),
      per_air_step_(per_step(air_step_)),
      rows_(kSteps + 1) {}

void CoolingTable::set_state(const cooling::PlantPoint& state) {
  state_ = state;
  ++state_number_;
}

CoolingFigures CoolingTable::effort(const cooling::HeatLoad& load) {
  const double liquid = load.liquid.value * per_liquid_step_, air = load.air.value * per_air_step_;
  const bool inside = liquid < kSteps && air < kSteps && (per_liquid_step_ > 0.0 || load.liquid.value <= 0.0) &&
                      (per_air_step_ > 0.0 || load.air.value <= 0.0);
  if (!inside) return ask(load);
  const auto i = static_cast<std::size_t>(liquid), j = static_cast<std::size_t>(air);
  const double liquid_weight = liquid - static_cast<double>(i), air_weight = air - static_cast<double>(j);
  const CoolingFigures low = between(at(i, j), at(i, j + 1), air_weight);
  if (liquid_weight == 0.0) return low;
  return between(low, between(at(i + 1, j), at(i + 1, j + 1), air_weight), liquid_weight);
}

const CoolingFigures& CoolingTable::at(std::size_t liquid, std::size_t air) {
  std::unique_ptr<Knot[]>& row = rows_[liquid];
  if (!row) row = std::make_unique<Knot[]>(kSteps + 1);
  Knot& knot = row[air];
  if (knot.state != state_number_) {
    knot.figures = ask({liquid_step_ * static_cast<double>(liquid), air_step_ * static_cast<double>(air)});
    knot.state = state_number_;
  }
  return knot.figures;
}

CoolingFigures CoolingTable::ask(const cooling::HeatLoad& load) {
  state_.load = load;
  ValidityNotes unused;  // the facility notes what it holds, not what a table asks
  return CoolingFigures(plant_.effort(state_, unused));
}

}  // namespace tokenworks::resources
