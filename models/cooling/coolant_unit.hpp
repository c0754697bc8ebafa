// Question   what flow the pumps of a coolant distribution unit keep up, and what they draw
// Equation   system head ~ flow^2 against the pumps' curve; P = P_rated y (e y^2 + (1 - e) (y / n)^2), y the flow and n
//            the units that share it; e of the rated head is dropped in pipes and racks
// Source     curve and drops: generic CDU of LBNL Buildings c4117cc (plate 80 kPa, clean filter 65 kPa, external head
//            500 kPa). Rated power is a share of the heat (1.7 % STULZ SCR 14103 W, 0.9 % Frontier, 3.7 % Deschutes):
//            listed drops explain half of it or less
// Valid for  pumps of one kind in parallel
// Checked by tests/models/cooling/coolant_unit_test.cpp
#pragma once

#include <cstdint>

#include "models/core/units.hpp"

namespace tokenworks::cooling {

/// Pumps of one coolant unit: `needed` carry its rated flow, the others are spare. None: they are not counted.
struct UnitPumps {
  std::int64_t needed = 0, installed = 0;
};

/// Head of a pump at full speed over that at its rated flow.
double pump_head_share(double flow_share);
/// Share of rated flow that is left when `running` of the pumps needed run, at full speed: 1 with all or more of them.
double flow_with_pumps(double running);
/// Share of rated flow that is left with `failed` pumps of each unit out of service; there are pumps.
double flow_without_pumps(const UnitPumps& pumps, std::int64_t failed);
/// Of units rated at `rated` together, when `in_service` of those needed share the flow `flow_share`.
Watts coolant_pump_power(Watts rated, double flow_share, double in_service);

}  // namespace tokenworks::cooling
