// `tokenworks year` in this process: definitions of the metrics, sums, leap years, bad input.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "sim/report/year_report.hpp"
#include "sim/report/year_schema.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/json_text.hpp"
#include "sim/scenario/year_run.hpp"
#include "sim/scenario/year_store.hpp"
#include "tests/catch.hpp"
#include "tests/scenario/schema_check.hpp"

using namespace tokenworks;
using namespace tokenworks::scenario;

namespace {

const std::string kExample = TOKENWORKS_SOURCE_DIR "/scenarios/examples/year_direct_to_chip.json";

ReadOutcome example(const Overrides& overrides = {}) {
  ReadOutcome scenario = read_scenario(kExample, overrides);
  if (scenario.faults.empty()) check_site_files(scenario);
  return scenario;
}

metrics::YearResult year_of(const Overrides& overrides = {}) {
  ReadOutcome scenario = read_scenario(kExample, overrides);
  INFO(scenario.faults.text("example"));
  REQUIRE(scenario.faults.empty());
  SiteModels site = check_site_files(scenario);
  REQUIRE(scenario.faults.empty());
  return run_year(scenario, std::move(site), scenario.spec.year->operating_points, "scenario");
}

Json report_of(const metrics::YearResult& result) { return report::year_json(result, Json::object(), {}); }

double number_at(const Json& json, const char* pointer) {
  return json.at(nlohmann::json_pointer<std::string>(pointer)).get<double>();
}

std::string faults_of(const Overrides& overrides) { return example(overrides).faults.text("x"); }

}  // namespace

TEST_CASE("year: metrics are what their definitions say of the hours", "[scenario][year]") {
  const metrics::YearResult result = year_of();
  REQUIRE(result.hours.size() == 8760);
  double it = 0, facility = 0, cooling = 0, chain = 0, overhead = 0, water = 0, carbon = 0, usd = 0, tokens = 0,
         peak = 0;
  for (const metrics::YearHour& h : result.hours) {
    it += h.it_w;
    facility += h.facility_w();
    cooling += h.chillers_w + h.pumps_w + h.air_handler_fans_w + h.heat_rejection_fans_w;
    chain += h.busway_loss_w + h.ups_loss_w + h.transformer_loss_w;
    overhead += h.fans_and_supplies_w;
    water += h.evaporation_l + h.drift_l + h.blow_down_l;
    carbon += h.facility_w() / 1000 * h.co2_kg_per_kwh;
    usd += h.facility_w() / 1000 * h.usd_per_kwh;
    tokens += h.output_tokens;
    peak = std::max(peak, h.facility_w());
  }
  const Json report = report_of(result);
  CHECK(report.at("format") == "tokenworks.year/1");
  CHECK_THAT(number_at(report, "/summary/pue"), WithinRel(facility / it, 1e-9));
  CHECK_THAT(number_at(report, "/summary/dcie"), WithinRel(it / facility, 1e-9));
  CHECK_THAT(number_at(report, "/summary/ppue_cooling"), WithinRel((it + cooling) / it, 1e-9));
  CHECK_THAT(number_at(report, "/summary/ppue_power_chain"), WithinRel((it + chain) / it, 1e-9));
  CHECK_THAT(number_at(report, "/summary/itue"), WithinRel(it / (it - overhead), 1e-9));
  CHECK_THAT(number_at(report, "/summary/tue"), WithinRel(it / (it - overhead) * facility / it, 1e-9));
  CHECK_THAT(number_at(report, "/summary/wue_site_l_per_kwh"), WithinAbs(water / (it / 1000), 1e-9));
  CHECK_THAT(number_at(report, "/summary/wue_source_l_per_kwh"),
             WithinRel(water / (it / 1000) + 1.8 * facility / it, 1e-9));
  CHECK_THAT(number_at(report, "/summary/cue_kg_per_kwh"), WithinRel(carbon / (it / 1000), 1e-9));
  CHECK(number_at(report, "/summary/erf") == 0.0);
  CHECK_THAT(number_at(report, "/summary/ere"), WithinRel(facility / it, 1e-9));
  CHECK_THAT(number_at(report, "/cost/energy_usd"), WithinRel(usd, 1e-9));
  CHECK_THAT(number_at(report, "/summary/output_tokens_per_joule"), WithinRel(tokens / (facility * 3600), 1e-9));
  CHECK(number_at(report, "/peaks/hour/facility_w") == peak);
  // 85 % of 11 MW at least, 12 USD/kW and month.
  CHECK(number_at(report, "/cost/demand_usd") >= 12 * 12 * 0.85 * 11000 - 1e-6);

  double parts = 0, modes = 0, months_it = 0, months_usd = 0;
  for (const auto& [name, joules] : report.at("energy_by_j").items()) parts += joules.get<double>();
  CHECK_THAT(parts, WithinRel(number_at(report, "/summary/facility_energy_j"), 1e-9));
  for (const auto& [mode, hours] : report.at("cooling").at("mode_hours").at("main").items())
    modes += hours.get<double>();
  CHECK(modes == 8760);
  for (const Json& month : report.at("months")) {
    months_it += month.at("it_energy_j").get<double>();
    months_usd += month.at("electricity_usd").get<double>();
  }
  CHECK_THAT(months_it, WithinRel(it * 3600, 1e-9));
  CHECK_THAT(months_usd, WithinRel(number_at(report, "/summary/electricity_usd"), 1e-9));
  CHECK(number_at(report, "/summary/pue") > 1.05);
  CHECK(number_at(report, "/summary/pue") < 1.3);
}

TEST_CASE("year: the same bytes again; a line an hour; a table that fits a terminal", "[scenario][year]") {
  const metrics::YearResult first = year_of(), second = year_of();
  CHECK(report_of(first).dump() == report_of(second).dump());
  const std::string csv = report::year_csv(first);
  CHECK(csv == report::year_csv(second));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 8761);
  const std::string table = report::year_table(report_of(first));
  for (std::size_t start = 0; start < table.size();) {
    const std::size_t end = table.find('\n', start);
    CHECK(end - start <= 80);
    start = end + 1;
  }
}

TEST_CASE("year: a leap year has 8,784 hours, and its carbon follows them", "[scenario][year]") {
  const metrics::YearResult result = year_of({{"/clock/start", "2028-01-01"}});
  REQUIRE(result.hours.size() == 8784);
  CHECK(result.hours[59 * 24].month == 1);
  CHECK(result.hours[59 * 24].day == 29);
  CHECK(result.hours.back().month == 11);
  CHECK(result.hours.back().day == 31);
}

TEST_CASE("year: hotter places take more cooling, a higher load more power", "[scenario][year]") {
  const auto pue = [](const std::string& site) {
    return number_at(report_of(year_of({{"/site/weather/site", site}})), "/summary/ppue_cooling");
  };
  const double stockholm = pue("stockholm_arlanda"), leesburg = pue("leesburg_va"), phoenix = pue("phoenix_az");
  CHECK(stockholm < leesburg);
  CHECK(leesburg < phoenix);
  const double half = number_at(report_of(year_of({{"/year/demand/peak_load", "0.5"}})), "/summary/facility_energy_j");
  const double whole = number_at(report_of(year_of()), "/summary/facility_energy_j");
  CHECK(half < whole);
}

TEST_CASE("year: a battery at the grid takes peaks off the demand charge, and its losses are paid",
          "[scenario][year]") {
  const metrics::YearResult plain = year_of();
  const Json without = report_of(plain);
  const double peak = number_at(without, "/summary/highest_facility_w");
  CHECK(number_at(without, "/summary/highest_grid_w") == peak);
  double last_demand = number_at(without, "/cost/demand_usd"), last_energy = number_at(without, "/cost/energy_usd");
  for (const double share : {0.97, 0.94}) {
    const std::string store =
        fmt::format(R"({{"power_w": 2e6, "ride_through_s": 28800, "shaping": {{"limit_w": {}}}}})", share * peak);
    const metrics::YearResult result = year_of({{"/factory/power/grid_storage", store}});
    const Json report = report_of(result);
    double stored = 0.0;
    for (const metrics::YearHour& h : result.hours) {
      CHECK(h.battery_loss_w >= 0.0);
      CHECK(h.grid_w() <= share * peak + h.transformer_loss_w + 1.0);
      stored += (h.battery_w - h.battery_loss_w) * 3600;
    }
    CHECK_THAT(number_at(report, "/summary/grid_energy_j"),
               WithinRel(number_at(report, "/summary/facility_energy_j") + stored, 1e-12));
    CHECK(std::abs(stored) < 2e6 * 28800 * 1.02 / 0.8);
    CHECK(number_at(report, "/cost/demand_usd") < last_demand);
    CHECK(number_at(report, "/energy_by_j/battery_loss") > 0.0);
    CHECK(number_at(report, "/cost/energy_usd") > last_energy * 0.999);
    CHECK(number_at(report, "/summary/it_energy_j") == number_at(without, "/summary/it_energy_j"));
    last_demand = number_at(report, "/cost/demand_usd");
    last_energy = number_at(report, "/cost/energy_usd");
  }
}

TEST_CASE("year: a battery that cannot carry a peak gives what it has, down to its reserve", "[scenario][year]") {
  power::StorageSpec spec = power::StorageSpec::energy_storage();
  spec.ride_through = Seconds(3600);  // 1 MWh usable
  spec.shaping.emplace().limit = Watts(5e6);
  spec.shaping->reserve_share = 0.2;
  YearStore store(spec, Watts(1e6));
  CHECK(store.next(Watts(4.9e6)).taken.value == 0.0);
  CHECK_THAT(store.next(Watts(5.5e6)).taken.value, WithinAbs(-0.5e6, 1.0));
  // 0.3 MWh are left above the reserve, at 1.014 from the cells for each given.
  CHECK_THAT(store.next(Watts(7e6)).taken.value, WithinRel(-0.3e6, 1e-6));
  CHECK_THAT(store.next(Watts(7e6)).taken.value, WithinAbs(0.0, 1.0));
  // Back at a quarter of its power, as far as the limit leaves room.
  CHECK_THAT(store.next(Watts(4e6)).taken.value, WithinRel(0.25e6, 1e-9));
  CHECK_THAT(store.next(Watts(4.9e6)).taken.value, WithinRel(0.1e6, 1e-9));
}

TEST_CASE("year: load outside of the points is noted, power then stands still", "[scenario][year]") {
  const metrics::YearResult result = year_of({{"/year/demand/peak_load", "2"}});
  CHECK(result.validity.contains("operating points: load [of the scenario's rates]"));
  double highest = 0;
  for (const metrics::YearHour& hour : result.hours) highest = std::max(highest, hour.it_w);
  CHECK(highest == 8.6e6);
}

TEST_CASE("year: what cannot be is told with its place", "[scenario][year]") {
  CHECK(faults_of({}).empty());
  CHECK(faults_of({{"/site/weather/site", "atlantis"}}).find("/site/weather/site: found \"atlantis\"") !=
        std::string::npos);
  CHECK(faults_of({{"/year/operating_points/2/load", "0.1"}}).find("/year/operating_points/2/load: found 0.1") !=
        std::string::npos);
  CHECK(faults_of({{"/year/operating_points/2/fans_and_supplies_w", "9e9"}}).find("at most it_w") != std::string::npos);
  CHECK(faults_of({{"/year/demand/hours", "[1, 2]"}}).find("/year/demand: hours: found 2 of them; allowed: 24") !=
        std::string::npos);
  CHECK(faults_of({{"/site/electricity/multipliers", "[1, 2]"}})
            .find("/site/electricity: multipliers: found 2 of them; allowed: 24") != std::string::npos);
  CHECK(faults_of({{"/site/electricity/co2_kg_per_kwh", "0.2"}}).find("both given") != std::string::npos);
  CHECK(faults_of({{"/site/electricity/demand/window_min", "20"}}).find("allowed: 15 or 30") != std::string::npos);
  CHECK(faults_of({{"/site/electricity/generation", R"({"coal": 0.8, "wind": 0.3})"}}).find("shares sum to") !=
        std::string::npos);
  CHECK(faults_of({{"/site/weather", R"({"kind": "epw", "path": "year_direct_to_chip.json"})"}})
            .find("/site/weather: EPW file, line 1") != std::string::npos);
  CHECK(faults_of({{"/site/weather", R"({"kind": "constant", "dry_bulb_c": 20, "design_wet_bulb_c": 30})"}})
            .find("above the design dry bulb") != std::string::npos);
}

namespace {

/// As a reader sees it: written and parsed, so that what JSON cannot say has become null.
Json written(const Overrides& overrides) {
  return Json::parse(report::year_json(year_of(overrides), Json::object(), {}).dump());
}

}  // namespace

TEST_CASE("year: every design's report fits the schema", "[scenario][year]") {
  const Json schema = report::year_schema();
  CHECK(schema_fault(schema, written({})) == "");
  CHECK(schema_fault(schema, written({{"/clock/start", "2028-01-01"}})) == "");
  // Without work, and without what ITUE needs: null.
  CHECK(schema_fault(schema, written({{"/year/operating_points", R"([{"load": 0, "it_w": 0}])"}})) == "");
  for (const char* cooling : {
           R"({"kind": "air_crah", "heat_rejection": {"kind": "water_cooled_chiller"}})",
           R"({"kind": "air_crah", "heat_rejection": {"kind": "outside_air"}})",
           R"({"kind": "direct_to_chip", "heat_rejection": {"kind": "cooling_tower"}})",
           R"({"kind": "direct_to_chip", "heat_rejection": {"kind": "adiabatic"}})",
       }) {
    INFO(cooling);
    CHECK(schema_fault(schema, written({{"/factory/cooling", cooling}})) == "");
  }
}

TEST_CASE("year schema: a key that is gone, new or of another type is found everywhere", "[scenario][year][law]") {
  const Json schema = report::year_schema(), report = written({});
  int checked = 0;
  const Json flat = report.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    // One month and one column stand for all.
    if (pointer.starts_with("/months/") && !pointer.starts_with("/months/0/")) continue;
    if (pointer.starts_with("/series/columns/") && !pointer.starts_with("/series/columns/0/")) continue;
    if (pointer.starts_with("/assumptions/") && !pointer.starts_with("/assumptions/0/")) continue;
    if (pointer == "/scenario" || value.is_null()) continue;
    INFO(pointer);
    const Json::json_pointer at(pointer);
    Json changed = report;
    changed[at] = Json::array({true});
    CHECK(schema_fault(schema, changed) != "");
    const Json::json_pointer parent_at = at.parent_pointer();
    if (!report[parent_at].is_object()) continue;
    (changed = report)[parent_at]["surprise"] = "?";
    CHECK(schema_fault(schema, changed) != "");
    ++checked;
    // The keys of a map are free; those of everything else are needed.
    const bool is_map = pointer.starts_with("/energy_by_j/") || pointer.starts_with("/ratings_w/") ||
                        pointer.starts_with("/cooling/mode_hours/");
    if (is_map) continue;
    (changed = report)[parent_at].erase(at.back());
    CHECK((schema_fault(schema, changed) != "" || at.back() == "residual_air"));
  }
  CHECK(checked > 100);
}
