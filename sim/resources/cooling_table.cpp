#include "sim/resources/cooling_table.hpp"

namespace tokenworks::resources {
namespace {

using cooling::CoolingEffort;

double per_step(Watts step) { return step.value > 0.0 ? 1.0 / step.value : 0.0; }

CoolingEffort between(const CoolingEffort& a, const CoolingEffort& b, double weight) {
  const auto mix = [weight](Watts x, Watts y) { return x + (y - x) * weight; };
  CoolingEffort mixed = a;
  mixed.air_handler_fans = mix(a.air_handler_fans, b.air_handler_fans);
  mixed.pumps = mix(a.pumps, b.pumps);
  mixed.chillers = mix(a.chillers, b.chillers);
  mixed.heat_rejection_fans = mix(a.heat_rejection_fans, b.heat_rejection_fans);
  mixed.heat_to_liquid = mix(a.heat_to_liquid, b.heat_to_liquid);
  return mixed;
}

}  // namespace

CoolingTable::CoolingTable(const cooling::CoolingPlant& plant, const cooling::HeatLoad& range)
    : plant_(plant),
      liquid_step_(range.liquid / static_cast<double>(kSteps)),
      air_step_(range.air / static_cast<double>(kSteps)),
      per_liquid_step_(per_step(liquid_step_)),
      per_air_step_(per_step(air_step_)),
      rows_(kSteps + 1) {}

void CoolingTable::set_weather(const weather::WeatherPoint& weather) {
  outside_ = weather;
  ++weather_;
}

CoolingEffort CoolingTable::effort(const cooling::HeatLoad& load) {
  const double liquid = load.liquid.value * per_liquid_step_, air = load.air.value * per_air_step_;
  const bool inside = liquid < kSteps && air < kSteps && (per_liquid_step_ > 0.0 || load.liquid.value <= 0.0) &&
                      (per_air_step_ > 0.0 || load.air.value <= 0.0);
  if (!inside) {
    ValidityNotes unused;  // the facility notes what it holds, not what a table asks
    return plant_.effort({.load = load, .outside = outside_}, unused);
  }
  const auto i = static_cast<std::size_t>(liquid), j = static_cast<std::size_t>(air);
  const double liquid_weight = liquid - static_cast<double>(i), air_weight = air - static_cast<double>(j);
  const CoolingEffort low = between(at(i, j), at(i, j + 1), air_weight);
  if (liquid_weight == 0.0) return low;
  return between(low, between(at(i + 1, j), at(i + 1, j + 1), air_weight), liquid_weight);
}

const CoolingEffort& CoolingTable::at(std::size_t liquid, std::size_t air) {
  std::unique_ptr<Knot[]>& row = rows_[liquid];
  if (!row) row = std::make_unique<Knot[]>(kSteps + 1);
  Knot& knot = row[air];
  if (knot.weather != weather_) fill(knot, liquid, air);
  return knot.effort;
}

void CoolingTable::fill(Knot& knot, std::size_t liquid, std::size_t air) const {
  ValidityNotes unused;
  knot.effort = plant_.effort(
      {.load = {liquid_step_ * static_cast<double>(liquid), air_step_ * static_cast<double>(air)}, .outside = outside_},
      unused);
  knot.weather = weather_;
}

}  // namespace tokenworks::resources
