// A year's calendar, and values that hold for an hour or longer over it.
#pragma once

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace tokenworks::grid {

/// Seconds are counted from 1 January 00:00 local standard time.
struct CalendarYear {
  bool leap = false;
  int first_weekday = 3;  ///< of 1 January, from Monday, 0

  double length_s() const { return (leap ? 366 : 365) * 86400.0; }
  int days() const { return leap ? 366 : 365; }
  /// Month 0..11 from its start; month 12 starts when the year has ended.
  double month_start_s(int month) const;
  int month_of(double second_of_year) const;
  /// From Monday, 0.
  int weekday(double second_of_year) const;
};

/// Constant between steps of equal length, and again from its start after the last. At least one value.
class YearSeries {
 public:
  explicit YearSeries(double constant) : values_{constant} {}
  YearSeries(std::vector<double> values, double step_s) : values_(std::move(values)), step_s_(step_s) {}

  double at(double second_of_year) const {
    return values_.size() == 1 ? values_[0]
                               : values_[static_cast<std::size_t>(second_of_year / step_s_) % values_.size()];
  }
  bool is_constant() const { return values_.size() == 1; }
  /// Second of the year at which the value may change next; infinity for a constant.
  double next_change(double second_of_year) const {
    if (is_constant()) return std::numeric_limits<double>::infinity();
    return (static_cast<double>(static_cast<std::size_t>(second_of_year / step_s_)) + 1.0) * step_s_;
  }
  double mean() const;

 private:
  std::vector<double> values_;
  double step_s_ = 3600.0;
};

/// One value an hour of the year.
template <class Value>
YearSeries hourly(const CalendarYear& year, Value value) {
  std::vector<double> values;
  const int hours = year.days() * 24;
  values.reserve(static_cast<std::size_t>(hours));
  for (int hour = 0; hour < hours; ++hour) values.push_back(value(hour * 3600.0));
  return {std::move(values), 3600.0};
}

}  // namespace tokenworks::grid
