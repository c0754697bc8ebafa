#include "models/grid/electricity_meter.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::grid {
namespace {

constexpr double kJoulesPerKilowattHour = 3.6e6, kWattsPerKilowatt = 1e3;
constexpr double kWholeYear = 1.0 - 1e-9;  // of its seconds

double mean_w(double energy_j, double time_s) { return time_s > 0.0 ? energy_j / time_s : 0.0; }

}  // namespace

MonthBill& ElectricityMeter::month_at(double second) {
  if (!months_.empty() && second < month_end_s_) return months_.back();
  const CalendarYear& year = supply_.year;
  const double years = std::floor(second / year.length_s()) * year.length_s();
  MonthBill& month = months_.emplace_back();
  month.month = year.month_of(second - years);
  month.length_s = year.month_start_s(month.month + 1) - year.month_start_s(month.month);
  month_end_s_ = years + year.month_start_s(month.month + 1);
  return month;
}

void ElectricityMeter::close_window() {
  if (!months_.empty()) {
    double& highest = months_.back().highest_mean_w;
    highest = std::max(highest, mean_w(window_j_, window_s_));
  }
  window_j_ = window_s_ = 0.0;
}

void ElectricityMeter::add(Watts power, double from_s, double to_s) {
  const double year_s = supply_.year.length_s();
  const double window = supply_.demand ? 60.0 * static_cast<double>(supply_.demand->window_min) : 0.0;
  double now = from_s;
  while (now < to_s) {
    if (window > 0.0 && now >= window_end_s_) {
      close_window();
      window_end_s_ = (std::floor(now / window) + 1.0) * window;
    }
    MonthBill& month = month_at(now);
    const double years = std::floor(now / year_s) * year_s;
    const double second = now - years;
    double end = std::min({to_s, month_end_s_, years + supply_.next_change(second)});
    if (window > 0.0) end = std::min(end, window_end_s_);
    const double span = end - now, energy = power.value * span;
    month.metered_s += span;
    month.energy_j += energy;
    month.energy_usd += energy / kJoulesPerKilowattHour * supply_.usd_per_kwh.at(second);
    month.co2_kg += energy / kJoulesPerKilowattHour * supply_.co2_kg_per_kwh.at(second);
    window_j_ += energy;
    window_s_ += span;
    now = end;
  }
}

std::vector<MonthBill> ElectricityMeter::bill() const {
  std::vector<MonthBill> months = months_;
  if (months.empty()) return months;
  months.back().highest_mean_w =
      supply_.demand ? std::max(months.back().highest_mean_w, mean_w(window_j_, window_s_)) : 0;
  double metered = 0.0;
  for (const MonthBill& month : months) metered += month.metered_s;
  // A whole year stands for many like it: the eleven months before January are those that follow.
  const bool is_year = months.size() == 12 && metered >= kWholeYear * supply_.year.length_s();
  for (std::size_t i = 0; i < months.size(); ++i) {
    MonthBill& month = months[i];
    const double share = std::min(1.0, month.metered_s / month.length_s);
    month.fixed_usd = share * supply_.fixed_usd_per_month;
    if (!supply_.demand) continue;
    const DemandCharge& demand = *supply_.demand;
    double before = 0.0;
    for (std::size_t other = 0; other < months.size(); ++other) {
      const bool counts = is_year ? other != i : other < i && i - other <= 11;
      if (counts) before = std::max(before, months[other].highest_mean_w);
    }
    const double contracted = demand.subscribed_kw.value_or(0.0) * kWattsPerKilowatt * demand.least_share_of_subscribed;
    month.billed_w = std::max({month.highest_mean_w, demand.ratchet_share * before, contracted});
    month.demand_usd = share * demand.usd_per_kw_month * month.billed_w / kWattsPerKilowatt;
  }
  return months;
}

MonthBill sum_of(const std::vector<MonthBill>& months) {
  MonthBill sum;
  for (const MonthBill& month : months) {
    sum.metered_s += month.metered_s;
    sum.length_s += month.length_s;
    sum.energy_j += month.energy_j;
    sum.highest_mean_w = std::max(sum.highest_mean_w, month.highest_mean_w);
    sum.billed_w = std::max(sum.billed_w, month.billed_w);
    sum.energy_usd += month.energy_usd;
    sum.demand_usd += month.demand_usd;
    sum.fixed_usd += month.fixed_usd;
    sum.co2_kg += month.co2_kg;
  }
  return sum;
}

}  // namespace tokenworks::grid
