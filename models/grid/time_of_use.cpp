// Question   what electricity costs when its price follows the hour, the day of the week and the month
// Equation   price = mean * multiplier[hour] / (mean of the multipliers), or the price of the first period that holds
// Source     default multipliers: estimate of an hourly wholesale price, low at night, highest from 17 to 19 h
// Valid for  tariffs by local standard time; no holidays, no change to summer time
// Checked by tests/models/grid/electricity_test.cpp
#include <algorithm>
#include <numeric>
#include <stdexcept>

#include <fmt/format.h>

#include "models/grid/electricity.hpp"

namespace tokenworks::grid {
namespace {

constexpr double kTypicalDay[24] = {0.80, 0.76, 0.74, 0.73, 0.75, 0.82, 0.95, 1.05, 1.05, 1.00, 0.97, 0.95,
                                    0.95, 0.97, 1.00, 1.06, 1.18, 1.35, 1.42, 1.35, 1.20, 1.05, 0.95, 0.87};
constexpr std::string_view kDays[] = {"all", "weekdays", "weekends"};
constexpr std::string_view kShapes[] = {"typical_day", "flat"};

struct Period {
  std::vector<std::int64_t> months;
  std::string days = "all";
  double from_h = 0.0, to_h = 24.0;
  double usd_per_kwh = 0.0;

  void visit(FieldVisitor& v) {
    field(v, "months", months, "Months in which it holds, 1 to 12; all when absent", rule().at_least(1).at_most(12));
    field(v, "days", days, "Days on which it holds", rule().one_of(kDays));
    field(v, "from_h", from_h, "Local hour at which it begins", rule().at_least(0).at_most(24));
    field(v, "to_h", to_h, "Local hour at which it ends; below from_h: on the next day",
          rule().at_least(0).at_most(24));
    field(v, "usd_per_kwh", usd_per_kwh, "Price of energy", rule().required().at_least(0));
  }
  bool holds(const CalendarYear& year, double second) const {
    const int month = year.month_of(second) + 1;
    if (!months.empty() && std::find(months.begin(), months.end(), month) == months.end()) return false;
    const bool weekend = year.weekday(second) >= 5;
    if (days != "all" && (days == "weekends") != weekend) return false;
    const double hour = static_cast<double>(static_cast<std::int64_t>(second / 3600.0) % 24);
    return from_h <= to_h ? hour >= from_h && hour < to_h : hour >= from_h || hour < to_h;
  }
};

class TimeOfUse final : public ElectricityOption {
 public:
  void visit(FieldVisitor& v) override {
    field(v, "usd_per_kwh", usd_per_kwh_, "Mean price of energy over the day, where no period holds",
          rule().at_least(0).default_from('R', "US industrial average 2024, Energy Information Administration"));
    field(v, "hour_shape", hour_shape_, "How the price goes over the day, without `multipliers`",
          rule().one_of(kShapes).default_from(
              'E', "Hourly shape of a wholesale price: 0.73 of the mean at 3 h, 1.42 at 18 h"));
    field(v, "multipliers", multipliers_, "24 multipliers of the mean by local hour from 0 to 23, scaled to mean 1",
          rule().at_least(0));
    field(v, "periods", periods_, "Prices of their own; the first that holds counts");
    visit_common(v);
  }

 private:
  YearSeries price(const CalendarYear& year, const weather::OpenText&) const override {
    std::vector<double> day = multipliers_;
    if (day.empty() && hour_shape_ == "typical_day") day.assign(std::begin(kTypicalDay), std::end(kTypicalDay));
    if (day.empty()) day.assign(24, 1.0);
    if (day.size() != 24) {
      throw std::invalid_argument(fmt::format("multipliers: found {} of them; allowed: 24, one an hour", day.size()));
    }
    for (std::size_t i = 0; i < periods_.size(); ++i) {
      const Period& p = periods_[i];
      if (p.from_h == p.to_h) {
        throw std::invalid_argument(fmt::format("periods/{}: from_h and to_h are both {}", i, p.from_h));
      }
      if (p.from_h != static_cast<int>(p.from_h) || p.to_h != static_cast<int>(p.to_h)) {
        throw std::invalid_argument(
            fmt::format("periods/{}: found {} to {}; allowed: whole hours", i, p.from_h, p.to_h));
      }
    }
    const double mean = std::accumulate(day.begin(), day.end(), 0.0) / 24.0;
    if (!(mean > 0.0)) throw std::invalid_argument("multipliers: all are 0");
    return hourly(year, [&](double second) {
      for (const Period& period : periods_) {
        if (period.holds(year, second)) return period.usd_per_kwh;
      }
      return usd_per_kwh_ * day[static_cast<std::size_t>(second / 3600.0) % 24] / mean;
    });
  }

  double usd_per_kwh_ = 0.08;
  std::string hour_shape_ = "typical_day";
  std::vector<double> multipliers_;
  std::vector<Period> periods_;
};

}  // namespace

std::unique_ptr<ElectricityOption> make_time_of_use() { return std::make_unique<TimeOfUse>(); }

}  // namespace tokenworks::grid
