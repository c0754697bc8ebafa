// Question   what a course of power costs and emits over a year, month by month
// Equation   energy and carbon: sum of power * time * (price, intensity) over pieces in which all are constant; demand:
//            the highest mean over a window of the month, times its price; at least the ratchet's share of the months
//            before and the contracted share of the subscribed capacity
// Source     usual form of large users' tariffs (AEP Ohio data centre tariff; RAPS)
// Valid for  power that is constant between the dates that are given; months that are not metered whole pay the share
//            of demand charge and fixed parts that was metered
// Checked by tests/models/grid/electricity_meter_test.cpp
#pragma once

#include <vector>

#include "models/grid/electricity.hpp"

namespace tokenworks::grid {

struct MonthBill {
  int month = 0;  ///< 0..11
  double metered_s = 0.0, length_s = 0.0;
  double energy_j = 0.0;
  double highest_mean_w = 0.0;  ///< over a window of the demand charge; 0 without one
  double billed_w = 0.0;        ///< what the demand charge counts
  double energy_usd = 0.0, demand_usd = 0.0, fixed_usd = 0.0;
  double co2_kg = 0.0;

  double usd() const { return energy_usd + demand_usd + fixed_usd; }
};

class ElectricityMeter {
 public:
  /// `supply` outlives the meter.
  explicit ElectricityMeter(const ElectricitySupply& supply) : supply_(supply) {}

  /// `power` is drawn from `from_s` to `to_s`, in seconds since the start of the year; beyond its end the year starts
  /// again. Dates never fall; what is left out between two calls is not metered.
  void add(Watts power, double from_s, double to_s);

  /// By month, in the order of metering.
  std::vector<MonthBill> bill() const;

 private:
  void close_window();
  MonthBill& month_at(double second);

  const ElectricitySupply& supply_;
  std::vector<MonthBill> months_;
  double month_end_s_ = 0.0;
  double window_end_s_ = 0.0;
  double window_j_ = 0.0, window_s_ = 0.0;
};

/// The sum of months.
MonthBill sum_of(const std::vector<MonthBill>& months);

}  // namespace tokenworks::grid
