#include "tools/compare/measures.hpp"

#include <cmath>

#include "tests/catch.hpp"
#include "tests/tools/compare/sample_reports.hpp"

namespace tokenworks::compare {
namespace {

using scenario::FaultList;
using scenario::Json;

const Measure* find(const std::vector<Measure>& measures, std::string_view id) {
  for (const Measure& measure : measures) {
    if (measure.id == id) return &measure;
  }
  return nullptr;
}

std::optional<double> value_of(const std::vector<Measure>& measures, std::string_view id) {
  const Measure* const measure = find(measures, id);
  return measure != nullptr ? measure->value : std::nullopt;
}

TEST_CASE("measures: figures stand as the report has them, sums over services are made", "[compare]") {
  const auto measures = sample_input(sample_report("a", 1.25)).measures;
  CHECK(*value_of(measures, "pue") == 1.25);
  CHECK(*value_of(measures, "output_tokens") == 3.6e6);
  CHECK(*value_of(measures, "requests_not_completed") == 2.0);
  CHECK(*value_of(measures, "mean_facility_w") == 1.25e6);  // 1.25 MWh in an hour
  CHECK(*value_of(measures, "heat_to_liquid_share") == 0.75);
  CHECK(*value_of(measures, "mode_hours/main/trim_h") == 0.25);
  CHECK_FALSE(value_of(measures, "tpot_p99_s").has_value());  // null: a statistic of nothing
  CHECK_FALSE(value_of(measures, "erf").has_value());         // a key that an older report lacks
}

TEST_CASE("measures: room for racks is what the narrowest stage carries without its spare", "[compare]") {
  const auto measures = sample_input(sample_report("a", 1.25)).measures;
  CHECK(*value_of(measures, "carries/ups_w") == 25e3);    // half of two sides of 50 kW, no loss of the busway
  CHECK(*value_of(measures, "carries/plant_w") == 28e3);  // dry cooler 24 kW, air's chiller 4 kW; trim beside
  CHECK_FALSE(value_of(measures, "carries/transformers_w").has_value());
  CHECK(*value_of(measures, "room_over_nameplate_w") == 5e3);
  CHECK(*value_of(measures, "room_over_nameplate_racks") == 0.0);  // of 10 kW each
  CHECK(*value_of(measures, "room_over_peak_w") == 9e3);
  CHECK(*value_of(measures, "room_over_peak_racks") == 1.0);  // of 8 kW each
}

TEST_CASE("measures: chillers beside towers carry the heat, or trim it where the kind is cooling_tower", "[compare]") {
  Json report = sample_report("a", 1.25);
  report["power"]["ratings_w"].erase("liquid_dry_cooler_capacity_w");
  report["power"]["ratings_w"]["liquid_tower_capacity_w"] = 24e3;
  report["power"]["ratings_w"]["liquid_chiller_capacity_w"] = 3e3;
  const auto plant = [&] { return value_of(sample_input(report).measures, "carries/plant_w"); };
  report["cooling"]["heat_rejection"] = "cooling_tower";
  CHECK(*plant() == 28e3);  // towers 24 kW, air's chiller 4 kW
  report["cooling"]["heat_rejection"] = "water_cooled_chiller";
  CHECK(*plant() == 7e3);  // chillers 3 kW, air's chiller 4 kW
}

TEST_CASE("measures: water of a run's electricity is the report's, else of all that the facility took", "[compare]") {
  Json report = sample_report("a", 1.25);
  report["scenario"]["site"]["electricity"]["water_l_per_kwh"] = 2.0;
  CHECK(*value_of(sample_input(report).measures, "electricity_water_l") == 2500.0);  // 1.25 MWh
  report["water"]["electricity_l"] = 1800.0;                                         // some came from batteries
  CHECK(*value_of(sample_input(report).measures, "electricity_water_l") == 1800.0);
}

TEST_CASE("measures: spare units by redundancy", "[compare]") {
  Json report = sample_report("a", 1.0);
  Json& power = report["scenario"]["factory"]["power"];
  const auto ups = [&] { return value_of(sample_input(report).measures, "carries/ups_w"); };
  power["redundancy"] = "n";
  CHECK(*ups() == 50e3);
  power["redundancy"] = "n_plus_1";
  power["ups_module_power_w"] = 10e3;
  CHECK(*ups() == 40e3);
  power["ups_module_power_w"] = 500e3;  // two units of half the sum
  CHECK(*ups() == 25e3);
  power["redundancy"] = "block_redundant";
  power["blocks"] = 4;  // but one group of racks: one block and its reserve
  CHECK(*ups() == 25e3);
  power["kind"] = "custom";
  CHECK_FALSE(ups().has_value());
}

TEST_CASE("measures: a value of a wrong type is a fault with its place, all are told", "[compare]") {
  Json report = sample_report("a", 1.25);
  report["power"]["pue"] = "low";
  report["summary"] = 3;
  report["cooling"]["mode_hours"]["free"] = true;
  FaultList faults;
  take_report(report, std::nullopt, faults);
  const std::string text = faults.text("f");
  INFO(text);
  CHECK(text.find("/power/pue: found string; allowed: a number or null") != text.npos);
  CHECK(text.find("/summary: found number; allowed: an object") != text.npos);
  CHECK(text.find("/cooling/mode_hours/free: found boolean; allowed: a number") != text.npos);
  CHECK(faults.total() == 3);
  Json list = sample_report("a", 1.25);
  list["summary"] = Json::array();
  FaultList of_list;
  take_report(list, std::nullopt, of_list);
  CHECK(of_list.text("f").find("/summary: found array; allowed: an object") != std::string::npos);
}

TEST_CASE("measures: hours out of range and highest temperatures of a run come from its series", "[compare]") {
  FaultList faults;
  const auto series =
      parse_series("time_s,server_inlet_c,rack_supply_c\r\n0,20,0\r\n600,28,0\r\n1200,33,0\r\n", faults);
  REQUIRE(series);
  const auto measures = take_report(sample_report("a", 1.2), series, faults).measures;
  CHECK(*value_of(measures, "server_inlet_above_27_c_h") == Approx(3000.0 / 3600.0));  // to 3,600 s
  CHECK(*value_of(measures, "server_inlet_above_32_c_h") == Approx(2400.0 / 3600.0));
  CHECK(*value_of(measures, "hottest_server_inlet_c") == 33.0);
  CHECK_FALSE(value_of(measures, "hottest_rack_supply_c").has_value());  // 0 throughout: no coolant
}

TEST_CASE("measures: the coolant of rack groups counts before what it would settle at", "[compare]") {
  const auto hottest = [](const char* csv) {
    FaultList faults;
    const auto series = parse_series(csv, faults);
    REQUIRE(series);
    return value_of(take_report(sample_report("a", 1.2), series, faults).measures, "hottest_rack_supply_c");
  };
  CHECK(*hottest("time_s,rack_supply_c\n0,36\n5,232\n") == 232.0);
  CHECK(*hottest("time_s,rack_supply_c,a.coolant_c,b.coolant_c\n0,36,34,35\n5,232,36,38\n") == 38.0);
  CHECK_FALSE(hottest("time_s,rack_supply_c,a.coolant_c\n0,0,24\n5,0,25\n").has_value());  // the room's air
}

TEST_CASE("series: what is no table of numbers is told with its line", "[compare]") {
  FaultList faults;
  CHECK_FALSE(parse_series("a,b\r\n1,2\r\n1\r\n1,x\r\n", faults));
  const std::string text = faults.text("s.csv");
  CHECK(text.find("s.csv:3") != text.npos);
  CHECK(text.find("found 1 cells; allowed: 2") != text.npos);
  CHECK(text.find("s.csv:4") != text.npos);
  const auto quoted = parse_series("\"a,\"\"b\",c\n,2\n", faults);
  REQUIRE(quoted);
  CHECK(quoted->names == std::vector<std::string>{"a,\"b", "c"});
  CHECK(std::isnan(quoted->columns[0][0]));
}

}  // namespace
}  // namespace tokenworks::compare
