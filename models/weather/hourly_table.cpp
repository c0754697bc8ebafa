#include "models/weather/hourly_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <istream>
#include <stdexcept>

namespace tokenworks::weather {
namespace {

constexpr std::size_t kLongestLine = 1 << 16, kMostRows = 4 * 8784;

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> cells;
  for (;;) {
    const std::size_t comma = text.find(',');
    std::string_view cell = text.substr(0, comma);
    while (!cell.empty() && (cell.front() == ' ' || cell.front() == '"')) cell.remove_prefix(1);
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '"' || cell.back() == '\r')) cell.remove_suffix(1);
    cells.push_back(cell);
    if (comma == std::string_view::npos) return cells;
    text.remove_prefix(comma + 1);
  }
}

std::string names_of(const std::vector<HourlyColumn>& columns) {
  std::string text;
  for (const HourlyColumn& column : columns) text += fmt::format("{}{}", text.empty() ? "" : ", ", column.name);
  return text;
}

}  // namespace

HourlyTable read_hourly_table(std::istream& in, std::string_view what, const std::vector<HourlyColumn>& known) {
  const auto fail = [&](std::size_t line, const std::string& text) {
    throw std::invalid_argument(fmt::format("{}, line {}: {}", what, line, text));
  };
  HourlyTable table;
  std::string text;
  std::size_t line = 0, rows = 0;
  struct Wanted {
    std::size_t cell;
    const HourlyColumn* column;
    std::vector<double>* values;
  };
  std::vector<Wanted> wanted;
  while (std::getline(in, text)) {
    ++line;
    if (text.size() > kLongestLine) fail(line, "longer than any line of hourly values");
    if (line == 1 && text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);
    const std::vector<std::string_view> cells = split(text);
    if (line == 1) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto column = std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.name == cells[i]; });
        if (column == known.end()) continue;
        const auto [place, is_new] = table.columns.try_emplace(std::string(cells[i]));
        if (!is_new) fail(line, fmt::format("the column {} stands there twice", cells[i]));
        wanted.push_back({i, &*column, &place->second});
      }
      if (wanted.empty()) fail(line, fmt::format("none of the columns {} is there", names_of(known)));
      continue;
    }
    if (text.find_first_not_of(" ,\r\x1a") == std::string::npos) continue;
    if (++rows > kMostRows) fail(line, fmt::format("more than {} rows", kMostRows));
    for (const Wanted& w : wanted) {
      double value = 0.0;
      const std::string_view cell = w.cell < cells.size() ? cells[w.cell] : std::string_view();
      const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
      if (cell.empty() || error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) {
        fail(line, fmt::format("{}: \"{}\" is not a number", w.column->name, cell.substr(0, 40)));
      }
      if (value < w.column->minimum || value > w.column->maximum) {
        fail(line,
             fmt::format("{}: {} is outside {}..{}", w.column->name, value, w.column->minimum, w.column->maximum));
      }
      w.values->push_back(value);
    }
  }
  if (rows != 8760 && rows != 8784 && rows != 4 * 8760 && rows != 4 * 8784) {
    fail(line, fmt::format("the file ends after {} rows; allowed: 8760 or 8784 hours of a year, or four times as many "
                           "quarters of an hour",
                           rows));
  }
  table.step_s = rows > 8784 ? 900.0 : 3600.0;
  return table;
}

}  // namespace tokenworks::weather
