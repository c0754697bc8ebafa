// Question   how much of the largest possible heat a heat exchanger moves
// Equation   effectiveness from the number of transfer units and the ratio of the streams' heat capacities
// Source     Kays and London, Compact Heat Exchangers, 3rd edition, 1984; cross flow: both streams unmixed, the usual
//            fit
// Valid for  capacity ratio 0..1, constant properties
// Checked by tests/models/cooling/heat_exchanger_test.cpp
#pragma once

namespace tokenworks::cooling {

/// `transfer_units` = UA / C_min, `capacity_ratio` = C_min / C_max.
double counter_flow_effectiveness(double transfer_units, double capacity_ratio);
double cross_flow_effectiveness(double transfer_units, double capacity_ratio);
/// Transfer units that reach `effectiveness`, which must be possible at `capacity_ratio` and below 1.
double cross_flow_transfer_units(double effectiveness, double capacity_ratio);

}  // namespace tokenworks::cooling
