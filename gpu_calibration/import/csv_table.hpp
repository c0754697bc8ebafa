// A published table as it stands in a file: comma-separated text with a header line, plain or gzip.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/fault.hpp"

namespace tokenworks::gpu_calibration {

/// Cells by row and column. What is wrong with a cell is a fault with file, line and column of the text.
class CsvTable {
 public:
  /// Nothing, and faults, when the file cannot be read, has no header or no row, names a column twice, or has a line
  /// with another number of cells than the header. Quotation marks are not part of the published tables: a fault.
  static std::optional<CsvTable> read(const std::string& path, scenario::FaultList& faults);
  /// The same from text; `path` goes into faults.
  static std::optional<CsvTable> parse(std::string text, const std::string& path, scenario::FaultList& faults);

  const std::string& path() const { return path_; }
  std::size_t rows() const { return lines_.size(); }
  bool has(std::string_view column) const;
  /// A missing column is a fault, and so is an empty cell where text is asked for.
  std::vector<std::string_view> texts(std::string_view column, scenario::FaultList& faults) const;
  /// A cell that is no finite number is a fault.
  std::vector<double> numbers(std::string_view column, scenario::FaultList& faults) const;
  /// Keeps the rows for which `wanted(row)` holds.
  void keep(const std::function<bool(std::size_t row)>& wanted);

  /// A fault of one cell.
  void refuse(std::size_t row, std::string_view column, std::string message, scenario::FaultList& faults) const;

 private:
  struct Line {
    std::size_t number = 0;      ///< counted from 1
    std::size_t first_cell = 0;  ///< in cells_
  };

  std::optional<std::size_t> place(std::string_view column) const;
  std::string_view cell(std::size_t row, std::size_t column) const;

  std::string path_;
  std::string text_;
  std::vector<std::string> header_;
  std::vector<std::size_t> starts_;  ///< of cells in the text; one more entry a line for its end
  std::vector<Line> lines_;
};

}  // namespace tokenworks::gpu_calibration
