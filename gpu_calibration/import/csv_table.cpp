#include "gpu_calibration/import/csv_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "gpu_calibration/raw/measurement_text.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using scenario::FaultKind;
using scenario::FaultList;

}  // namespace

std::optional<CsvTable> CsvTable::read(const std::string& path, FaultList& faults) {
  std::optional<std::string> text = read_file(path, faults);
  if (!text) return std::nullopt;
  return parse(std::move(*text), path, faults);
}

std::optional<CsvTable> CsvTable::parse(std::string text, const std::string& path, FaultList& faults) {
  CsvTable table;
  table.path_ = path;
  table.text_ = std::move(text);
  bool good = true;
  const auto fail = [&](FaultKind kind, std::size_t line, std::size_t column, std::string message) {
    good = false;
    faults.add({.kind = kind, .message = std::move(message), .file = path, .line = line, .column = column});
  };
  std::size_t number = 0;
  for (std::size_t at = 0; at < table.text_.size();) {
    ++number;
    std::size_t end = table.text_.find('\n', at);
    if (end == std::string::npos) end = table.text_.size();
    const std::size_t next = end + 1;
    if (end > at && table.text_[end - 1] == '\r') --end;
    const std::string_view line(table.text_.data() + at, end - at);
    if (const auto quote = line.find('"'); quote != line.npos) {
      fail(FaultKind::syntax, number, quote + 1, "quotation marks are not read in published tables");
    } else if (line.empty()) {
      fail(FaultKind::syntax, number, 1, "an empty line");
    } else if (number == 1) {
      for (std::size_t from = 0; from <= line.size();) {
        const std::size_t comma = std::min(line.find(',', from), line.size());
        std::string name(line.substr(from, comma - from));
        if (std::find(table.header_.begin(), table.header_.end(), name) != table.header_.end()) {
          fail(FaultKind::duplicate_name, 1, from + 1,
               fmt::format("the column {} stands twice", scenario::shown(name)));
        }
        table.header_.push_back(std::move(name));
        from = comma + 1;
      }
    } else {
      const std::size_t first = table.starts_.size();
      table.starts_.push_back(at);
      for (std::size_t i = at; i < end; ++i) {
        if (table.text_[i] == ',') table.starts_.push_back(i + 1);
      }
      const std::size_t cells = table.starts_.size() - first;
      table.starts_.push_back(end + 1);
      if (cells == table.header_.size()) {
        table.lines_.push_back({number, first});
      } else {
        fail(FaultKind::syntax, number, 1,
             fmt::format("{} cells stand here for {} columns", cells, table.header_.size()));
      }
    }
    at = next;
  }
  if (good && table.lines_.empty())
    fail(FaultKind::syntax, std::max<std::size_t>(number, 1), 1, "the table has no row");
  if (!good) return std::nullopt;
  return table;
}

std::optional<std::size_t> CsvTable::place(std::string_view column) const {
  const auto found = std::find(header_.begin(), header_.end(), column);
  if (found == header_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header_.begin());
}

bool CsvTable::has(std::string_view column) const { return place(column).has_value(); }

std::string_view CsvTable::cell(std::size_t row, std::size_t column) const {
  const std::size_t i = lines_[row].first_cell + column;
  return std::string_view(text_).substr(starts_[i], starts_[i + 1] - 1 - starts_[i]);
}

void CsvTable::refuse(std::size_t row, std::string_view column, std::string message, FaultList& faults) const {
  const Line& line = lines_[row];
  const std::size_t start = starts_[line.first_cell + place(column).value_or(0)];
  faults.add({.kind = FaultKind::out_of_range,
              .message = fmt::format("{}: {}", column, message),
              .file = path_,
              .line = line.number,
              .column = start - starts_[line.first_cell] + 1});
}

std::vector<std::string_view> CsvTable::texts(std::string_view column, FaultList& faults) const {
  std::vector<std::string_view> result;
  const std::optional<std::size_t> i = place(column);
  if (!i) {
    faults.add({.kind = FaultKind::missing_key,
                .message = fmt::format("there is no column {}; there are: {}", scenario::shown(column),
                                       fmt::join(header_, ", ")),
                .nearest = scenario::nearest_name(column, header_),
                .file = path_,
                .line = 1,
                .column = 1});
    return result;
  }
  result.reserve(rows());
  for (std::size_t row = 0; row < rows(); ++row) {
    result.push_back(cell(row, *i));
    if (result.back().empty()) refuse(row, column, "an empty cell", faults);
  }
  return result;
}

std::vector<double> CsvTable::numbers(std::string_view column, FaultList& faults) const {
  const std::vector<std::string_view> cells = texts(column, faults);
  std::vector<double> result(cells.size());
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const std::string_view text = cells[row];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result[row]);
    if (text.empty()) continue;  // told already
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(result[row])) {
      refuse(row, column, fmt::format("{} is no finite number", scenario::shown(text)), faults);
    }
  }
  return result;
}

void CsvTable::keep(const std::function<bool(std::size_t row)>& wanted) {
  std::size_t kept = 0;
  for (std::size_t row = 0; row < lines_.size(); ++row) {
    if (wanted(row)) lines_[kept++] = lines_[row];
  }
  lines_.resize(kept);
}

}  // namespace tokenworks::gpu_calibration
