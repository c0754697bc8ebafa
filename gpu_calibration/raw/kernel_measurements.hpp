// A raw result in memory: what was measured, on what, by which software. Tables have up to a hundred thousand rows, so
// they are stored by column, and text as numbers into a list of names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tokenworks::gpu_calibration {

/// One column of a table: either numbers or text.
struct Column {
  std::string name;
  bool is_text = false;
  std::vector<double> numbers;
  std::vector<std::string> names;      ///< of a text column: the different texts, in order of first use
  std::vector<std::uint16_t> choices;  ///< of a text column: for each row the place in `names`

  std::size_t size() const { return is_text ? choices.size() : numbers.size(); }
  const std::string& text(std::size_t row) const { return names[choices[row]]; }
  /// Throws std::length_error beyond 65,536 different texts.
  void add_text(std::string_view value);
};

/// The measured rows of one operator. All columns have the same number of cells.
struct Table {
  std::string operation;  ///< name in operators()
  std::vector<Column> columns;

  std::size_t rows() const { return columns.empty() ? 0 : columns.front().size(); }
  /// Null when the table has no such column.
  const Column* find(std::string_view column) const;
  /// Throws std::out_of_range when the table has no such column.
  const Column& at(std::string_view column) const;
};

/// An empty table with the columns that `operation` needs, then `measured` ones. Throws std::out_of_range when there is
/// no such operator.
Table make_table(std::string_view operation, const std::vector<std::string>& measured);

struct Device {
  std::string name;  ///< as the device calls itself
  std::string gpu;   ///< id in the catalog
  std::string driver{};
  std::string cuda{};
  std::int64_t multiprocessors = 0;  ///< this and the following: 0 where nobody said
  double l2_bytes = 0;
  double memory_bytes = 0;
  double power_limit_w = 0;
  std::int64_t gpus = 0;
};

struct Software {
  std::string name;
  std::string version;
};

struct KernelMeasurements {
  std::string origin;  ///< "measured_here" or "measured_published"
  std::string source;
  std::string measured_on{};  ///< a date; may be empty for published tables
  Device device;
  Software software;
  std::vector<Table> tables;

  const Table* find(std::string_view operation) const;
};

}  // namespace tokenworks::gpu_calibration
