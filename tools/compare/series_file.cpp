#include "tools/compare/series_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tokenworks::compare {
namespace {

constexpr std::size_t kToldFaults = 12;
constexpr double kSecondsPerHour = 3600.0;

/// Cells of a line (RFC 4180, no line feeds inside cells).
std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

std::optional<double> number_of(std::string_view cell) {
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc() && end == cell.data() + cell.size() ? std::optional(value) : std::nullopt;
}

class Parser {
 public:
  explicit Parser(scenario::FaultList& faults) : faults_(faults) {}

  std::optional<SeriesFile> parse(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      ++number_;
      if (number_ == 1) {
        series_.names = cells_of(line);
        series_.columns.resize(series_.names.size());
      } else if (!line.empty()) {
        add_row(line);
      }
      if (told_ >= kToldFaults) break;
    }
    if (number_ == 0) tell(1, "found an empty file; a line of column names is wanted");
    if (told_ > 0) return std::nullopt;
    return std::move(series_);
  }

 private:
  void tell(std::size_t line, std::string message) {
    ++told_;
    faults_.add({.kind = scenario::FaultKind::syntax, .message = std::move(message), .line = line, .column = 1});
  }

  void add_row(std::string_view line) {
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() != series_.names.size()) {
      return tell(number_, fmt::format("found {} cells; allowed: {}, as many as the first line has names", cells.size(),
                                       series_.names.size()));
    }
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::optional<double> value = number_of(cells[c]);
      if (!value) {
        return tell(number_, fmt::format("column {}: found {}; allowed: a number or nothing",
                                         scenario::shown(series_.names[c]), scenario::shown(cells[c])));
      }
      series_.columns[c].push_back(*value);
    }
  }

  scenario::FaultList& faults_;
  SeriesFile series_;
  std::size_t number_ = 0, told_ = 0;
};

}  // namespace

const std::vector<double>* SeriesFile::column(std::string_view name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? nullptr : &columns[static_cast<std::size_t>(found - names.begin())];
}

std::optional<SeriesFile> parse_series(std::string_view text, scenario::FaultList& faults) {
  return Parser(faults).parse(text);
}

SeriesTimes times_of(const SeriesFile& series, std::optional<double> end_s) {
  const std::vector<double>* dates = series.column("time_s");
  const double unit = dates != nullptr ? 1.0 : kSecondsPerHour;
  if (dates == nullptr) dates = series.column("hour");
  if (dates == nullptr) return {};
  SeriesTimes times;
  for (const double date : *dates) times.from_s.push_back(date * unit);
  for (std::size_t row = 0; row < times.from_s.size(); ++row) {
    const bool last = row + 1 == times.from_s.size();
    double length = 0.0;
    if (!last) {
      length = times.from_s[row + 1] - times.from_s[row];
      if (!(length > 0.0)) return {};
    } else if (end_s && *end_s > times.from_s[row]) {
      length = *end_s - times.from_s[row];
    } else if (row > 0) {
      length = times.length_s.back();
    }
    times.length_s.push_back(length);
  }
  return times;
}

}  // namespace tokenworks::compare
