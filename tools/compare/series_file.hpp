// The course of a run over time: series.csv or hours.csv as the program writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/fault.hpp"

namespace tokenworks::compare {

struct SeriesFile {
  std::vector<std::string> names;
  std::vector<std::vector<double>> columns;  ///< by name, all of one length; NaN: an empty cell

  std::size_t rows() const { return columns.empty() ? 0 : columns.front().size(); }
  /// Null: it has no such column.
  const std::vector<double>* column(std::string_view name) const;
};

/// A line of names and lines of as many numbers. Otherwise nothing, and faults with their lines (the first dozen).
std::optional<SeriesFile> parse_series(std::string_view text, scenario::FaultList& faults);

/// Dates of the rows in s from the first, and the length of each (the last lasts as long as the one before, or to
/// `end_s`). Column "time_s", or "hour" of a year. Empty: it has neither, or dates do not rise.
struct SeriesTimes {
  std::vector<double> from_s, length_s;
};
SeriesTimes times_of(const SeriesFile& series, std::optional<double> end_s);

}  // namespace tokenworks::compare
