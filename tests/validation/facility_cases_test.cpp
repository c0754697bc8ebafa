// Published sites and the states of another model: what is predicted today stays within these bands. Each band holds
// what was measured when it was written; where it is far from what was published, the comment says why.
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/cases/facility_scenario.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/run_cases.hpp"

namespace tokenworks::validation {
namespace {

using Catch::Matchers::WithinAbs;
using Status = CaseOutcome::Status;

const std::filesystem::path kMeasurements = TOKENWORKS_SOURCE_DIR "/../shared/data/validation";

struct Answer {
  MeasuredCase measured;
  CaseOutcome outcome;
  /// Of the first comparison with this metric.
  double predicted(std::string_view metric) const {
    for (std::size_t i = 0; i < measured.comparisons.size(); ++i) {
      if (measured.comparisons[i].metric == metric) return outcome.predicted.at(i);
    }
    FAIL("no " << metric << " in " << measured.name);
    return 0.0;
  }
};

std::vector<Answer> answers(std::string_view set, const std::filesystem::path& folder) {
  std::vector<Answer> all;
  for (const CaseFile& file : case_files()) {
    if (file.name != set) continue;
    scenario::FaultList faults;
    for (MeasuredCase& measured : file.read(folder, faults).cases) all.push_back({std::move(measured), {}});
    CHECK(faults.empty());
  }
  std::vector<const MeasuredCase*> cases;
  for (const Answer& answer : all) cases.push_back(&answer.measured);
  const std::vector<CaseOutcome> outcomes = run_cases(cases, {.jobs = 2});
  for (std::size_t i = 0; i < all.size(); ++i) all[i].outcome = outcomes[i];
  return all;
}

/// By name.
std::map<std::string, Answer> by_name(std::vector<Answer> all) {
  std::map<std::string, Answer> named;
  for (Answer& answer : all) {
    INFO(answer.measured.group << ": " << answer.measured.name << ": " << answer.outcome.reason);
    REQUIRE(answer.outcome.status == Status::predicted);
    std::string name = answer.measured.group + ": " + answer.measured.name;
    CHECK(named.emplace(std::move(name), std::move(answer)).second);
  }
  return named;
}

TEST_CASE("published sites: PUE and water by the normals of the catalog stay where they are", "[validation]") {
  const auto sites = by_name(answers("facility", "/no/such/folder"));
  const Answer& esif = sites.at("liquid: cold plates, towers, no chiller: NREL ESIF, denver_co");
  CHECK_THAT(esif.predicted("pue"), WithinAbs(1.045, 0.005));
  CHECK_THAT(esif.predicted("pue"), WithinAbs(1.036, 0.03));
  // Published 1.08: less than the heat would evaporate without any blow-down, so that some of it left another way.
  CHECK_THAT(esif.predicted("wue_l_per_kwh"), WithinAbs(1.58, 0.1));
  CHECK_THAT(sites.at("power: component chain: Frontier at rest").predicted("power_mw"), WithinAbs(7.28, 0.005));
  for (const auto& [name, answer] : sites) {
    INFO(name);
    if (name.starts_with("liquid")) {
      for (const Comparison& comparison : answer.measured.comparisons) {
        if (comparison.metric != "pue") continue;
        const double predicted = answer.predicted("pue");
        CHECK_THAT(predicted, WithinAbs(comparison.nearest(predicted), 0.03));
      }
    }
    if (name.ends_with("6 places") && name.starts_with("air")) {
      const Comparison& comparison = answer.measured.comparisons.front();
      const double predicted = answer.outcome.predicted.front();
      CHECK_THAT(predicted, WithinAbs(comparison.nearest(predicted), 0.1));
    }
  }
  CHECK_THAT(sites.at("air: legacy hall, chillers in the yard: survey mean, legacy halls at half their load, 6 places")
                 .predicted("pue"),
             WithinAbs(1.512, 0.02));
  CHECK_THAT(sites.at("air: chillers in the yard: US fleet of 2023, 6 places").predicted("pue"),
             WithinAbs(1.360, 0.015));
  CHECK_THAT(sites.at("air: chillers, towers, economiser: hyperscale, chillers and towers, 6 places").predicted("pue"),
             WithinAbs(1.111, 0.015));
  const Answer& outside_air = sites.at("air: outside air: hyperscale, outside air, 6 places");
  CHECK_THAT(outside_air.predicted("pue"), WithinAbs(1.089, 0.015));
  // Published 0.26 for a fleet with sites of other kinds: air of 27 degC is rarely wetted.
  CHECK_THAT(outside_air.predicted("wue_l_per_kwh"), WithinAbs(0.013, 0.01));
  // Published 0.15 to 0.17 without a place: 0.03 in Frankfurt and Seattle, 0.13 and 0.14 in Leesburg and Bologna.
  CHECK_THAT(sites.at("liquid: cold plates, adiabatic: dry coolers with pads, 6 places").predicted("wue_l_per_kwh"),
             WithinAbs(0.09, 0.015));
}

TEST_CASE("published sites: weather files and normals of the catalog tell the same PUE", "[validation][shared]") {
  if (!weather_file("denver_co", kMeasurements)) {
    WARN("no weather files beside " << kMeasurements.string() << ": not checked");
    return;
  }
  const auto sites = by_name(answers("facility", kMeasurements));
  int pairs = 0;
  for (const auto& [name, answer] : sites) {
    const auto with_file = sites.find(name + " (weather file)");
    if (with_file == sites.end()) continue;
    INFO(name);
    const std::string& metric = answer.measured.comparisons.front().metric;
    if (metric.find("pue") == std::string::npos) continue;
    CHECK_THAT(with_file->second.predicted(metric), WithinAbs(answer.predicted(metric), 0.004));
    ++pairs;
  }
  CHECK(pairs >= 20);
}

/// Hours, PUE and water beside those of another program, which read the weather files.
TEST_CASE("facility states: hours by mode, PUE and water beside another model", "[validation][shared]") {
  if (!weather_file("denver_co", kMeasurements)) {
    WARN("no weather files beside " << kMeasurements.string() << ": not checked");
    return;
  }
  for (const auto& [name, answer] : by_name(answers("facility_states", kMeasurements))) {
    INFO(name);
    const std::string& group = answer.measured.group;
    const bool singapore = answer.measured.name.starts_with("singapore");
    const bool rear_doors = group.starts_with("rear doors");
    const bool hot_and_dry = answer.measured.name.starts_with("phoenix") || answer.measured.name.starts_with("tucson");
    for (std::size_t i = 0; i < answer.measured.comparisons.size(); ++i) {
      const Comparison& comparison = answer.measured.comparisons[i];
      const double difference = answer.outcome.predicted.at(i) - comparison.measured;
      INFO(comparison.metric << ' ' << answer.outcome.predicted.at(i) << " beside " << comparison.measured);
      if (comparison.metric == "pue") CHECK_THAT(difference, WithinAbs(0, singapore ? 0.025 : 0.02));
      if (comparison.metric == "hours_on_chillers_alone")
        CHECK_THAT(difference, WithinAbs(rear_doors ? -0.06 : 0, 0.08));
      // Our towers are sized for 4 K at each design day and come nearer to the wet bulb at part load.
      if (comparison.metric == "hours_without_chiller" && rear_doors) {
        CHECK_THAT(difference, WithinAbs(0.25, 0.27));
      }
      if (comparison.metric == "hours_without_chiller" && group.starts_with("air")) {
        CHECK_THAT(difference, WithinAbs(0.1, 0.11));
      }
      if (comparison.metric == "hours_without_chiller" && group.starts_with("cold plates, dry")) {
        CHECK_THAT(difference, WithinAbs(0, 0.13));
      }
      if (comparison.metric == "hours_without_chiller" && group.starts_with("immersion")) {
        CHECK_THAT(difference, WithinAbs(0, 0.04));
      }
      if (comparison.metric == "hours_without_chiller" && group.starts_with("cold plates, towers") && !singapore) {
        CHECK_THAT(difference, WithinAbs(0.02, 0.03));
      }
      // The other's share of latent heat is wrong for hot, dry air over cool water.
      if (comparison.metric == "wue_l_per_kwh" && !(hot_and_dry && !group.starts_with("cold plates"))) {
        CHECK_THAT(difference / comparison.measured, WithinAbs(0, 0.2));
      }
    }
  }
}

TEST_CASE("published sites: what the year's mean does not show: temperatures and water by the hour", "[validation]") {
  FacilityScenario esif;
  esif.site = "denver_co";
  esif.nameplate_w = 1.056e6;
  esif.power = {{"redundancy", "n"}, {"ups", "none"}};
  esif.cooling = {{"kind", "direct_to_chip"},
                  {"facility_supply_c", 24},
                  {"residual_air_plant", "shared"},
                  {"residual_air", {{"supply_air_c", 27}}},
                  {"heat_rejection", {{"kind", "cooling_tower"}, {"trim_chiller", false}}}};
  MeasuredCase measured;
  measured.name = "hours";
  measured.group = "made up";
  measured.scenario = scenario_json(esif);
  measured.year = true;
  const auto add = [&](const char* metric, std::function<double(const metrics::YearHour&)> of, bool most) {
    measured.comparisons.push_back({.metric = metric,
                                    .measured = 1.0,
                                    .predicted =
                                        [of, most](const CaseRun& run) {
                                          double value = of(run.year.hours.front());
                                          for (const auto& hour : run.year.hours) {
                                            value = most ? std::max(value, of(hour)) : std::min(value, of(hour));
                                          }
                                          return value;
                                        },
                                    .difference = true});
  };
  add(
      "coldest_rack_supply_c", [](const auto& hour) { return hour.rack_supply_c; }, false);
  add(
      "warmest_rack_supply_c", [](const auto& hour) { return hour.rack_supply_c; }, true);
  add(
      "warmest_server_inlet_c", [](const auto& hour) { return hour.server_inlet_c; }, true);
  add(
      "chillers_w", [](const auto& hour) { return hour.chillers_w; }, true);
  add(
      "least_water_l_per_kwh",
      [](const auto& hour) { return (hour.evaporation_l + hour.drift_l + hour.blow_down_l) / (1e-3 * hour.it_w); },
      false);
  add(
      "most_water_l_per_kwh",
      [](const auto& hour) { return (hour.evaporation_l + hour.drift_l + hour.blow_down_l) / (1e-3 * hour.it_w); },
      true);
  const CaseOutcome outcome = run_cases({&measured}, {.jobs = 1}).front();
  INFO(outcome.reason);
  REQUIRE(outcome.status == Status::predicted);
  CHECK(outcome.predicted[0] == 28.0);  // facility water of 24 degC and an approach of 4 K, all year
  CHECK_THAT(outcome.predicted[1], WithinAbs(28.0, 2.0));
  CHECK_THAT(outcome.predicted[2], WithinAbs(27.5, 2.5));
  CHECK(outcome.predicted[3] < 2e4);  // the electrical rooms' alone
  CHECK(outcome.predicted[4] > 0.8);
  CHECK(outcome.predicted[5] < 3.2);  // hot, dry air cools itself on the water, too
}

}  // namespace
}  // namespace tokenworks::validation
