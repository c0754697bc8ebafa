#include "models/cooling/tower.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/cooling/heat_exchanger.hpp"
#include "models/core/rising_root.hpp"
#include "models/weather/psychrometrics.hpp"

namespace tokenworks::cooling {
namespace {

// Orders: wet bulb fastest, then range, then L.
constexpr double kYorkCalc[3][3][3] = {
    {{-0.359741205, -0.055053608, 0.0023850432},
     {0.173926877, -0.0248473764, 0.00048430224},
     {-0.005589849456, 0.0005770079712, -0.00001342427256}},
    {{2.84765801111111, -0.121765149, 0.0014599242},
     {1.680428651, -0.0166920786, -0.0007190532},
     {-0.025485194448, 0.0000487491696, 0.00002719234152}},
    {{-0.0653766255555556, -0.002278167, 0.0002500254},
     {-0.0910565458, 0.00318176316, 0.000038621772},
     {-0.0034285382352, 0.00000856589904, -0.000001516821552}},
};
constexpr double kColdestWetBulb = -34.4, kWarmestWetBulb = 26.7;  // degC
constexpr double kLeastRange = 1.1, kMostRange = 22.2;             // K
constexpr double kLeastApproach = 1.1, kMostApproach = 40.0;       // K
constexpr double kMostRatio = 4.0;                                 // L, below where the polynomial turns over
constexpr double kLeastRatio = 0.1;
constexpr double kMostWaterShare = 1.25;
constexpr double kLeastMerkelAir = 0.2, kLeastMerkelWater = 0.3, kMostMerkelWater = 1.0;
constexpr double kTolerance = 1e-12;   // of shares and logarithms
constexpr double kWaterHeat = 4186.0;  // J/(kg K), as in the wet bulb of psychrometrics.hpp

/// Coefficients of L in the approach.
std::array<double, 3> yorkcalc_quadratic(double wet_bulb, double range) {
  std::array<double, 3> quadratic{};
  for (std::size_t i = 0; i < quadratic.size(); ++i) {
    const auto& c = kYorkCalc[i];
    const auto of_wet_bulb = [&](int j) { return c[j][0] + wet_bulb * (c[j][1] + wet_bulb * c[j][2]); };
    quadratic[i] = of_wet_bulb(0) + range * (of_wet_bulb(1) + range * of_wet_bulb(2));
  }
  return quadratic;
}

JoulesPerKilogram saturated_enthalpy(Celsius temperature, Pascals pressure) {
  return weather::enthalpy(temperature, weather::saturated_humidity_ratio(temperature, pressure));
}

/// Temperature of saturated air of an enthalpy above that at `from`: Newton on a convex function.
Celsius saturation_at(JoulesPerKilogram enthalpy, Celsius from, Pascals pressure) {
  constexpr double kWarmest = 80.0;
  double t = from.value + 5.0;
  for (int i = 0; i < 30; ++i) {
    const double here = saturated_enthalpy(Celsius(t), pressure).value;
    const double slope = (saturated_enthalpy(Celsius(t + 1e-3), pressure).value - here) / 1e-3;
    const double next = std::min(t - (here - enthalpy.value) / slope, kWarmest);
    if (std::abs(next - t) < 1e-10) return Celsius(next);
    t = next;
  }
  return Celsius(t);
}

double merkel_air_factor(double share) {
  const double x = std::max(share, kLeastMerkelAir);
  return 1.3 * x - 0.3 * x * x;
}
double merkel_water_factor(double share) {
  const double x = std::clamp(share, kLeastMerkelWater, kMostMerkelWater);
  return 0.1082 + 1.667 * x - 0.7713 * x * x;
}

}  // namespace

struct Tower::Approach {
  std::array<double, 3> c;
  double at(double ratio) const {
    return std::clamp(c[0] + ratio * (c[1] + ratio * c[2]), kLeastApproach, kMostApproach);
  }
  /// L at which the approach is reached on the rising branch; 0 where it is out of reach.
  double ratio(double approach) const {
    if (approach < kLeastApproach) return 0.0;
    if (approach >= kMostApproach) return kMostRatio;
    const double above = approach - c[0];
    const double root = c[1] * c[1] + 4.0 * c[2] * above;
    if (root <= 0.0) return kMostRatio;
    const double sum = c[1] + std::sqrt(root);
    if (above <= 0.0 || sum <= 0.0) return 0.0;
    return std::min(2.0 * above / sum, kMostRatio);
  }
};

void TowerSpec::visit(FieldVisitor& v) {
  field(v, "model", model, "Equations of the tower", rule().one_of(kTowerModels));
  field(v, "approach_k", approach, "Leaving water above outdoor wet bulb at rated heat and full fans",
        rule().at_least(kLeastApproach).at_most(20).default_from('E', "Common selections are 3 to 5 K"));
  field(v, "fan_share_of_heat", fan_share_of_heat, "Rated fan power of rated heat",
        rule().share().default_from('E', "1.0 to 1.8 % are common; 2.6 % in an example of LBNL Buildings"));
  field(v, "cycles_of_concentration", cycles_of_concentration, "Of salts in the water, by which it is drained",
        rule().above(1).at_most(20).default_from('E', "3 to 6 are common; EnergyPlus default 3"));
  field(v, "drift_share", drift_share, "Droplets lost, of the circulating water",
        rule().share().default_from('V', "EnergyPlus default, 0.008 %"));
  field(v, "water_to_air", water_to_air, "Mass flow of water over that of air, rated; used by merkel",
        rule().above(0).at_most(4).default_from('E', "Common selections are 1 to 1.5"));
}

double yorkcalc_approach(double wet_bulb, double range, double water_to_air_share) {
  const std::array<double, 3> c = yorkcalc_quadratic(wet_bulb, range);
  return c[0] + water_to_air_share * (c[1] + water_to_air_share * c[2]);
}

Tower::Tower(const TowerSpec& spec, Watts capacity, KelvinDelta range, const weather::WeatherPoint& design)
    : merkel_(spec.model == "merkel"),
      capacity_(capacity),
      range_(range),
      rated_fans_(capacity * spec.fan_share_of_heat),
      evaporation_to_blow_down_(1.0 / (spec.cycles_of_concentration - 1.0)),
      drift_share_(spec.drift_share),
      water_to_air_(spec.water_to_air),
      design_wet_bulb_(design.wet_bulb.value) {
  // Colder designs, where the polynomial cannot reach the approach, get a tower with a larger one.
  const double ratio = yorkcalc(design.wet_bulb).ratio(spec.approach.value);
  design_ratio_ = std::clamp(ratio, kLeastRatio, kMostRatio);
  if (merkel_) {
    conductance_ = 1.0;
    const auto missed = [&](double logarithm) {
      conductance_ = std::exp(logarithm);
      return (design.wet_bulb + spec.approach - merkel_leaving(design, 1.0, 1.0)).value;
    };
    conductance_ = std::exp(rising_root(missed, std::log(1e-2), std::log(1e3), kTolerance).second);
  }
}

Tower::Approach Tower::yorkcalc(Celsius wet_bulb) const {
  return {yorkcalc_quadratic(std::clamp(wet_bulb.value, kColdestWetBulb, kWarmestWetBulb),
                             std::clamp(range_.value, kLeastRange, kMostRange))};
}

Celsius Tower::merkel_leaving(const weather::WeatherPoint& outside, double water_share, double air_share) const {
  const double air_mass = std::max(air_share, kLeastMerkelAir) / water_to_air_;
  const Celsius wet = outside.wet_bulb;
  const JoulesPerKilogram entering = saturated_enthalpy(wet, outside.pressure);
  const JoulesPerKilogram leaving = entering + JoulesPerKilogram(range_.value * kWaterHeat * water_share / air_mass);
  const Celsius leaving_wet = saturation_at(leaving, wet, outside.pressure);
  const double air_heat = (leaving - entering).value / (leaving_wet - wet).value / kWaterHeat;  // over water's
  const double water = water_share, air = air_mass * air_heat;
  const double smaller = std::min(water, air), larger = std::max(water, air);
  const double conductance = conductance_ * (1.0 + 0.0081 * (design_wet_bulb_ - wet.value)) *
                             merkel_air_factor(air_share) * merkel_water_factor(water_share);
  const double effectiveness = counter_flow_effectiveness(conductance / smaller, smaller / larger);
  return wet + range_ * (water / (effectiveness * smaller) - 1.0);
}

Celsius Tower::coldest(Watts heat, const weather::WeatherPoint& outside, double in_service) const {
  constexpr KelvinDelta kNoTower{kMostApproach};
  if (in_service <= 0.0 || capacity_.value <= 0.0) return outside.wet_bulb + kNoTower;
  const double water = water_share(std::max(heat, capacity_ * 1e-6), in_service);
  if (merkel_) return std::min(merkel_leaving(outside, water, 1.0), outside.wet_bulb + kNoTower);
  return outside.wet_bulb + KelvinDelta(yorkcalc(outside.wet_bulb).at(std::min(design_ratio_ * water, kMostRatio)));
}

double Tower::fan_share(Watts heat, const weather::WeatherPoint& outside, Celsius target, double in_service) const {
  if (in_service <= 0.0 || heat.value <= 0.0 || capacity_.value <= 0.0) return 0.0;
  const double water = water_share(heat, in_service);
  if (merkel_) {
    const auto below = [&](double air) { return (target - merkel_leaving(outside, water, air)).value; };
    return rising_root(below, kLeastMerkelAir, 1.0, kTolerance).second;
  }
  const double ratio = yorkcalc(outside.wet_bulb).ratio((target - outside.wet_bulb).value);
  if (ratio <= 0.0) return 1.0;
  return std::min(design_ratio_ * water / ratio, 1.0);
}

Watts Tower::fans(double share, double in_service) const { return rated_fans_ * (in_service * share * share * share); }

Watts Tower::most_heat(Celsius leaving, const weather::WeatherPoint& outside, double in_service) const {
  if (in_service <= 0.0) return Watts(0);
  double water = 0.0;
  if (merkel_) {
    const auto above = [&](double share) { return (merkel_leaving(outside, share, 1.0) - leaving).value; };
    if (above(1e-6) < 0.0) water = rising_root(above, 1e-6, kMostWaterShare, kTolerance).second;
  } else {
    water = yorkcalc(outside.wet_bulb).ratio((leaving - outside.wet_bulb).value) / design_ratio_;
  }
  return capacity_ * (in_service * std::min(water, kMostWaterShare));
}

WaterUse Tower::water(Watts heat, Celsius leaving, const weather::WeatherPoint& outside) const {
  if (heat.value <= 0.0) return {};
  const Celsius exit = leaving + range_ * 0.5;
  const double entering_ratio = weather::humidity_ratio(outside);
  const double taken_up = weather::saturated_humidity_ratio(exit, outside.pressure) - entering_ratio;
  const JoulesPerKilogram gained =
      weather::enthalpy(exit, entering_ratio + taken_up) - weather::enthalpy(outside.dry_bulb, entering_ratio);
  // Make-up water comes at the temperature of the basin.
  const double evaporated = taken_up / (gained.value - taken_up * kWaterHeat * leaving.value);
  WaterUse use;
  use.evaporation = KilogramsPerSecond(heat.value * evaporated);
  use.drift = KilogramsPerSecond(heat.value / (kWaterHeat * range_.value) * drift_share_);
  use.blow_down = std::max(use.evaporation * evaporation_to_blow_down_ - use.drift, KilogramsPerSecond(0));
  return use;
}

void Tower::note(Watts heat, const weather::WeatherPoint& outside, double in_service, ValidityNotes& notes) const {
  notes.check("cooling tower: wet bulb [degC]", outside.wet_bulb.value, kColdestWetBulb, kWarmestWetBulb);
  notes.check("cooling tower: range [K]", range_.value, kLeastRange, kMostRange);
  if (in_service > 0.0 && capacity_.value > 0.0)
    notes.check("cooling tower: water flow [share of rated]", water_share(heat, in_service), 0.0, kMostWaterShare);
}

}  // namespace tokenworks::cooling
