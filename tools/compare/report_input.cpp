#include "tools/compare/report_input.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "sim/report/report.hpp"
#include "sim/report/year_report.hpp"

namespace tokenworks::compare {
namespace {

namespace fs = std::filesystem;
using scenario::Fault;
using scenario::FaultKind;
using scenario::FaultList;
using scenario::Json;

constexpr const char* kRunFile = "report.json";
constexpr const char* kYearFile = "year.json";

/// The document that a path means; empty and a fault where it means none.
fs::path document_at(const std::string& path, FaultList& faults) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path;
  const fs::path run = fs::path(path) / kRunFile, year = fs::path(path) / kYearFile;
  const bool has_run = fs::exists(run, error), has_year = fs::exists(year, error);
  if (has_run != has_year) return has_run ? run : year;
  faults.add({.kind = FaultKind::cannot_read,
              .message = has_run ? fmt::format("found a folder with both {} and {}; allowed: the path of one of them",
                                               kRunFile, kYearFile)
                                 : fmt::format("found a folder with neither {} nor {}; allowed: a folder with one of "
                                               "them, or the path of a report",
                                               kRunFile, kYearFile)});
  return {};
}

std::optional<ReportKind> kind_of(const Json& document, FaultList& faults) {
  if (!document.is_object()) {
    faults.add(FaultKind::wrong_type, "", fmt::format("found {}; allowed: a report, an object", document.type_name()));
    return std::nullopt;
  }
  const auto format = document.find("format");
  const std::string allowed = fmt::format("allowed: \"{}\", \"{}\"", report::kReportFormat, report::kYearFormat);
  if (format == document.end()) {
    faults.add(FaultKind::missing_key, "/format", fmt::format("found nothing; {}", allowed));
    return std::nullopt;
  }
  if (*format == report::kReportFormat) return ReportKind::run;
  if (*format == report::kYearFormat) return ReportKind::year;
  const std::string found = format->is_string() ? scenario::shown(format->get<std::string>()) : format->type_name();
  faults.add(FaultKind::unknown_kind, "/format", fmt::format("found {}; {}", found, allowed));
  return std::nullopt;
}

void read_series(ReportInput& report, const fs::path& document, std::string& faults) {
  const fs::path path = document.parent_path() / (report.kind == ReportKind::run ? "series.csv" : "hours.csv");
  std::error_code error;
  if (!fs::exists(path, error)) return;
  FaultList found;
  const std::optional<std::string> text = scenario::read_text(path.string(), found);
  if (text) report.series = parse_series(*text, found);
  faults += found.text(path.string());
  if (!report.series) return;
  FaultList of_document;  // told elsewhere
  const std::optional<double> rows = find_number(report.document, "/series/rows", of_document);
  if (rows && *rows == static_cast<double>(report.series->rows())) return;
  report.series_note = fmt::format("{} has {} rows, its report speaks of {}: it is not used", path.string(),
                                   report.series->rows(), rows ? fmt::format("{:.0f}", *rows) : "none");
  report.series.reset();
}

std::string text_at(const Json& document, std::string_view pointer) {
  FaultList told_elsewhere;
  return find_text(document, pointer, told_elsewhere);
}

}  // namespace

ReportInput take_report(Json document, std::optional<SeriesFile> series, FaultList& faults) {
  ReportInput report;
  const std::optional<ReportKind> kind = kind_of(document, faults);
  report.document = std::move(document);
  report.series = std::move(series);
  if (!kind) return report;
  report.kind = *kind;
  const Json* const scenario = find_value(report.document, "/scenario", faults);
  if (scenario == nullptr || !scenario->is_object()) {
    faults.add(scenario == nullptr ? FaultKind::missing_key : FaultKind::wrong_type, "/scenario",
               fmt::format("found {}; allowed: the resolved scenario, an object",
                           scenario == nullptr ? "nothing" : scenario->type_name()));
    return report;
  }
  find_text(report.document, "/scenario/name", faults);
  report.measures = measures_of(report.kind, report.document, report.series ? &*report.series : nullptr, faults);
  report.incidents = incidents_of(report.document, faults);
  return report;
}

ReadReports read_reports(const std::vector<std::string>& paths, const std::vector<std::string>& names) {
  ReadReports read;
  for (const std::string& given : paths) {
    FaultList faults;
    const fs::path path = document_at(given, faults);
    ReportInput report;
    std::string series_faults;
    if (!path.empty()) {
      const std::optional<std::string> text = scenario::read_text(path.string(), faults);
      std::optional<Json> document = text ? scenario::parse_json(*text, faults) : std::nullopt;
      if (document) {
        FaultList unheard;
        if (const std::optional<ReportKind> kind = kind_of(*document, unheard)) {
          report.kind = *kind;
          report.document = std::move(*document);
          read_series(report, path, series_faults);
          document = std::move(report.document);
        }
        std::string note = std::move(report.series_note);
        report = take_report(std::move(*document), std::move(report.series), faults);
        report.series_note = std::move(note);
      }
    }
    report.path = path.empty() ? given : path.string();
    read.faults += faults.text(printable(report.path)) + series_faults;
    read.reports.push_back(std::move(report));
  }
  if (paths.size() < 2) {
    read.faults +=
        fmt::format("REPORT: found {}; allowed: at least two reports or folders with reports\n", paths.size());
  }
  read.faults += name_reports(read.reports, names);
  return read;
}

std::string name_reports(std::vector<ReportInput>& reports, const std::vector<std::string>& names) {
  std::string faults;
  if (!names.empty()) {
    if (names.size() != reports.size()) {
      faults += fmt::format("--names: found {}; allowed: {}, one for each report\n", names.size(), reports.size());
    }
    std::set<std::string> seen;
    for (const std::string& name : names) {
      if (name.empty() || !scenario::is_utf8(name)) {
        faults += fmt::format("--names: found {}; allowed: text that is not empty, in UTF-8\n", scenario::shown(name));
      } else if (!seen.insert(name).second) {
        faults += fmt::format("--names: found {} twice; allowed: each name once\n", scenario::shown(name));
      }
    }
    if (faults.empty()) {
      for (std::size_t i = 0; i < reports.size(); ++i) reports[i].name = printable(names[i]);
    }
    return faults;
  }
  // Three ways to call them; the first by which no two are called the same.
  const auto name_by = [&](const auto& way) {
    std::vector<std::string> found;
    for (const ReportInput& report : reports) found.push_back(printable(way(report)));
    return found;
  };
  const auto folder_of = [](const ReportInput& report) {
    if (report.path.empty()) return std::string();
    const fs::path path = fs::absolute(report.path).lexically_normal();
    const std::string file = path.filename().string();
    return file == kRunFile || file == kYearFile ? path.parent_path().filename().string() : path.stem().string();
  };
  const std::array<std::vector<std::string>, 3> ways = {
      name_by([](const ReportInput& r) { return text_at(r.document, "/scenario/name"); }), name_by(folder_of),
      name_by([](const ReportInput& r) { return r.path; })};
  for (const std::vector<std::string>& way : ways) {
    const std::set<std::string> different(way.begin(), way.end());
    if (different.size() != reports.size() || different.count("") > 0) continue;
    for (std::size_t i = 0; i < reports.size(); ++i) reports[i].name = way[i];
    return faults;
  }
  for (std::size_t i = 0; i < reports.size(); ++i) {
    reports[i].name = fmt::format("{} ({})", ways[1][i].empty() ? ways[0][i] : ways[1][i], i + 1);
  }
  return faults;
}

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names(1);
  for (const char c : text) {
    if (c == ',') {
      names.emplace_back();
    } else {
      names.back() += c;
    }
  }
  return names;
}

}  // namespace tokenworks::compare
