// A comparison on a terminal.
#pragma once

#include <string>

#include "tools/compare/comparison.hpp"

namespace tokenworks::compare {

struct TableStyle {
  bool colour = false;  ///< ANSI codes
  bool all = false;     ///< also rows that are alike in all reports, and single ratings
};

/// At most 80 columns for two reports, 112 for four; more than four stand in blocks below one another, each with the
/// first report. The best value of a row bears an asterisk. Rows that are 0 everywhere are left out.
std::string comparison_table(const Comparison& comparison, const TableStyle& style);

}  // namespace tokenworks::compare
