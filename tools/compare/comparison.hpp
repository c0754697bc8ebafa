// Reports side by side: what differs in their scenarios, what differs in their figures, which is better.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/compare/report_input.hpp"
#include "tools/compare/scenario_differences.hpp"

namespace tokenworks::compare {

struct ComparedReport {
  std::string name, path, kind;  ///< "run" or "year"
  std::string scenario, version, git_revision, outcome;
  std::string cooling, heat_rejection, power, redundancy;
  std::optional<double> length_s;  ///< simulated
};

/// A figure of all reports. The first report is what the others are compared with.
struct Row {
  Topic topic = Topic::work;
  std::string section, id, label;
  Unit unit = Unit::number;
  Better better = Better::neither;
  std::vector<std::optional<double>> values;       ///< infinite: a date that did not come
  std::vector<std::optional<double>> differences;  ///< to the first
  std::vector<std::optional<double>> shares;       ///< of the first; absent where that is 0, and of temperatures
  std::vector<bool> best;                          ///< where one sense is better, and not all are as good to 0.01 %

  bool is_absent() const;  ///< in all reports
  bool is_same() const;    ///< in all reports
  bool is_zero() const;    ///< absent or 0 in all reports
};

/// What some reports say and others do not, or differently.
struct Statement {
  std::string subject;
  std::vector<std::optional<std::string>> of_reports;  ///< absent: not said
};

struct Comparison {
  std::vector<ComparedReport> reports;
  std::vector<std::string> warnings;  ///< why figures may not be comparable
  std::vector<SettingDifference> settings;
  std::vector<Row> rows;  ///< by topic
  std::vector<Statement> assumptions;
  std::vector<Statement> validity;  ///< all notes: also those that all have
};

/// At least one report; names are unique.
Comparison compare(const std::vector<ReportInput>& reports);

}  // namespace tokenworks::compare
