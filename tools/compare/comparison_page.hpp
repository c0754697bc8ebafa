// A comparison as one HTML page: style and charts are inside, no script, nothing is loaded from elsewhere.
#pragma once

#include <string>
#include <vector>

#include "tools/compare/comparison.hpp"

namespace tokenworks::compare {

/// `reports` are those that `comparison` was made of; their series become charts over time.
std::string comparison_page(const Comparison& comparison, const std::vector<ReportInput>& reports);

}  // namespace tokenworks::compare
