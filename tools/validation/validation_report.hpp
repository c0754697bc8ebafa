// A validation told: a table for people, JSON for programs, CSV to plot.
#pragma once

#include <string>
#include <vector>

#include "sim/scenario/json_text.hpp"
#include "tools/validation/validation.hpp"

namespace tokenworks::validation {

struct ReportOptions {
  GroupBy by = GroupBy::group;
  bool split = false;  ///< the groups are in two parts, told apart
  bool interrupted = false;
};

/// Shares in percent: "median", "p90", "bias", "worst".
std::string validation_table(const std::vector<FileValidation>& files, const ReportOptions& options);
scenario::Json validation_json(const std::vector<FileValidation>& files, const ReportOptions& options);
/// One line a figure of a case, with both values. Cases without a prediction carry their reason.
std::string validation_points(const std::vector<FileValidation>& files);

}  // namespace tokenworks::validation
