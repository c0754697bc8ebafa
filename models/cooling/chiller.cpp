#include "models/cooling/chiller.hpp"

#include <algorithm>

namespace tokenworks::cooling {
namespace {

constexpr double kLeastLift = 8.0;  // K, keeps the ideal ratio finite when the condenser is as cold as the water
constexpr double kLargestCarnotShare = 0.75;

double biquadratic(const double (&c)[6], double evaporator, double condenser) {
  return c[0] + evaporator * (c[1] + c[2] * evaporator) + condenser * (c[3] + c[4] * condenser) +
         c[5] * evaporator * condenser;
}

/// COP of the ideal cycle between the leaving water and the condensing refrigerant.
double ideal_cop(double evaporator, double condensing) {
  return (evaporator + 273.15) / std::max(condensing - evaporator, kLeastLift);
}

/// Where the machine works, and the nearest point of its curves.
struct Temperatures {
  double evaporator, condenser;
  double curve_evaporator, curve_condenser;
};

/// Colder air than the curves know brings nothing, nor does a lift below the least: head pressure is held.
Temperatures temperatures(const ChillerCurves& curves, Celsius leaving, Celsius condenser) {
  const double lowest = std::max(curves.condenser_minimum, leaving.value + kLeastLift - curves.condensing_approach);
  const double held = std::max(condenser.value, lowest);
  return {leaving.value, held, std::clamp(leaving.value, curves.evaporator_minimum, curves.evaporator_maximum),
          std::min(held, curves.condenser_maximum)};
}

}  // namespace

const ChillerCurves& air_cooled_path_a() {
  // Curves: NREL openstudio-standards, ashrae_90_1.curves.json, "AirCooled_Chiller_2010_PathA". Reference COP: 9.562
  // Btu/Wh (90.1-2010, remembered). Least part load: estimate. Condensing approach: implied by the curves' share of
  // Carnot at 35 degC.
  static constexpr ChillerCurves kCurves = {
      .reference_cop = 2.80,
      .capacity = {1.0433825, 0.0407073, 0.0004506, -0.0041514, -8.86e-05, -0.0003467},
      .input_ratio = {0.5961915, -0.0099496, 0.0007888, 0.0004506, 0.0004875, -0.0007623},
      .part_load = {0.141, 0.655, 0.203},
      .evaporator_minimum = 5.0,
      .evaporator_maximum = 10.0,
      .condenser_minimum = 12.7,
      .condenser_maximum = 51.67,
      .least_part_load = 0.1,
      .most_part_load = 1.0,
      .condensing_approach = 17.5,
  };
  return kCurves;
}

Chiller::Chiller(const ChillerCurves& curves, Watts capacity, Celsius leaving, Celsius condenser)
    : curves_(&curves), capacity_(capacity) {
  const Temperatures t = temperatures(curves, leaving, condenser);
  reference_ = capacity / biquadratic(curves.capacity, t.curve_evaporator, t.curve_condenser);
}

Watts Chiller::available(Celsius leaving, Celsius condenser) const {
  const Temperatures t = temperatures(*curves_, leaving, condenser);
  return reference_ * biquadratic(curves_->capacity, t.curve_evaporator, t.curve_condenser);
}

Capability Chiller::capability(Celsius leaving, Celsius condenser, double in_service) const {
  constexpr KelvinDelta kWarmer{1.0};
  const Watts here = available(leaving, condenser), warmer = available(leaving + kWarmer, condenser);
  return {here * in_service, std::max(warmer - here, Watts(0)) * in_service / kWarmer};
}

Watts Chiller::power(Watts heat, Celsius leaving, Celsius condenser, ValidityNotes& notes) const {
  if (heat.value <= 0.0 || reference_.value <= 0.0) return Watts(0);
  const ChillerCurves& curves = *curves_;
  const Temperatures t = temperatures(curves, leaving, condenser);
  const Watts available = this->available(leaving, condenser);
  const double load = heat / available;
  notes.check("chiller: load [share of the capacity at hand]", load, 0.0, curves.most_part_load);
  notes.check("chiller: condenser inlet [degC]", condenser.value, -60.0, curves.condenser_maximum);

  const double curve_load = std::clamp(load, curves.least_part_load, curves.most_part_load);
  const double part_load = curves.part_load[0] + curve_load * (curves.part_load[1] + curves.part_load[2] * curve_load);
  // Cycling below the least load, and proportional growth above the most, where no machine is left.
  const double scale = load / curve_load;
  const double input_ratio = biquadratic(curves.input_ratio, t.curve_evaporator, t.curve_condenser);
  const Watts curve_power = available * (input_ratio * part_load * scale / curves.reference_cop);

  const double approach = curves.condensing_approach;
  const double lift_ratio =
      ideal_cop(t.curve_evaporator, t.curve_condenser + approach) / ideal_cop(t.evaporator, t.condenser + approach);
  // The condenser's approach shrinks with the heat through it.
  const double limit = kLargestCarnotShare * ideal_cop(t.evaporator, t.condenser + approach * curve_load);
  return std::max(curve_power * lift_ratio, heat / limit);
}

}  // namespace tokenworks::cooling
