#include "models/grid/electricity_meter.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "tests/catch.hpp"

using namespace tokenworks;
using namespace tokenworks::grid;

namespace {

constexpr double kHour = 3600.0, kDay = 86400.0;

ElectricitySupply supply_of(double usd_per_kwh) {
  ElectricitySupply supply;
  supply.usd_per_kwh = YearSeries(usd_per_kwh);
  supply.co2_kg_per_kwh = YearSeries(0.4);
  return supply;
}

DemandCharge demand_of(double usd_per_kw_month, int window_min, double ratchet_share = 0.0) {
  DemandCharge demand;
  demand.usd_per_kw_month = usd_per_kw_month;
  demand.window_min = window_min;
  demand.ratchet_share = ratchet_share;
  return demand;
}

ElectricitySupply with_hours(int seed) {
  ElectricitySupply supply;
  supply.usd_per_kwh =
      hourly(supply.year, [&](double s) { return 0.01 * (1 + (static_cast<int>(s / kHour) * 7 + seed) % 13); });
  supply.co2_kg_per_kwh = hourly(supply.year, [&](double s) { return 0.1 * (1 + static_cast<int>(s / kHour) % 5); });
  return supply;
}

}  // namespace

TEST_CASE("meter: a flat supply costs its energy, in whatever pieces it is added", "[models][grid]") {
  const ElectricitySupply supply = supply_of(0.10);
  ElectricityMeter whole(supply), pieces(supply);
  whole.add(Watts(1e6), 0, 365 * kDay);
  for (int hour = 0; hour < 8760; ++hour) pieces.add(Watts(1e6), hour * kHour, (hour + 1) * kHour);
  for (const ElectricityMeter* meter : {&whole, &pieces}) {
    const std::vector<MonthBill> months = meter->bill();
    REQUIRE(months.size() == 12);
    const MonthBill year = sum_of(months);
    CHECK_THAT(year.energy_j, WithinRel(1e6 * 365 * kDay, 1e-12));
    CHECK_THAT(year.usd(), WithinRel(8760e3 * 0.10, 1e-12));
    CHECK_THAT(year.co2_kg, WithinRel(8760e3 * 0.4, 1e-12));
    CHECK_THAT(months[1].energy_usd, WithinRel(28 * 24e3 * 0.10, 1e-12));
    CHECK(months[1].month == 1);
  }
}

TEST_CASE("meter: hours of their own price and carbon, by hand", "[models][grid]") {
  ElectricitySupply supply = supply_of(0);
  supply.usd_per_kwh = hourly(supply.year, [](double s) { return s < kHour ? 0.1 : 0.3; });
  ElectricityMeter meter(supply);
  meter.add(Watts(2000), 1800, 5400);  // half an hour each at 2 kW: 1 kWh each
  CHECK_THAT(sum_of(meter.bill()).energy_usd, WithinRel(0.1 + 0.3, 1e-12));
}

TEST_CASE("meter: the highest mean over a window decides the demand charge", "[models][grid]") {
  ElectricitySupply supply = supply_of(0);
  supply.demand = demand_of(10, 15);
  ElectricityMeter meter(supply);
  // January: 1 kW, but 4 kW from 00:05 to 00:20. The windows that touch it hold (5 * 1 + 10 * 4) / 15 = 3 kW and
  // (5 * 4 + 10 * 1) / 15 = 2 kW.
  meter.add(Watts(1000), 0, 300);
  meter.add(Watts(4000), 300, 1200);
  meter.add(Watts(1000), 1200, 31 * kDay);
  const std::vector<MonthBill> months = meter.bill();
  REQUIRE(months.size() == 1);
  CHECK_THAT(months[0].highest_mean_w, WithinRel(3000.0, 1e-12));
  CHECK_THAT(months[0].demand_usd, WithinRel(30.0, 1e-12));
  supply.demand->window_min = 30;
  ElectricityMeter half_hours(supply);
  half_hours.add(Watts(1000), 0, 300);
  half_hours.add(Watts(4000), 300, 1200);
  half_hours.add(Watts(1000), 1200, 31 * kDay);
  CHECK_THAT(half_hours.bill()[0].highest_mean_w, WithinRel(2500.0, 1e-12));  // (15 * 1 + 15 * 4) / 30
}

TEST_CASE("meter: ratchet and subscribed capacity set the least that a month pays for", "[models][grid]") {
  ElectricitySupply supply = supply_of(0);
  supply.demand = demand_of(1, 15, 0.8);
  supply.fixed_usd_per_month = 7;
  const auto bill = [&] {
    ElectricityMeter meter(supply);
    for (int m = 0; m < 12; ++m) {
      meter.add(Watts(m == 5 ? 10e3 : 2e3), supply.year.month_start_s(m), supply.year.month_start_s(m + 1));
    }
    return meter.bill();
  };
  // A whole year stands for many: January pays for 80 % of last June.
  CHECK_THAT(bill()[0].billed_w, WithinRel(8e3, 1e-12));
  CHECK_THAT(bill()[5].billed_w, WithinRel(10e3, 1e-12));
  CHECK_THAT(bill()[11].demand_usd, WithinRel(8.0, 1e-12));
  CHECK_THAT(sum_of(bill()).fixed_usd, WithinRel(84.0, 1e-12));
  // 20 kW subscribed: at least 85 %, 17 kW.
  supply.demand->subscribed_kw = 20;
  CHECK_THAT(bill()[5].billed_w, WithinRel(17e3, 1e-12));
  // The start of a year does not know what follows; half of January pays half.
  supply.demand->subscribed_kw.reset();
  ElectricityMeter meter(supply);
  meter.add(Watts(2e3), 0, 15.5 * kDay);
  CHECK_THAT(meter.bill()[0].billed_w, WithinRel(2e3, 1e-12));
  CHECK_THAT(meter.bill()[0].demand_usd, WithinRel(1.0, 1e-12));
  CHECK_THAT(meter.bill()[0].fixed_usd, WithinRel(3.5, 1e-12));
}

TEST_CASE("meter: the year starts again", "[models][grid]") {
  ElectricitySupply supply = supply_of(0);
  supply.usd_per_kwh = hourly(supply.year, [](double s) { return s < kHour ? 1.0 : 0.0; });
  ElectricityMeter meter(supply);
  meter.add(Watts(1000), 365 * kDay - kHour, 365 * kDay + kHour);
  const std::vector<MonthBill> months = meter.bill();
  REQUIRE(months.size() == 2);
  CHECK(months[0].month == 11);
  CHECK(months[1].month == 0);
  CHECK_THAT(sum_of(months).energy_usd, WithinRel(1.0, 1e-12));
}

TEST_CASE("meter: cutting time into pieces changes nothing", "[models][grid][law]") {
  const bool holds = rc::check("sum and highest window", [] {
    ElectricitySupply supply = with_hours(*rc::gen::inRange(0, 13));
    supply.demand = demand_of(5, *rc::gen::element(15, 30));
    ElectricityMeter coarse(supply), fine(supply);
    double now = *rc::gen::inRange(0, 300) * kDay + *rc::gen::inRange(0, 86400);
    for (int piece = 0; piece < 20; ++piece) {
      const Watts power(*rc::gen::inRange(0, 1000000));
      const double end = now + *rc::gen::inRange(1, 20000);
      const double middle = now + (end - now) * 0.25 * *rc::gen::inRange(1, 4);
      coarse.add(power, now, end);
      fine.add(power, now, middle);
      fine.add(power, middle, end);
      now = end;
    }
    const MonthBill a = sum_of(coarse.bill()), b = sum_of(fine.bill());
    RC_ASSERT(std::abs(a.energy_j - b.energy_j) <= 1e-9 * a.energy_j + 1e-9);
    RC_ASSERT(std::abs(a.usd() - b.usd()) <= 1e-9 * a.usd() + 1e-9);
    RC_ASSERT(std::abs(a.co2_kg - b.co2_kg) <= 1e-9 * a.co2_kg + 1e-9);
    RC_ASSERT(std::abs(a.highest_mean_w - b.highest_mean_w) <= 1e-9 * a.highest_mean_w + 1e-9);
  });
  CHECK(holds);
}
