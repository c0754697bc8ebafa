#include "models/grid/year_series.hpp"

#include <cmath>
#include <numeric>

namespace tokenworks::grid {
namespace {

constexpr double kSecondsPerDay = 86400.0;
constexpr int kMonthStart[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};  // days

}  // namespace

double CalendarYear::month_start_s(int month) const {
  return (kMonthStart[month] + (leap && month >= 2 ? 1 : 0)) * kSecondsPerDay;
}

int CalendarYear::month_of(double second_of_year) const {
  int month = 0;
  while (month < 11 && month_start_s(month + 1) <= second_of_year) ++month;
  return month;
}

int CalendarYear::weekday(double second_of_year) const {
  return (first_weekday + static_cast<int>(std::floor(second_of_year / kSecondsPerDay))) % 7;
}

double YearSeries::mean() const {
  return std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(values_.size());
}

}  // namespace tokenworks::grid
