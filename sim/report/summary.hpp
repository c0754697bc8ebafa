// A run on a terminal of 80 columns: what a person wants to know first, in units that need no counting of zeros.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "sim/metrics/run_result.hpp"

namespace tokenworks::report {

/// What the summary says besides the result.
struct SummaryHeading {
  std::string scenario;          ///< its name
  std::filesystem::path report;  ///< where report.json lies; no line about it when empty
  double wall_s = 0.0;           ///< 0: not told
};

/// Lines of at most 80 columns, ended by a line feed each. With `colour`, headings are bold (ANSI codes).
std::string summary_text(const metrics::RunResult& result, const SummaryHeading& heading, bool colour);

/// Prints summary_text() to `out`, in colour where colour_wanted().
void print_summary(std::FILE* out, const metrics::RunResult& result, const SummaryHeading& heading);

/// `out` is a terminal, NO_COLOR is unset or empty, and TERM is not "dumb".
bool colour_wanted(std::FILE* out);

/// Three significant digits and the decimal prefix that fits: scaled(15'230, "W") is "15.2 kW", scaled(0.0123, "s") is
/// "12.3 ms". No prefix above T or below n.
std::string scaled(double value, std::string_view unit);

/// 19366 -> "19,366".
std::string grouped(std::int64_t value);

}  // namespace tokenworks::report
