#include "sim/report/report_schema.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/report/report.hpp"
#include "tests/catch.hpp"
#include "tests/report/sample_run.hpp"

using namespace tokenworks::report;
using Json = nlohmann::ordered_json;

namespace {

bool has_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  throw std::logic_error("unknown type " + type);
}

/// Faults of `value` against the words of JSON Schema that report_schema() uses.
void validate(const Json& value, const Json& schema, const std::string& path, std::vector<std::string>& faults) {
  if (schema.contains("const") && value != schema["const"]) faults.push_back(path + ": not the constant");
  if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    faults.push_back(path + ": not in the enumeration");
  if (schema.contains("type")) {
    const Json& type = schema["type"];
    const Json types = type.is_array() ? type : Json::array({type});
    bool fits = false;
    for (const Json& name : types) fits = fits || has_type(value, name.get<std::string>());
    if (!fits) return faults.push_back(path + ": wrong type");
  }
  if (schema.contains("minimum") && value < schema["minimum"]) faults.push_back(path + ": below the minimum");
  if (value.is_object()) {
    for (const Json& key : schema.value("required", Json::array())) {
      if (!value.contains(key.get<std::string>())) faults.push_back(path + "/" + key.get<std::string>() + ": missing");
    }
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [key, member] : value.items()) {
      if (properties.contains(key)) {
        validate(member, properties[key], path + "/" + key, faults);
      } else if (schema.contains("additionalProperties")) {
        if (schema["additionalProperties"].is_boolean()) {
          faults.push_back(path + "/" + key + ": unknown");
        } else {
          validate(member, schema["additionalProperties"], path + "/" + key, faults);
        }
      }
    }
  }
  if (value.is_array() && schema.contains("items")) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      validate(value[i], schema["items"], path + "/" + std::to_string(i), faults);
    }
  }
}

std::vector<std::string> faults_of(const Json& report) {
  std::vector<std::string> faults;
  validate(report, report_schema(), "", faults);
  return faults;
}

/// As a reader sees it: written and parsed, so that what JSON cannot say has become null.
Json written(const tokenworks::metrics::RunResult& run) {
  return Json::parse(report_json(run, {{"name", "x"}}, sample_provenance()).dump());
}

}  // namespace

TEST_CASE("report schema: written reports keep it", "[sim][report]") {
  CHECK(faults_of(written(sample_run())) == std::vector<std::string>{});
  CHECK(faults_of(written(idle_run())) == std::vector<std::string>{});
  tokenworks::metrics::RunResult unlimited = sample_run();
  unlimited.validity["x"].maximum = std::numeric_limits<double>::infinity();
  CHECK(faults_of(written(unlimited)) == std::vector<std::string>{});
  tokenworks::metrics::RunResult no_fabric = sample_run();
  no_fabric.network.fabric.reset();
  CHECK(faults_of(written(no_fabric)) == std::vector<std::string>{});
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
    CHECK_FALSE(faults_of(changed).empty());
    Json& parent = (changed = report)[at.parent_pointer()];
    if (!parent.is_object()) continue;
    parent["surprise"] = "?";
    CHECK_FALSE(faults_of(changed).empty());
    ++checked;
    // The keys of a map are free; those of everything else are needed.
    const Json::json_pointer parent_at = at.parent_pointer();
    const std::string holder = parent_at.empty() ? "" : parent_at.back();
    const bool is_map = holder == "energy_by_j" || holder == "ratings_w" || holder == "rejections" ||
                        holder == "mode_hours" || holder == "effects";
    if (is_map) continue;
    (changed = report)[at.parent_pointer()].erase(at.back());
    CHECK_FALSE(faults_of(changed).empty());
  }
  CHECK(checked > 150);
}
