// Which rows of inferencex_points.csv are no measurement of what they say: one function a rule, applied in the order of
// the list. Each was found by looking at the data; what is inferred and not proven says so.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "tools/validation/cases/inferencex_row.hpp"

namespace tokenworks::validation {

struct InferencexRule {
  std::string_view reason;  ///< stands in the output beside the count
  /// Removes rows and returns how many.
  std::size_t (*apply)(std::vector<InferencexRow>& rows);
  bool keeps_rows = false;  ///< the rows stay, changed or marked
};
std::span<const InferencexRule> inferencex_rules();

}  // namespace tokenworks::validation
