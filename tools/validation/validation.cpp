#include "tools/validation/validation.hpp"

#include <algorithm>

namespace tokenworks::validation {
namespace {

using Status = CaseOutcome::Status;

std::string label_of(const MeasuredCase& measured, GroupBy by) {
  if (by == GroupBy::group) return measured.group;
  return measured.group + " | " + (measured.engine_version.empty() ? "(no version)" : measured.engine_version);
}

/// Pairs by metric, metrics in the order in which they came up.
using PairsByMetric = std::vector<std::pair<std::string, std::vector<Pair>>>;

void add(PairsByMetric& pairs, const std::string& metric, Pair pair) {
  auto found = std::find_if(pairs.begin(), pairs.end(), [&](const auto& entry) { return entry.first == metric; });
  if (found == pairs.end()) found = pairs.insert(pairs.end(), {metric, {}});
  found->second.push_back(std::move(pair));
}

void append(std::vector<LabelledErrors>& list, const std::string& label, const PairsByMetric& metrics) {
  for (const auto& [metric, pairs] : metrics) list.push_back({label, metric, error_statistics(pairs)});
}

ReasonCounts reasons(const FileValidation& file, Status status) {
  ReasonCounts counts;
  for (const JudgedCase& judged : file.cases) {
    if (judged.outcome.status == status) counts.count(judged.outcome.reason);
  }
  return counts;
}

}  // namespace

std::vector<LabelledErrors> errors_of(const FileValidation& file, Part part, GroupBy by) {
  std::map<std::string, PairsByMetric> labels;
  PairsByMetric all;
  for (const JudgedCase& judged : file.cases) {
    if (judged.part != part || judged.outcome.status != Status::predicted) continue;
    const MeasuredCase& measured = judged.measured;
    for (std::size_t i = 0; i < measured.comparisons.size(); ++i) {
      const Comparison& comparison = measured.comparisons[i];
      const std::string name = comparison.part.empty() ? measured.name : measured.name + " " + comparison.part;
      const double predicted = judged.outcome.predicted[i];
      const Pair pair{predicted, comparison.nearest(predicted), name, comparison.difference};
      add(labels[label_of(measured, by)], comparison.metric, pair);
      add(all, comparison.metric, {pair.predicted, pair.measured, measured.group + ": " + name, pair.difference});
    }
  }
  std::vector<LabelledErrors> list;
  for (const auto& [label, metrics] : labels) append(list, label, metrics);
  append(list, "all", all);
  return list;
}

ReasonCounts refused(const FileValidation& file) { return reasons(file, Status::left_out); }
ReasonCounts failed(const FileValidation& file) { return reasons(file, Status::failed); }

std::size_t count_cases(const FileValidation& file, Status status) {
  return static_cast<std::size_t>(std::count_if(
      file.cases.begin(), file.cases.end(), [&](const JudgedCase& judged) { return judged.outcome.status == status; }));
}

}  // namespace tokenworks::validation
