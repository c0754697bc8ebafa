#include "tools/validation/csv_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "gpu_calibration/raw/measurement_text.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::validation {
namespace {

using scenario::FaultKind;

std::string allowed_text(const Limits& limits) {
  const std::string what = limits.whole ? "a whole number" : "a number";
  if (!std::isfinite(limits.least)) return what;
  return fmt::format("{} {} {}", what, limits.above_least ? "above" : "of at least",
                     scenario::number_text(limits.least));
}

bool holds(const Limits& limits, double value) {
  if (!std::isfinite(value)) return false;
  if (limits.whole && value != std::floor(value)) return false;
  return limits.above_least ? value > limits.least : value >= limits.least;
}

}  // namespace

std::vector<CsvTable::Field> CsvTable::split(std::string_view line) {
  std::vector<Field> fields;
  std::size_t at = 0;
  for (;;) {
    Field field{{}, at + 1};
    if (at < line.size() && line[at] == '"') {
      ++at;
      while (at < line.size()) {
        if (line[at] == '"' && at + 1 < line.size() && line[at + 1] == '"')
          ++at;
        else if (line[at] == '"')
          break;
        field.text += line[at++];
      }
      while (at < line.size() && line[at] != ',') ++at;
    } else {
      while (at < line.size() && line[at] != ',') field.text += line[at++];
    }
    fields.push_back(std::move(field));
    if (at >= line.size()) return fields;
    ++at;
  }
}

std::optional<CsvTable> CsvTable::read(const std::string& path, const std::vector<std::string>& columns,
                                       scenario::FaultList& faults) {
  const std::optional<std::string> text =
      path.ends_with(".gz") ? gpu_calibration::read_file(path, faults) : scenario::read_text(path, faults, path);
  if (!text) return std::nullopt;
  CsvTable table(path, faults);
  const std::size_t faults_before = faults.total();
  bool header_read = false;
  std::size_t number = 0;
  std::string_view rest = *text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    if (line.empty()) continue;
    Line fields{number, split(line)};
    if (!header_read) {
      table.read_header(fields, columns);
      header_read = true;
    } else if (fields.fields.size() != table.width_) {
      table.fault(FaultKind::syntax, number, 1,
                  fmt::format("found {} fields; allowed: {}, as the header has", fields.fields.size(), table.width_));
    } else {
      table.rows_.push_back(std::move(fields));
    }
  }
  if (!header_read) {
    table.fault(
        FaultKind::syntax, 1, 1,
        fmt::format("found an empty file; allowed: a header line with the columns {}", scenario::name_list(columns)));
  } else if (table.rows_.empty() && faults.total() == faults_before) {
    table.fault(FaultKind::syntax, number, 1, "found no line after the header; allowed: at least one");
  }
  if (faults.total() != faults_before) return std::nullopt;
  return table;
}

void CsvTable::read_header(const Line& header, const std::vector<std::string>& columns) {
  width_ = header.fields.size();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    const Field& field = header.fields[i];
    names.push_back(field.text);
    if (!columns_.emplace(field.text, i).second) {
      fault(FaultKind::duplicate_key, header.number, field.column,
            fmt::format("column {} stands twice", scenario::shown(field.text)));
    }
  }
  for (const std::string& column : columns) {
    if (columns_.contains(column)) continue;
    fault(FaultKind::missing_key, header.number, 1,
          fmt::format("column {} is missing; found: {}", scenario::shown(column), scenario::name_list(names)),
          scenario::nearest_name(column, names));
  }
}

void CsvTable::fault(FaultKind kind, std::size_t line, std::size_t column, std::string message,
                     std::string nearest) const {
  scenario::Fault fault;
  fault.kind = kind;
  fault.message = std::move(message);
  fault.nearest = std::move(nearest);
  fault.file = path_;
  fault.line = line;
  fault.column = column;
  faults_->add(std::move(fault));
}

const CsvTable::Field& CsvTable::Row::field(std::string_view column) const {
  return line_->fields.at(table_->columns_.find(column)->second);
}

const std::string& CsvTable::Row::text(std::string_view column) const { return field(column).text; }

const std::string& CsvTable::Row::name(std::string_view column) const {
  const Field& found = field(column);
  if (found.text.empty()) {
    table_->fault(FaultKind::wrong_type, line(), found.column,
                  fmt::format("{}: found nothing; allowed: a name", column));
  }
  return found.text;
}

const std::string& CsvTable::Row::one_of(std::string_view column, const std::vector<std::string>& allowed) const {
  const Field& found = field(column);
  if (std::find(allowed.begin(), allowed.end(), found.text) == allowed.end()) {
    table_->fault(
        FaultKind::unknown_name, line(), found.column,
        fmt::format("{}: found {}; allowed: {}", column, scenario::shown(found.text), scenario::name_list(allowed)),
        scenario::nearest_name(found.text, allowed));
  }
  return found.text;
}

std::optional<double> CsvTable::Row::optional_number(std::string_view column, const Limits& limits) const {
  const Field& found = field(column);
  if (found.text.empty()) return std::nullopt;
  double value = 0.0;
  const char* end = found.text.data() + found.text.size();
  const auto [stopped, error] = std::from_chars(found.text.data(), end, value);
  const bool is_number = error == std::errc() && stopped == end;
  if (is_number && holds(limits, value)) return value;
  table_->fault(is_number ? FaultKind::out_of_range : FaultKind::wrong_type, line(), found.column,
                fmt::format("{}: found {}; allowed: {}", column, scenario::shown(found.text), allowed_text(limits)));
  return std::nullopt;
}

double CsvTable::Row::number(std::string_view column, const Limits& limits) const {
  const Field& found = field(column);
  if (found.text.empty()) {
    table_->fault(FaultKind::wrong_type, line(), found.column,
                  fmt::format("{}: found nothing; allowed: {}", column, allowed_text(limits)));
  }
  return optional_number(column, limits).value_or(std::numeric_limits<double>::quiet_NaN());
}

}  // namespace tokenworks::validation
