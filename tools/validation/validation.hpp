// A validation as a whole: files of measurements, their cases, what the simulator predicted, errors by group.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/validation/error_statistics.hpp"
#include "tools/validation/measured_case.hpp"
#include "tools/validation/parts.hpp"
#include "tools/validation/run_cases.hpp"

namespace tokenworks::validation {

/// A case with what came of it.
struct JudgedCase {
  MeasuredCase measured;
  Part part = Part::judge;
  CaseOutcome outcome;
};

struct FileValidation {
  std::string name, path;  ///< of the file
  std::size_t rows = 0;
  std::vector<JudgedCase> cases;  ///< in the order of the file
  ReasonCounts left_out, partly;
};

/// Errors of one metric over the cases with one label.
struct LabelledErrors {
  std::string label;  ///< a group, or a group and an engine version; "all" for every case
  std::string metric;
  ErrorStatistics errors;
};

enum class GroupBy { group, version };

/// By label in alphabetical order, then by metric in the order in which the cases name them; "all" comes last. Only
/// predicted cases of `part`.
std::vector<LabelledErrors> errors_of(const FileValidation& file, Part part, GroupBy by);

/// Cases of the file that our simulator refused or that failed, by reason.
ReasonCounts refused(const FileValidation& file);
ReasonCounts failed(const FileValidation& file);
std::size_t count_cases(const FileValidation& file, CaseOutcome::Status status);

}  // namespace tokenworks::validation
