#include "tools/compare/comparison_json.hpp"

#include <cmath>
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

}  // namespace tokenworks::compare
