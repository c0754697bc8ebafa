#include "models/cooling/chiller.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace tokenworks::cooling {
namespace {

constexpr double kVapourRange = 20.0;  // K beyond the curves in which a chiller's capacity grows, an estimate
constexpr double kLeastLift = 8.0;     // K, keeps the ideal ratio finite when the condenser is as cold as the water
constexpr double kLargestCarnotShare = 0.75;
constexpr double kWarmestLeaving = 45.0;  // degC, end of the warm-water extension
// Keeps a machine from being chosen beyond its most load while another stands still.
constexpr double kOverloadPenalty = 20.0;

// Curves of the first five and the last: EnergyPlus datasets/Chillers.idf (CoolTools data; the last by LBNL), read
// through the records of LBNL Buildings c4117cc, "Fluid.Chillers.Data.ElectricEIR". Condensing approach: 5 K rise of
// the condenser water and 2 K pinch. air_cooled_path_a: NREL openstudio-standards, ashrae_90_1.curves.json,
// "AirCooled_Chiller_2010_PathA". Reference COP: 9.562 Btu/Wh (90.1-2010, remembered). Least part load: estimate.
// Condensing approach of the two air-cooled ones: implied by the curves' share of Carnot at 35 degC.
constexpr ChillerCurves kCurves[] = {
    {.name = "york_yk_2771kw_vsd",
     .reference_cop = 6.84,
     .reference_evaporator = 5.56,
     .reference_condenser = 23.89,
     .capacity = {7.734286E-01, 4.848829E-02, -1.859209E-03, 2.611971E-02, -1.243562E-03, 7.210181E-04},
     .input_ratio = {7.203736E-01, 1.030460E-02, -7.854237E-04, -1.206349E-03, 8.210060E-04, -1.455414E-03},
     .part_load = {8.653354E-02, 1.737382E-01, 7.403679E-01},
     .evaporator_minimum = 4.44,
     .evaporator_maximum = 8.89,
     .condenser_minimum = 12.78,
     .condenser_maximum = 29.44,
     .least_part_load = 0.20,
     .most_part_load = 1.02,
     .condensing_approach = 7.0},
    {.name = "carrier_19ex_5208kw_vanes",
     .reference_cop = 6.88,
     .reference_evaporator = 6.67,
     .reference_condenser = 26.11,
     .capacity = {5.563516E-01, -4.106264E-02, -3.164992E-03, 5.722234E-02, -2.313857E-03, 5.377616E-03},
     .input_ratio = {5.198204E-01, -1.523340E-02, -6.391523E-04, 2.170049E-02, 2.423693E-05, 1.432604E-04},
     .part_load = {2.334262E-01, 3.926783E-01, 3.731320E-01},
     .evaporator_minimum = 4.44,
     .evaporator_maximum = 8.89,
     .condenser_minimum = 15.56,
     .condenser_maximum = 29.44,
     .least_part_load = 0.20,
     .most_part_load = 1.03,
     .condensing_approach = 7.0},
    {.name = "trane_cvhf_2317kw_vsd",
     .reference_cop = 6.33,
     .reference_evaporator = 5.56,
     .reference_condenser = 29.44,
     .capacity = {7.277716E-01, 1.018101E-02, -6.282438E-04, 1.337701E-02, -5.050352E-04, 1.527259E-03},
     .input_ratio = {3.502330E-01, -2.301510E-02, 5.749596E-04, 1.902421E-02, 3.109974E-04, -4.714517E-04},
     .part_load = {9.861441E-02, 5.297727E-01, 3.707229E-01},
     .evaporator_minimum = 4.44,
     .evaporator_maximum = 8.89,
     .condenser_minimum = 12.78,
     .condenser_maximum = 29.44,
     .least_part_load = 0.10,
     .most_part_load = 1.04,
     .condensing_approach = 7.0},
    {.name = "york_ys_1758kw_screw",
     .reference_cop = 5.84,
     .reference_evaporator = 6.67,
     .reference_condenser = 29.44,
     .capacity = {8.130185E-01, -1.425368E-02, -1.618007E-03, 2.638417E-02, -9.154379E-04, 1.696015E-03},
     .input_ratio = {6.381264E-01, 6.304193E-03, 9.233511E-04, -4.552881E-03, 8.256904E-04, -1.561533E-03},
     .part_load = {3.149879E-01, 3.171267E-01, 3.709077E-01},
     .evaporator_minimum = 4.44,
     .evaporator_maximum = 8.89,
     .condenser_minimum = 12.78,
     .condenser_maximum = 35.0,
     .least_part_load = 0.20,
     .most_part_load = 1.04,
     .condensing_approach = 7.0},
    {.name = "york_yk_4396kw_vanes",
     .reference_cop = 6.63,
     .reference_evaporator = 6.67,
     .reference_condenser = 26.67,
     .capacity = {3.693621E-01, -7.284715E-02, -4.871930E-03, 1.223355E-01, -5.368259E-03, 1.035036E-02},
     .input_ratio = {5.913358E-01, -5.974145E-02, 8.176561E-04, 3.987353E-02, -8.176694E-04, 1.457994E-03},
     .part_load = {3.021070E-01, 3.103971E-02, 6.669726E-01},
     .evaporator_minimum = 4.44,
     .evaporator_maximum = 7.78,
     .condenser_minimum = 12.78,
     .condenser_maximum = 26.67,
     .least_part_load = 0.41,
     .most_part_load = 1.06,
     .condensing_approach = 7.0},
    {.name = "air_cooled_path_a",
     .reference_cop = 2.80,
     .reference_evaporator = 6.67,
     .reference_condenser = 35.0,
     .capacity = {1.0433825, 0.0407073, 0.0004506, -0.0041514, -8.86e-05, -0.0003467},
     .input_ratio = {0.5961915, -0.0099496, 0.0007888, 0.0004506, 0.0004875, -0.0007623},
     .part_load = {0.141, 0.655, 0.203},
     .evaporator_minimum = 5.0,
     .evaporator_maximum = 10.0,
     .condenser_minimum = 12.7,
     .condenser_maximum = 51.67,
     .least_part_load = 0.1,
     .most_part_load = 1.0,
     .condensing_approach = 17.5},
    {.name = "york_ycal_100kw_scroll",
     .reference_cop = 3.1,
     .reference_evaporator = 6.67,
     .reference_condenser = 35.0,
     .capacity = {-0.2660645697, 0.0998714035, -0.0023814154, 0.0628316481, -0.0009644649, -0.0011249224},
     .input_ratio = {0.1807017787, 0.0271530312, -0.0004553574, 0.0188175079, 0.0002623276, -0.0012881189},
     .part_load = {0.0, 1.0, 0.0},
     .evaporator_minimum = 4.44,
     .evaporator_maximum = 10.0,
     .condenser_minimum = 23.89,
     .condenser_maximum = 51.67,
     .least_part_load = 0.10,
     .most_part_load = 1.15,
     .condensing_approach = 17.5},
};

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

const ChillerCurves& chiller_curves(std::string_view name) {
  for (const ChillerCurves& curves : kCurves) {
    if (curves.name == name) return curves;
  }
  throw std::invalid_argument("no chiller curves are named \"" + std::string(name) + "\"");
}

const ChillerCurves& air_cooled_path_a() {
  static const ChillerCurves& curves = chiller_curves("air_cooled_path_a");
  return curves;
}

Chiller::Chiller(const ChillerCurves& curves, Watts capacity, Celsius leaving, Celsius condenser, std::int64_t machines)
    : curves_(&curves), capacity_(capacity), machines_(static_cast<double>(std::max<std::int64_t>(machines, 1))) {
  const Temperatures t = temperatures(curves, leaving, condenser);
  reference_ = capacity / biquadratic(curves.capacity, t.curve_evaporator, t.curve_condenser);
}

Watts Chiller::available(Celsius leaving, Celsius condenser) const {
  const Temperatures t = temperatures(*curves_, leaving, condenser);
  return reference_ * biquadratic(curves_->capacity, t.curve_evaporator, t.curve_condenser);
}

Capability Chiller::capability(Celsius leaving, Celsius condenser, double in_service, KelvinDelta warmer) const {
  // Warmer water than the curves know makes denser vapour: from its set point, or where the curve ends, capacity goes
  // on growing straight, for so far.
  const Temperatures t = temperatures(*curves_, leaving, condenser);
  const double ends = curves_->evaporator_maximum, from = std::max(ends, leaving.value);
  const double last = biquadratic(curves_->capacity, ends, t.curve_condenser);
  const double growth = std::max(1.0 - biquadratic(curves_->capacity, ends - 1.0, t.curve_condenser) / last, 0.0);
  return capability_at(
      [&](KelvinDelta by) {
        const double water = leaving.value + by.value, beyond = std::clamp(water - from, 0.0, kVapourRange);
        return available(Celsius(std::min(water, from)), condenser) * (in_service * (1.0 + growth * beyond));
      },
      warmer);
}

ChillerWork Chiller::work(Watts heat, Celsius leaving, Celsius condenser, double in_service,
                          ValidityNotes& notes) const {
  const double at_hand = machines_ * in_service;
  if (heat.value <= 0.0 || reference_.value <= 0.0 || at_hand <= 0.0) return {};
  const ChillerCurves& curves = *curves_;
  const Temperatures t = temperatures(curves, leaving, condenser);
  const Watts available = this->available(leaving, condenser) / machines_;  // of one
  notes.check("chiller: load [share of the capacity at hand]", heat / (available * at_hand), 0.0,
              curves.most_part_load);
  notes.check("chiller: condenser inlet [degC]", condenser.value, -60.0, curves.condenser_maximum);
  notes.check("chiller: leaving water [degC]", leaving.value, curves.evaporator_minimum, kWarmestLeaving);

  const double input_ratio = biquadratic(curves.input_ratio, t.curve_evaporator, t.curve_condenser);
  const double approach = curves.condensing_approach;
  const double lift_ratio =
      ideal_cop(t.curve_evaporator, t.curve_condenser + approach) / ideal_cop(t.evaporator, t.condenser + approach);
  const auto work_of = [&](double running, bool is_last) {
    const double load = heat / (available * running);
    const double curve_load = std::clamp(load, curves.least_part_load, curves.most_part_load);
    const double part_load =
        curves.part_load[0] + curve_load * (curves.part_load[1] + curves.part_load[2] * curve_load);
    // Cycling below the least load, and proportional growth above the most, where no machine is left.
    double scale = load / curve_load;
    if (!is_last && load > curves.most_part_load) scale *= 1.0 + kOverloadPenalty * (scale - 1.0);
    const Watts curve_power = available * (running * input_ratio * part_load * scale / curves.reference_cop);
    // The condenser's approach shrinks with the heat through it.
    const double limit = kLargestCarnotShare * ideal_cop(t.evaporator, t.condenser + approach * curve_load);
    return ChillerWork{std::max(curve_power * lift_ratio, heat / limit), running, load};
  };

  ChillerWork best = work_of(at_hand, true);
  for (double running = 1.0; running < at_hand - 1e-9; running += 1.0) {
    const ChillerWork work = work_of(running, false);
    if (work.power < best.power) best = work;
  }
  return best;
}

}  // namespace tokenworks::cooling
