// What lies between a chip and the loop that takes its heat away, for the course of temperatures over time: a chip on
// its cold plate or heat sink, the coolant of a zone (the coolant loop of its CDUs, the room's air, a tank's oil), and
// the loop of the heat rejection.
#pragma once

#include "models/cooling/coolant_unit.hpp"
#include "models/core/units.hpp"

namespace tokenworks::cooling {

/// Chips of one zone and their coolant. Figures a watt are of the zone's design heat.
struct ThermalPath {
  bool chips_on_liquid = false;         ///< their heat goes to the main loop as liquid heat; else to the air
  bool to_residual_air = false;         ///< the zone gives its heat to Loop::residual_air; else to Loop::main
  KelvinPerWatt chip_resistance{0};     ///< of one GPU: junction above the coolant that enters, at rated flow
  double flow_share_of_resistance = 0;  ///< s in R(y) = R (1 - s + s / y) at the share y of rated flow
  JoulesPerKelvin chip_capacity{0};     ///< of one GPU with its plate or heat sink
  double zone_s = 0;                    ///< J/K a watt of design heat and K: heat capacity of the zone's coolant
  double zone_per_k = 0;  ///< W/K a watt of design heat: from the zone's coolant to the loop, at rated flow
  UnitPumps pumps;        ///< that move the zone's coolant
  double loop_s = 0;      ///< J/K a watt of design heat: heat capacity of the loop of the heat rejection
};

}  // namespace tokenworks::cooling
