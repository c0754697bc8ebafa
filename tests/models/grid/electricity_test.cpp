#include "models/grid/electricity.hpp"

#include <sstream>

#include "tests/catch.hpp"
#include "tests/models/set_field.hpp"

using namespace tokenworks;
using namespace tokenworks::grid;

namespace {

// 2026: 1 January is a Thursday.
constexpr CalendarYear kYear{.leap = false, .first_weekday = 3};
constexpr double kHour = 3600.0, kDay = 86400.0;

Choice<ElectricityOption> option(std::string_view kind) {
  Choice<ElectricityOption> choice(electricity_options(), kind);
  REQUIRE(choice.has_value());
  return choice;
}

weather::OpenText text(const std::string& content) {
  return [content](const std::string&) { return std::make_unique<std::istringstream>(content); };
}

std::string column(const std::string& name, int rows, double first, double step) {
  std::ostringstream out;
  out << "date," << name << "\n";
  for (int i = 0; i < rows; ++i) out << "x," << first + i * step << "\r\n";
  return out.str();
}

std::string fault_of(const ElectricityOption& option, const weather::OpenText& open = {}) {
  try {
    option.load(kYear, open);
  } catch (const std::invalid_argument& fault) {
    return fault.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("flat electricity: cost and carbon follow the energy", "[models][grid]") {
  const auto electricity = option("flat");
  tests::set_field(*electricity, "usd_per_kwh", 0.10);
  tests::set_field(*electricity, "co2_kg_per_kwh", 0.4);
  const ElectricitySupply supply = electricity->load(kYear, {});
  REQUIRE(supply.is_flat());
  // 36 MJ are 10 kWh.
  CHECK_THAT(supply.usd(Joules(36e6)), WithinRel(1.0, 1e-12));
  CHECK_THAT(supply.co2_kg(Joules(36e6)), WithinRel(4.0, 1e-12));
  CHECK(supply.usd(Joules(0)) == 0.0);
  CHECK(supply.next_change(1e6) == std::numeric_limits<double>::infinity());
  CHECK(supply.water_l_per_kwh == 1.8);
}

TEST_CASE("time of use: the day's mean is the mean price, dear in the evening", "[models][grid]") {
  const auto electricity = option("time_of_use");
  tests::set_field(*electricity, "usd_per_kwh", 0.10);
  const ElectricitySupply supply = electricity->load(kYear, {});
  CHECK_FALSE(supply.is_flat());
  CHECK_THAT(supply.usd_per_kwh.mean(), WithinRel(0.10, 1e-12));
  // The multipliers sum to 23.92: 18 h has 1.42 * 24 / 23.92 of the mean.
  CHECK_THAT(supply.usd_per_kwh.at(40 * kDay + 18.5 * kHour), WithinRel(0.10 * 1.42 * 24 / 23.92, 1e-12));
  CHECK_THAT(supply.usd_per_kwh.at(3 * kHour), WithinRel(0.10 * 0.73 * 24 / 23.92, 1e-12));
  CHECK(supply.next_change(18.5 * kHour) == 19 * kHour);
}

TEST_CASE("calendar: months and days of the week", "[models][grid]") {
  CHECK(kYear.weekday(0) == 3);             // Thursday
  CHECK(kYear.weekday(2 * kDay + 1) == 5);  // Saturday, 3 January
  CHECK(kYear.month_of(31 * kDay - 1) == 0);
  CHECK(kYear.month_of(31 * kDay) == 1);
  CHECK(kYear.month_of(59 * kDay) == 2);
  CHECK(CalendarYear{true, 0}.month_of(59 * kDay) == 1);
  CHECK(CalendarYear{true, 0}.month_start_s(12) == 366 * kDay);
  CHECK(kYear.month_of(365 * kDay - 1) == 11);
}

TEST_CASE("carbon of a balancing area: months and hours keep the published means", "[models][grid]") {
  Choice<CarbonOption> area(carbon_options(), "balancing_area");
  const auto mean_of = [&](const std::string& name, double from_s, double to_s) {
    tests::set_field(*area, "area", name);
    const YearSeries series = area->intensity(kYear, {});
    double sum = 0;
    for (double s = from_s; s < to_s; s += kHour) sum += series.at(s);
    return sum / ((to_s - from_s) / kHour);
  };
  CHECK_THAT(mean_of("PJM", 0, 31 * kDay), WithinRel(0.398, 1e-9));
  CHECK_THAT(mean_of("CAISO", 31 * kDay, 59 * kDay), WithinRel(0.233, 1e-9));
  // Means of the year as published: within the rounding of the months.
  const std::pair<const char*, double> means[] = {{"PJM", 0.363},  {"CAISO", 0.256}, {"ERCOT", 0.347}, {"AZPS", 0.575},
                                                  {"MISO", 0.441}, {"NYISO", 0.273}, {"BPA", 0.055},   {"SOCO", 0.423}};
  for (const auto& [name, mean] : means) CHECK_THAT(mean_of(name, 0, 365 * kDay), WithinRel(mean, 0.01));

  tests::set_field(*area, "area", std::string("CAISO"));
  const YearSeries caiso = area->intensity(kYear, {});
  CHECK_THAT(caiso.at(11 * kHour) / 0.263, WithinAbs(0.69, 0.005));
  CHECK_THAT(caiso.at(23 * kHour) / 0.263, WithinAbs(1.195, 0.005));
  tests::set_field(*area, "area", std::string("ERCOT"));
  const YearSeries ercot = area->intensity(kYear, {});
  CHECK_THAT(ercot.at(2 * kHour) / 0.356, WithinAbs(0.93, 0.001));
  CHECK_THAT(ercot.at(19 * kHour) / 0.356, WithinAbs(1.11, 0.001));
  CHECK(ercot.at(2 * kHour) < ercot.at(10 * kHour));
  tests::set_field(*area, "area", std::string("AZPS"));
  const YearSeries azps = area->intensity(kYear, {});
  CHECK_THAT(azps.at(15 * kHour) / 0.627, WithinAbs(0.90, 0.001));
  CHECK_THAT(azps.at(4 * kHour) / 0.627, WithinAbs(1.10, 0.001));
}

TEST_CASE("series of prices: hours and quarters, and faults with line and column", "[models][grid]") {
  const auto electricity = option("series");
  tests::set_field(*electricity, "delivery_usd_per_kwh", 0.5);
  const ElectricitySupply hours = electricity->load(kYear, text(column("usd_per_kwh", 8760, -1, 0.01)));
  CHECK(hours.usd_per_kwh.at(0) == -0.5);
  CHECK_THAT(hours.usd_per_kwh.at(100.5 * kHour), WithinAbs(0.5, 1e-9));
  const ElectricitySupply quarters = electricity->load(kYear, text(column("usd_per_kwh", 4 * 8760, 0, 0.01)));
  CHECK_THAT(quarters.usd_per_kwh.at(kHour), WithinAbs(0.54, 1e-12));
  CHECK(quarters.next_change(kHour) == 4500.0);

  CHECK(fault_of(*electricity, text(column("usd_per_kwh", 100, 0, 0))).find("ends after 100 rows") !=
        std::string::npos);
  CHECK(fault_of(*electricity, text(column("price", 8760, 0, 0))).find("line 1: none of the columns") !=
        std::string::npos);
  CHECK(fault_of(*electricity, text("usd_per_kwh\n0.1\nmuch\n")).find("line 3: usd_per_kwh: \"much\"") !=
        std::string::npos);
  CHECK(fault_of(*electricity, text("usd_per_kwh\n1e9\n")).find("outside -100..1000") != std::string::npos);
}

TEST_CASE("electricity: what contradicts itself is refused", "[models][grid]") {
  const auto tou = option("time_of_use");
  tests::set_field(*tou, "hour_shape", std::string("flat"));
  const ElectricitySupply flat_day = tou->load(kYear, {});
  CHECK(flat_day.usd_per_kwh.at(0) == flat_day.usd_per_kwh.at(18 * kHour));
}

TEST_CASE("water of electricity: by technology", "[models][grid]") {
  GenerationMix mix;
  CHECK(mix.water_l_per_kwh() == 0.0);
  mix.coal = 0.5;
  mix.photovoltaic = 0.5;
  CHECK_THAT(mix.water_l_per_kwh(), WithinRel(0.5 * 2.60 + 0.5 * 0.10, 1e-12));
}
