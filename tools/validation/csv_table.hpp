// A CSV file with a header line, checked while it is read: every fault is kept with file, line, column, what was found
// and what is allowed.
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/fault.hpp"

namespace tokenworks::validation {

/// What a number may be. The text of `allowed` stands in the fault.
struct Limits {
  double least = -std::numeric_limits<double>::infinity();
  bool above_least = false;  ///< `least` itself is not allowed
  bool whole = false;
};
inline constexpr Limits kPositive{0.0, true, false};
inline constexpr Limits kPositiveWhole{1.0, false, true};
inline constexpr Limits kWholeOrZero{0.0, false, true};

class CsvTable {
 public:
  class Row;

  /// The file at `path`, unpacked where its name ends in .gz, with at least `columns`. Faults go to `faults`, which
  /// outlives the table; nothing is returned when no row can be read at all. Fields may be quoted; a quoted field stays
  /// on its line.
  static std::optional<CsvTable> read(const std::string& path, const std::vector<std::string>& columns,
                                      scenario::FaultList& faults);

  std::size_t rows() const { return rows_.size(); }
  Row row(std::size_t index) const;

 private:
  friend class Row;
  struct Field {
    std::string text;
    std::size_t column = 1;  ///< where it starts in the line, in bytes from 1
  };
  struct Line {
    std::size_t number = 0;  ///< from 1
    std::vector<Field> fields;
  };

  CsvTable(std::string path, scenario::FaultList& faults) : path_(std::move(path)), faults_(&faults) {}
  static std::vector<Field> split(std::string_view line);
  void read_header(const Line& header, const std::vector<std::string>& columns);
  void fault(scenario::FaultKind kind, std::size_t line, std::size_t column, std::string message,
             std::string nearest = {}) const;

  std::string path_;
  scenario::FaultList* faults_;
  std::map<std::string, std::size_t, std::less<>> columns_;
  std::size_t width_ = 0;  ///< fields of the header
  std::vector<Line> rows_;
};

class CsvTable::Row {
 public:
  Row(const CsvTable& table, const Line& line) : table_(&table), line_(&line) {}

  std::size_t line() const { return line_->number; }
  const std::string& text(std::string_view column) const;
  /// Not empty, or a fault.
  const std::string& name(std::string_view column) const;
  /// One of `allowed`, or a fault.
  const std::string& one_of(std::string_view column, const std::vector<std::string>& allowed) const;
  /// Empty fields are absent; what is no number or beyond the limits is a fault and absent.
  std::optional<double> optional_number(std::string_view column, const Limits& limits) const;
  /// An empty field is a fault too. NaN after a fault.
  double number(std::string_view column, const Limits& limits) const;

 private:
  const Field& field(std::string_view column) const;

  const CsvTable* table_;
  const Line* line_;
};

inline CsvTable::Row CsvTable::row(std::size_t index) const { return {*this, rows_[index]}; }

}  // namespace tokenworks::validation
