#include "tools/compare/comparison_json.hpp"

#include <cmath>
#include <initializer_list>
#include <utility>

#include "sim/report/build_info.hpp"

namespace tokenworks::compare {
namespace {

using scenario::Json;

Json number(const std::optional<double>& value) {
  if (!value) return nullptr;
  if (std::isinf(*value)) return "never";
  return *value;
}

template <class List, class To>
Json list_of(const List& list, To to) {
  Json json = Json::array();
  for (const auto& element : list) json.push_back(to(element));
  return json;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json report_json(const ComparedReport& report) {
  return {{"name", report.name},
          {"path", report.path},
          {"kind", report.kind},
          {"scenario", report.scenario},
          {"version", text_or_null(report.version)},
          {"git_revision", text_or_null(report.git_revision)},
          {"outcome", text_or_null(report.outcome)},
          {"length_s", number(report.length_s)},
          {"power", text_or_null(report.power)},
          {"redundancy", text_or_null(report.redundancy)},
          {"cooling", text_or_null(report.cooling)},
          {"heat_rejection", text_or_null(report.heat_rejection)}};
}

Json row_json(const Row& row) {
  return {{"id", row.id},
          {"label", row.label},
          {"section", text_or_null(row.section)},
          {"unit", unit_text(row.unit)},
          {"better", better_name(row.better)},
          {"values", list_of(row.values, number)},
          {"differences", list_of(row.differences, number)},
          {"shares", list_of(row.shares, number)},
          {"best", list_of(row.best, [](bool best) { return Json(best); })}};
}

Json topics_json(const std::vector<Row>& rows) {
  Json topics = Json::array();
  for (int t = 0; t < kTopics; ++t) {
    const auto topic = static_cast<Topic>(t);
    Json of_topic = Json::array();
    for (const Row& row : rows) {
      if (row.topic == topic) of_topic.push_back(row_json(row));
    }
    if (of_topic.empty()) continue;
    topics.push_back({{"topic", topic_name(topic)}, {"rows", std::move(of_topic)}});
  }
  return topics;
}

Json statement_json(const Statement& statement) {
  return {{"subject", statement.subject}, {"of_reports", list_of(statement.of_reports, [](const auto& said) {
                                             return said ? Json(*said) : Json(nullptr);
                                           })}};
}

Json setting_json(const SettingDifference& setting) {
  return {{"pointer", setting.pointer},
          {"part", part_name(setting.part)},
          {"values", list_of(setting.values, [](const auto& value) { return value ? *value : Json(nullptr); })}};
}

// The schema.

Json of_type(Json type, const char* meaning) {
  Json schema = {{"type", std::move(type)}};
  if (*meaning != '\0') schema["description"] = meaning;
  return schema;
}
Json text(const char* meaning = "") { return of_type("string", meaning); }
Json maybe_text(const char* meaning = "") { return of_type({"string", "null"}, meaning); }
Json list(Json items, const char* meaning = "") {
  Json schema = of_type("array", meaning);
  schema["items"] = std::move(items);
  return schema;
}
Json one_of(Json names, const char* meaning = "") {
  Json schema = {{"enum", std::move(names)}};
  if (*meaning != '\0') schema["description"] = meaning;
  return schema;
}
Json object(std::initializer_list<std::pair<const char*, Json>> members, const char* meaning = "") {
  Json schema = of_type("object", meaning);
  Json properties = Json::object(), required = Json::array();
  for (const auto& [key, member] : members) {
    properties[key] = member;
    required.push_back(key);
  }
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Json topic_names() {
  Json names = Json::array();
  for (int t = 0; t < kTopics; ++t) names.push_back(topic_name(static_cast<Topic>(t)));
  return names;
}

}  // namespace

Json comparison_json(const Comparison& comparison) {
  const report::BuildInfo build = report::build_info();
  const Json traffic = concerns(comparison.settings, Part::traffic);
  return {{"format", kComparisonFormat},
          {"provenance", {{"program", "tokenworks"}, {"version", build.version}, {"git_revision", build.git_revision}}},
          {"reports", list_of(comparison.reports, report_json)},
          {"warnings", comparison.warnings},
          {"same_traffic", !traffic.get<bool>()},
          {"same_factory", !concerns(comparison.settings, Part::factory)},
          {"same_site", !concerns(comparison.settings, Part::site)},
          {"settings", list_of(comparison.settings, setting_json)},
          {"topics", topics_json(comparison.rows)},
          {"assumptions", list_of(comparison.assumptions, statement_json)},
          {"validity", list_of(comparison.validity, statement_json)}};
}

Json comparison_schema() {
  const Json report = object({{"name", text("as it is called in this comparison")},
                              {"path", text("of the document; empty where it has not been a file")},
                              {"kind", one_of({"run", "year"})},
                              {"scenario", text("its name")},
                              {"version", maybe_text()},
                              {"git_revision", maybe_text()},
                              {"outcome", maybe_text()},
                              {"length_s", of_type({"number", "null"}, "simulated")},
                              {"power", maybe_text("kind of factory.power")},
                              {"redundancy", maybe_text()},
                              {"cooling", maybe_text("kind of factory.cooling")},
                              {"heat_rejection", maybe_text()}});
  const Json values = list(of_type({"number", "null", "string"},
                                   "null: the report does not have it; \"never\": a date "
                                   "that did not come"),
                           "by report");
  const Json differences = list(of_type({"number", "null"}, ""), "to the first report; null for itself");
  const Json row = object({{"id", text("the same in every comparison")},
                           {"label", text()},
                           {"section", maybe_text("of incidents: which one")},
                           {"unit", text("1 for counts, shares and ratios")},
                           {"better", one_of({"neither", "higher", "lower"})},
                           {"values", values},
                           {"differences", differences},
                           {"shares", list(of_type({"number", "null"}, ""), "the same, of the first report's value")},
                           {"best", list(of_type("boolean", ""), "where one sense is better and not all are alike")}});
  const Json statement = object({{"subject", text()}, {"of_reports", list(maybe_text("null: not said"), "by report")}});
  const Json setting = object({{"pointer", text("JSON Pointer in the resolved scenario")},
                               {"part", one_of({"traffic", "factory", "site", "incidents", "other"})},
                               {"values", list(Json::object(), "by report; null: it has no such value")}});
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", kComparisonFormat}};
  schema.update(object({{"format", {{"const", kComparisonFormat}}},
                        {"provenance", object({{"program", text()}, {"version", text()}, {"git_revision", text()}})},
                        {"reports", list(report)},
                        {"warnings", list(text(), "why figures may not be comparable")},
                        {"same_traffic", of_type("boolean", "workloads, services, seed, clock and traffic are alike")},
                        {"same_factory", of_type("boolean", "")},
                        {"same_site", of_type("boolean", "")},
                        {"settings", list(setting, "what differs between the scenarios")},
                        {"topics", list(object({{"topic", one_of(topic_names())}, {"rows", list(row)}}))},
                        {"assumptions", list(statement, "that not all reports share")},
                        {"validity", list(statement, "models that were used outside their range")}}));
  return schema;
}

}  // namespace tokenworks::compare
