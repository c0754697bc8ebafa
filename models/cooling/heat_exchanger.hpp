// Question   how much of the largest possible heat a heat exchanger moves
// Equation   effectiveness from the number of transfer units and the ratio of the streams' heat capacities; away from
//            the rating 1/UA = 1/hA_hot + 1/hA_cold, hA ~ flow^exponent
// Source     Kays and London, Compact Heat Exchangers, 3rd edition, 1984; cross flow: both streams unmixed, the usual
//            fit; exponent 0.8 of turbulent flow: Dittus-Boelter
// Valid for  capacity ratio 0..1, constant properties
// Checked by tests/models/cooling/heat_exchanger_test.cpp
#pragma once

#include <vector>

#include "models/core/units.hpp"

namespace tokenworks::cooling {

/// `transfer_units` = UA / C_min, `capacity_ratio` = C_min / C_max.
double counter_flow_effectiveness(double transfer_units, double capacity_ratio);
double cross_flow_effectiveness(double transfer_units, double capacity_ratio);
/// Transfer units that reach `effectiveness`, which must be possible at `capacity_ratio` and below 1.
double cross_flow_transfer_units(double effectiveness, double capacity_ratio);
double counter_flow_transfer_units(double effectiveness, double capacity_ratio);

/// What a counter-flow exchanger does at its rated heat and flows.
struct ExchangerRating {
  KelvinDelta hot_drop, cold_rise;
  KelvinDelta approach;  ///< leaving hot stream above entering cold stream
  double hot_exponent = 0.8, cold_exponent = 0.8;
  double hot_to_cold_conductance = 1.0;  ///< hA_hot / hA_cold
};

/// Whether an exchanger of any size does that: the cold stream leaves colder than the hot one enters.
bool is_possible(const ExchangerRating& rating);

/// Heat and flows are shares of the rated ones.
class CounterFlowExchanger {
 public:
  /// `rating` must be possible.
  explicit CounterFlowExchanger(const ExchangerRating& rating);

  double transfer_units() const { return transfer_units_; }  ///< rated
  double effectiveness() const { return effectiveness_; }    ///< rated, of the smaller capacity flow
  /// Drop of the hot stream over the difference of the entering streams.
  double hot_effectiveness(double hot_flow, double cold_flow) const;
  /// Leaving hot above entering cold stream when `heat` is moved by these flows, all above 0.
  KelvinDelta approach(double heat, double hot_flow, double cold_flow) const;
  KelvinDelta hot_drop(double heat, double hot_flow) const { return hot_drop_ * (heat / hot_flow); }
  /// Least cold flow, up to 1, that holds the rated approach; 1 where none does.
  double cold_flow_for(double heat, double hot_flow) const;

 private:
  ExchangerRating rating_;
  KelvinDelta hot_drop_;
  double effectiveness_, transfer_units_;
  double hot_capacity_, cold_capacity_;        // of rated heat, 1/K
  double hot_conductance_, cold_conductance_;  // of rated heat, 1/K
};

/// Several alike exchangers whose hot stream follows the heat down to a least flow and leaves at a set point, held by a
/// valve or pump in the cold stream. Heat and flows are shares of the rated ones of all that are needed; `units` are
/// those that share them, over those needed. The valve's flow is a table made once: it is asked at every change of
/// load.
class HeldExchanger {
 public:
  HeldExchanger(const ExchangerRating& rating, double least_hot_flow);

  const CounterFlowExchanger& exchanger() const { return exchanger_; }
  /// Heat over what the units are rated for; finite without units.
  static double load_of_units(double heat, double units);
  double hot_flow(double heat, double units) const;
  /// Share of the rated cold flow that holds the set point, or all that the units take; spare units save none of it.
  double cold_flow(double heat, double units) const;
  /// Leaving hot above entering cold stream while the cold flow can be no more than `most_cold_flow`: the rated
  /// approach, or more where that cannot be held.
  KelvinDelta approach(double heat, double units, double most_cold_flow) const;

 private:
  static constexpr int kSteps = 64;
  double tabulated(double heat) const;

  CounterFlowExchanger exchanger_;
  KelvinDelta rated_approach_;
  double least_hot_flow_;
  std::vector<double> cold_flows_;
};

}  // namespace tokenworks::cooling
