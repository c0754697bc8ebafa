#include "tools/validation/validation_report.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/goals.hpp"

namespace tokenworks::validation {
namespace {

using scenario::Json;
using Status = CaseOutcome::Status;

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

std::string_view part_name(Part part) { return part == Part::judge ? "judge" : "fit"; }
std::string_view status_name(Status status) {
  switch (status) {
    case Status::predicted:
      return "predicted";
    case Status::left_out:
      return "left_out";
    case Status::failed:
      return "failed";
    case Status::not_run:
      return "not_run";
  }
  return "";
}

void append_reasons(std::string& text, std::string_view title, const ReasonCounts& counts) {
  if (counts.reasons().empty()) return;
  text += fmt::format("  {}\n", title);
  for (const auto& [reason, rows] : counts.reasons()) text += fmt::format("  {:>6}  {}\n", rows, reason);
}

void append_errors(std::string& text, const std::vector<LabelledErrors>& list) {
  if (list.empty()) return;
  std::size_t label_width = 5, metric_width = 6;
  for (const LabelledErrors& line : list) {
    label_width = std::max(label_width, line.label.size());
    metric_width = std::max(metric_width, line.metric.size());
  }
  text += fmt::format("  {:<{}}  {:<{}}  {:>5}  {:>7}  {:>7}  {:>7}  {:>8}  {}\n", "group", label_width, "metric",
                      metric_width, "count", "median", "p90", "bias", "worst", "worst case");
  std::string last;
  for (const LabelledErrors& line : list) {
    const ErrorStatistics& e = line.errors;
    text += fmt::format("  {:<{}}  {:<{}}  {:>5}  {:>7}  {:>7}  {:>+7.1f}  {:>8}  {}\n",
                        line.label == last ? "" : line.label, label_width, line.metric, metric_width, e.count,
                        percent(e.median), percent(e.p90), 100 * e.bias, percent(e.worst.error()), e.worst.name);
    last = line.label;
  }
}

/// Each way of failing once, with the scenario of its first case.
void append_failures(std::string& text, const FileValidation& file) {
  const ReasonCounts failures = failed(file);
  for (const auto& [reason, cases] : failures.reasons()) {
    const auto first = std::find_if(file.cases.begin(), file.cases.end(), [&](const JudgedCase& judged) {
      return judged.outcome.status == Status::failed && judged.outcome.reason == reason;
    });
    text += fmt::format("  FAILED {} cases: {}\n    first {}: {}\n    {}\n", cases, reason, first->measured.group,
                        first->measured.name, first->measured.scenario.dump());
  }
}

/// Figures of each case, with what its scenario states besides the defaults.
void append_stated(std::string& text, const FileValidation& file) {
  std::string group;
  for (const JudgedCase& judged : file.cases) {
    const MeasuredCase& measured = judged.measured;
    if (measured.stated.empty() || judged.outcome.status != Status::predicted) continue;
    if (measured.group != group) text += fmt::format("  {}\n", measured.group);
    group = measured.group;
    text += fmt::format("    {}:", measured.name);
    for (std::size_t i = 0; i < measured.comparisons.size(); ++i) {
      const Comparison& comparison = measured.comparisons[i];
      const double predicted = judged.outcome.predicted[i], nearest = comparison.nearest(predicted);
      text += fmt::format("{} {} {:.3f}, published {:.4g}", i == 0 ? "" : ";", comparison.metric, predicted,
                          comparison.measured);
      if (comparison.measured_most) text += fmt::format(" to {:.4g}", *comparison.measured_most);
      text += comparison.difference ? fmt::format(" ({:+.3f})", predicted - nearest)
                                    : fmt::format(" ({:+.0f} %)", 100 * (predicted / nearest - 1.0));
    }
    text += fmt::format("\n      {}\n", measured.stated);
  }
}

void append_file(std::string& text, const FileValidation& file, const ReportOptions& options) {
  text += fmt::format("{} ({}): {} rows, {} cases, {} predicted\n", file.name,
                      file.path.empty() ? "figures in the program" : file.path, file.rows, file.cases.size(),
                      count_cases(file, Status::predicted));
  append_reasons(text, "rows left out", file.left_out);
  append_reasons(text, "rows of which only a part counts", file.partly);
  append_reasons(text, "cases that the simulator has no answer for", refused(file));
  if (const std::size_t not_run = count_cases(file, Status::not_run))
    text += fmt::format("  {} cases were not run\n", not_run);
  append_failures(text, file);
  append_stated(text, file);
  for (const Part part : {Part::judge, Part::fit}) {
    const std::vector<LabelledErrors> errors = errors_of(file, part, options.by);
    if (errors.empty()) continue;
    text += options.split ? fmt::format("  {} part, errors in percent\n", part_name(part))
                          : std::string("  errors in percent\n");
    append_errors(text, errors);
  }
  text += '\n';
}

std::string bound_text(const Bound& bound) {
  return bound.p90 ? fmt::format("{:.0f}/{:.0f}", 100 * bound.median, 100 * *bound.p90)
                   : fmt::format("{:.0f}", 100 * bound.median);
}

void append_goals(std::string& text, const std::vector<FileValidation>& files) {
  const std::vector<GoalStanding> list = standing(files);
  if (list.empty()) return;
  text += fmt::format("{:<50}  {:>5}  {:>7}  {:>7}  {:>7}  {:>7}  {:>7}\n", "errors in percent, against goals", "count",
                      "median", "p90", "bias", "goal", "aim");
  for (const GoalStanding& s : list) {
    text += fmt::format("{:<50}  {:>5}  {:>7}  {:>7}  {:>+7.1f}  {:>7}  {:>7}\n", s.goal->name, s.errors.count,
                        percent(s.errors.median), percent(s.errors.p90), 100 * s.errors.bias, bound_text(s.goal->first),
                        bound_text(s.goal->aim));
  }
  text += '\n';
}

Json bound_json(const Bound& bound) {
  Json json = {{"median_error", bound.median}};
  if (bound.p90) json["p90_error"] = *bound.p90;
  return json;
}

Json goals_json(const std::vector<FileValidation>& files) {
  Json list = Json::array();
  for (const GoalStanding& s : standing(files)) {
    list.push_back({{"name", s.goal->name},
                    {"file", s.goal->file},
                    {"metric", s.goal->metric},
                    {"count", s.errors.count},
                    {"median_error", s.errors.median},
                    {"p90_error", s.errors.p90},
                    {"bias", s.errors.bias},
                    {"goal", bound_json(s.goal->first)},
                    {"aim", bound_json(s.goal->aim)}});
  }
  return list;
}

Json reasons_json(const ReasonCounts& counts) {
  Json list = Json::array();
  for (const auto& [reason, rows] : counts.reasons()) list.push_back({{"reason", reason}, {"count", rows}});
  return list;
}

Json errors_json(const std::vector<LabelledErrors>& list) {
  Json json = Json::array();
  for (const LabelledErrors& line : list) {
    const ErrorStatistics& e = line.errors;
    json.push_back({{"label", line.label},
                    {"metric", line.metric},
                    {"count", e.count},
                    {"median_error", e.median},
                    {"p90_error", e.p90},
                    {"bias", e.bias},
                    {"worst",
                     {{"case", e.worst.name},
                      {"predicted", e.worst.predicted},
                      {"measured", e.worst.measured},
                      {"error", e.worst.error()}}}});
  }
  return json;
}

Json file_json(const FileValidation& file) {
  Json json;
  json["name"] = file.name;
  json["path"] = file.path;
  json["rows"] = file.rows;
  json["cases"] = file.cases.size();
  json["predicted"] = count_cases(file, Status::predicted);
  json["not_run"] = count_cases(file, Status::not_run);
  json["rows_left_out"] = reasons_json(file.left_out);
  json["rows_in_part"] = reasons_json(file.partly);
  json["cases_without_answer"] = reasons_json(refused(file));
  json["failed"] = Json::array();
  for (const JudgedCase& judged : file.cases) {
    if (judged.outcome.status != Status::failed) continue;
    json["failed"].push_back({{"group", judged.measured.group},
                              {"case", judged.measured.name},
                              {"reason", judged.outcome.reason},
                              {"scenario", judged.measured.scenario}});
  }
  for (const Part part : {Part::judge, Part::fit}) {
    json[fmt::format("{}_part", part_name(part))] = {
        {"by_group", errors_json(errors_of(file, part, GroupBy::group))},
        {"by_version", errors_json(errors_of(file, part, GroupBy::version))}};
  }
  return json;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

}  // namespace

std::string validation_table(const std::vector<FileValidation>& files, const ReportOptions& options) {
  std::string text;
  for (const FileValidation& file : files) append_file(text, file, options);
  append_goals(text, files);
  text += "Not used:\n";
  for (const UnusedFile& file : unused_files()) text += fmt::format("  {}: {}\n", file.path, file.reason);
  if (options.interrupted) text += "Interrupted: the figures are those of the cases that had ended.\n";
  return text;
}

Json validation_json(const std::vector<FileValidation>& files, const ReportOptions& options) {
  Json json;
  json["format"] = "tokenworks.validation/1";
  json["interrupted"] = options.interrupted;
  json["files"] = Json::array();
  for (const FileValidation& file : files) json["files"].push_back(file_json(file));
  json["goals"] = goals_json(files);
  json["not_used"] = Json::array();
  for (const UnusedFile& file : unused_files())
    json["not_used"].push_back({{"path", file.path}, {"reason", file.reason}});
  return json;
}

std::string validation_points(const std::vector<FileValidation>& files) {
  std::string text = "file,group,engine_version,part,case,case_part,status,reason,metric,measured,predicted\n";
  for (const FileValidation& file : files) {
    for (const JudgedCase& judged : file.cases) {
      const MeasuredCase& measured = judged.measured;
      for (std::size_t i = 0; i < measured.comparisons.size(); ++i) {
        const Comparison& comparison = measured.comparisons[i];
        text +=
            fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", file.name, csv_field(measured.group),
                        csv_field(measured.engine_version), part_name(judged.part), csv_field(measured.name),
                        csv_field(comparison.part), status_name(judged.outcome.status),
                        csv_field(judged.outcome.reason), comparison.metric, scenario::number_text(comparison.measured),
                        judged.outcome.status == Status::predicted ? scenario::number_text(judged.outcome.predicted[i])
                                                                   : std::string());
      }
    }
  }
  return text;
}

}  // namespace tokenworks::validation
