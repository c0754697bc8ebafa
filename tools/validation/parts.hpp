// A part of the groups to fit constants on and the rest to judge by. Whole groups only: rows of one group are near
// twins, and would leak from one part into the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tokenworks::validation {

enum class Part { fit, judge };

struct Split {
  std::int64_t folds = 0;                   ///< > 0: groups are dealt to folds by a hash of their names ...
  std::int64_t judge_fold = 0;              ///< ... and this one, from 0, is judged
  std::vector<std::string> fit_patterns;    ///< groups whose names contain one of these are fitted on, the rest judged
  std::vector<std::string> judge_patterns;  ///< groups whose names contain one of these are judged, the rest fitted on

  /// Without any of these every group is judged.
  bool active() const { return folds > 0 || !fit_patterns.empty() || !judge_patterns.empty(); }
  Part part_of(std::string_view group) const;
};

/// 0 to folds - 1. The same on every machine and in every version.
std::int64_t fold_of(std::string_view group, std::int64_t folds);

}  // namespace tokenworks::validation
