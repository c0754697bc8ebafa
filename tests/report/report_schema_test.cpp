#include "sim/report/report_schema.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/report/report.hpp"
#include "tests/catch.hpp"
#include "tests/report/sample_run.hpp"
#include "tests/scenario/schema_check.hpp"

using namespace tokenworks::report;
using Json = nlohmann::ordered_json;

namespace {

std::string fault_of(const Json& report) { return tokenworks::scenario::schema_fault(report_schema(), report); }

/// As a reader sees it: written and parsed, so that what JSON cannot say has become null.
Json written(const tokenworks::metrics::RunResult& run) {
  return Json::parse(report_json(run, {{"name", "x"}}, sample_provenance()).dump());
}

}  // namespace

TEST_CASE("report schema: written reports keep it", "[sim][report]") {
  CHECK(fault_of(written(sample_run())) == "");
  CHECK(fault_of(written(idle_run())) == "");
  tokenworks::metrics::RunResult unlimited = sample_run();
  unlimited.validity["x"].maximum = std::numeric_limits<double>::infinity();
  CHECK(fault_of(written(unlimited)) == "");
  tokenworks::metrics::RunResult no_fabric = sample_run();
  no_fabric.network.fabric.reset();
  CHECK(fault_of(written(no_fabric)) == "");
}

TEST_CASE("report schema: a key that is gone, new or of another type is found everywhere", "[sim][report][law]") {
  const Json report = written(sample_run());
  const Json flat = report.flatten();
  int checked = 0;
  for (const auto& [pointer, value] : flat.items()) {
    if (pointer.starts_with("/scenario") || value.is_null()) continue;
    INFO(pointer);
    const Json::json_pointer at(pointer);
    Json changed = report;
    changed[at] = Json::array({true});
    CHECK_FALSE(fault_of(changed).empty());
    Json& parent = (changed = report)[at.parent_pointer()];
    if (!parent.is_object()) continue;
    parent["surprise"] = "?";
    CHECK_FALSE(fault_of(changed).empty());
    ++checked;
    // The keys of a map are free; those of everything else are needed.
    const Json::json_pointer parent_at = at.parent_pointer();
    const std::string holder = parent_at.empty() ? "" : parent_at.back();
    const bool is_map = holder == "energy_by_j" || holder == "ratings_w" || holder == "rejections" ||
                        holder == "mode_hours" || holder == "effects";
    if (is_map) continue;
    (changed = report)[at.parent_pointer()].erase(at.back());
    CHECK_FALSE(fault_of(changed).empty());
  }
  CHECK(checked > 150);
}
