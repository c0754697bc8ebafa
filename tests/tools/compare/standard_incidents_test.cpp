#include "tools/compare/standard_incidents.hpp"

#include "tests/catch.hpp"
#include "tools/compare/comparison.hpp"

namespace tokenworks::compare {
namespace {

const std::string kScenario = std::string(TOKENWORKS_SOURCE_DIR) + "/scenarios/quickstart.json";

std::string path_under(const std::string& redundancy, const std::string& ups) {
  scenario::ReadOutcome outcome =
      scenario::read_scenario(kScenario, {{"/factory/power/redundancy", redundancy}, {"/factory/power/ups", ups}});
  REQUIRE(outcome.faults.empty());
  const auto incidents = standard_incidents(outcome, 60, 600);
  REQUIRE(incidents.size() == 3);
  CHECK(incidents[0].incident.at("target") == "row_a");
  CHECK_FALSE(incidents[1].incident.contains("target"));
  return incidents[2].incident.at("target").get<std::string>();
}

TEST_CASE("standard incidents: a path is the first UPS, else the first busway", "[compare]") {
  CHECK(path_under("n", "double_conversion") == "ups");
  CHECK(path_under("2n", "double_conversion") == "ups_a");
  CHECK(path_under("block_redundant", "double_conversion") == "ups_1");
  CHECK(path_under("2n", "none") == "busway_a");
}

TEST_CASE("standard incidents: each is a run of its own, its cost the difference to the run without", "[compare]") {
  IncidentRuns wanted;
  wanted.paths = {kScenario, kScenario};
  wanted.overrides = {{"/clock/duration_s", "900"}};
  wanted.jobs = 2;
  IncidentReports found = run_incidents(wanted);
  REQUIRE(found.faults.empty());
  REQUIRE(found.reports.size() == 2);
  CHECK(found.notes.size() == 0);
  for (const ReportInput& report : found.reports) {
    REQUIRE(report.incidents.size() == 3);
    CHECK(report.incidents[0].kind == "cooling_pump_failure");
    CHECK(report.incidents[1].kind == "utility_loss");
    CHECK(report.incidents[2].kind == "power_path_down");
  }
  // Both are the same factory: nothing differs, whichever child was first.
  CHECK(name_reports(found.reports, {"a", "b"}).empty());
  const Comparison comparison = compare(found.reports);
  CHECK(comparison.settings.empty());
  for (const Row& row : comparison.rows) CHECK(row.is_same());
}

TEST_CASE("standard incidents: scenarios at fault are all told before anything runs", "[compare]") {
  IncidentRuns wanted;
  wanted.paths = {kScenario, kScenario + ".absent"};
  wanted.overrides = {{"/services/0/replicas", "-1"}};
  const IncidentReports found = run_incidents(wanted);
  CHECK(found.reports.empty());
  CHECK(found.faults.find("/services/0/replicas") != std::string::npos);
  CHECK(found.faults.find("quickstart.json.absent") != std::string::npos);
}

}  // namespace
}  // namespace tokenworks::compare
