// How near our predictions are to what we want them to be: errors over the groups that a goal speaks of.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/validation/error_statistics.hpp"
#include "tools/validation/validation.hpp"

namespace tokenworks::validation {

/// Median and 90th percentile of the errors, as shares. A goal for means alone has no 90th percentile.
struct Bound {
  double median;
  std::optional<double> p90;
};

struct Goal {
  std::string_view name;
  std::string_view file;  ///< name of the set of cases
  std::string_view metric;
  std::vector<std::string_view> gpus;    ///< groups begin with one of these; empty: all
  std::vector<std::string_view> models;  ///< groups contain one of these; empty: all
  Bound first, aim;
};
const std::vector<Goal>& goals();

struct GoalStanding {
  const Goal* goal;
  ErrorStatistics errors;
};

/// Goals that any judged case bears on, in the order of the list.
std::vector<GoalStanding> standing(const std::vector<FileValidation>& files);

}  // namespace tokenworks::validation
