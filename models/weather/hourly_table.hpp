// Numbers by the hour from a CSV file: a line of column names, then one row for each hour (or quarter of an hour) of a
// year, from 1 January 00:00.
#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tokenworks::weather {

struct HourlyTable {
  double step_s = 3600.0;  ///< between rows
  std::map<std::string, std::vector<double>, std::less<>> columns;

  bool has(std::string_view column) const { return columns.contains(column); }
};

/// Limits of a column; values outside are faults.
struct HourlyColumn {
  std::string_view name;
  double minimum, maximum;
};

/// Reads the columns of `known` that the file has; others, such as dates, are left out. Rows may be 8,760 or 8,784, or
/// four times as many. Throws std::invalid_argument with line and column.
HourlyTable read_hourly_table(std::istream& in, std::string_view what, const std::vector<HourlyColumn>& known);

}  // namespace tokenworks::weather
