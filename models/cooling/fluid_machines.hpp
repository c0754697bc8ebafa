// Question   what fans and pumps draw at part flow
// Equation   fan: P = P_rated y^3; pump: P = V dp / eta, dp = dp_rated (s + (1 - s) y^2), y = flow / rated flow
// Source     affinity laws; the pump keeps the share s of its head at any flow (controlled differential pressure)
// Valid for  y from the least speed of the drive to 1; a fan or pump does not run faster than rated
// Checked by tests/models/cooling/fluid_machines_test.cpp
#pragma once

#include "models/core/units.hpp"

namespace tokenworks::cooling {

/// Fans on variable-speed drives that do not turn below `least_flow_share`.
struct Fan {
  Watts rated{0};
  double least_flow_share = 0.0;
  Watts power(double flow_share) const;
};

/// A water pump on a variable-speed drive.
struct Pump {
  Watts rated{0};
  double held_head_share = 0.3;   ///< of the rated head, kept at any flow: estimate
  double least_flow_share = 0.2;  ///< bypass keeps it, as chillers and pumps need: estimate
  Watts power(double flow_share) const;
};

/// Pump, motor and drive efficiency, one after the other: estimates of good practice.
inline constexpr double kPumpEfficiency = 0.75 * 0.94 * 0.97;

/// A pump for the water that carries `heat` over the rise `water_rise` against `head`.
Pump water_pump(Watts heat, KelvinDelta water_rise, Pascals head);

}  // namespace tokenworks::cooling
