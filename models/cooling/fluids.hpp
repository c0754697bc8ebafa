// Question   how much of a fluid carries a heat over a temperature rise
// Equation   V = Q / (rho cp dT)
// Source     property tables near 40 degC, remembered: water, 25 % propylene glycol (PG25), single-phase dielectric oil
//            (makers give 800..850 kg/m3 and 2,100..2,300 J/(kg K)); moist air: 1,014.5 J/(kg K), LBNL Buildings
// Valid for  20..60 degC; properties do not follow the temperature
// Checked by tests/models/cooling/fluids_test.cpp
#pragma once

#include "models/core/units.hpp"

namespace tokenworks::cooling {

using JoulesPerCubicMetreKelvin = Quantity<1, -1, -2, -1, 0>;

struct Fluid {
  KilogramsPerCubicMetre density;
  JoulesPerKilogramKelvin heat_capacity;
  constexpr JoulesPerCubicMetreKelvin per_volume() const { return density * heat_capacity; }
};

inline constexpr Fluid kWater{KilogramsPerCubicMetre(992), JoulesPerKilogramKelvin(4178)};
inline constexpr Fluid kPropyleneGlycol25{KilogramsPerCubicMetre(1013), JoulesPerKilogramKelvin(3940)};
inline constexpr Fluid kDielectricOil{KilogramsPerCubicMetre(825), JoulesPerKilogramKelvin(2200)};
inline constexpr Fluid kMoistAir{KilogramsPerCubicMetre(1.18), JoulesPerKilogramKelvin(1014.5)};  // 25 degC, sea level

inline constexpr Pascals kSeaLevel{101325.0};

constexpr CubicMetresPerSecond flow_for(Watts heat, const Fluid& fluid, KelvinDelta rise) {
  return heat / (fluid.per_volume() * rise);
}
constexpr KelvinDelta rise_of(Watts heat, const Fluid& fluid, CubicMetresPerSecond flow) {
  return heat / (fluid.per_volume() * flow);
}
constexpr double litres_per_minute(CubicMetresPerSecond flow) { return flow.value * 60000.0; }
constexpr CubicMetresPerSecond from_litres_per_minute(double litres) { return CubicMetresPerSecond(litres / 60000.0); }

/// J/K a watt, of `litres_per_kw` of a fluid.
constexpr double heat_capacity_per_watt(const Fluid& fluid, double litres_per_kw) {
  return litres_per_kw * 1e-6 * fluid.per_volume().value;  // l/kW are 1e-6 m3/W
}

}  // namespace tokenworks::cooling
