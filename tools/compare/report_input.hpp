// The reports that are compared, read strictly: all that is wrong with all files is told at once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tools/compare/incident_measures.hpp"
#include "tools/compare/measures.hpp"
#include "tools/compare/series_file.hpp"

namespace tokenworks::compare {

struct ReportInput {
  std::string name;  ///< unique among those that are compared
  std::string path;  ///< of the document; empty: it has not been a file
  ReportKind kind = ReportKind::run;
  scenario::Json document;
  std::optional<SeriesFile> series;  ///< beside the report, where it is there
  std::string series_note;           ///< why it is not used although it is there; else empty
  std::vector<Measure> measures;
  std::vector<MeasuredIncident> incidents;
};

struct ReadReports {
  std::vector<ReportInput> reports;  ///< to be used when there are no faults
  std::string faults;                ///< a line each: "file: place: what was found; allowed: ..."
};

/// Each path is a report or a folder that holds report.json or year.json. `names`: empty, or one each.
ReadReports read_reports(const std::vector<std::string>& paths, const std::vector<std::string>& names);

/// A document that is there already; faults have its pointers.
ReportInput take_report(scenario::Json document, std::optional<SeriesFile> series, scenario::FaultList& faults);

/// Names what has none: by `names`; else by the scenario, or by the folder or file where scenarios bear the same name.
/// Returns faults, as read_reports() does.
std::string name_reports(std::vector<ReportInput>& reports, const std::vector<std::string>& names);

/// "a,b" -> "a", "b".
std::vector<std::string> split_names(const std::string& text);

}  // namespace tokenworks::compare
