// From the columns of a published table to the columns of a raw result.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "gpu_calibration/import/csv_table.hpp"
#include "gpu_calibration/raw/kernel_measurements.hpp"

namespace tokenworks::gpu_calibration {

/// What is needed to read one published table.
struct ImportSource {
  const CsvTable& csv;
  std::string_view gpu;  ///< catalog id
  scenario::FaultList& faults;
};

/// Fills one table of a raw result, column by column. Every column of the operator must be given once.
class ImportRows {
 public:
  ImportRows(const ImportSource& source, std::string_view operation);

  ImportRows& text(std::string_view ours, std::string_view theirs);
  ImportRows& text(std::string_view ours, const std::vector<std::string>& values);
  /// The same text in every row.
  ImportRows& constant_text(std::string_view ours, std::string_view value);
  /// A number format: "bfloat16" -> "bf16"; names that are ours already stay.
  ImportRows& format(std::string_view ours, std::string_view theirs);
  /// A whole number of at least 0.
  ImportRows& size(std::string_view ours, std::string_view theirs);
  ImportRows& size(std::string_view ours, std::vector<double> values);
  ImportRows& constant_size(std::string_view ours, double value);
  /// Column `theirs`, of which one is `seconds_per_unit`. Not above 0 is a fault.
  ImportRows& time(std::string_view theirs, double seconds_per_unit);
  ImportRows& time(std::vector<double> seconds);
  /// The latency column of the kernel tables ("latency" or "latency_ms", in milliseconds), and the measured power
  /// beside it where the table has one.
  ImportRows& latency_and_power();

  Table take() { return std::move(table_); }

 private:
  Column& column(std::string_view ours);
  std::vector<double> checked_sizes(std::string_view theirs);

  const ImportSource& source_;
  Table table_;
};

/// Our name of a published number format.
std::string_view number_format(std::string_view published);
/// Bytes an element of a published number format takes in messages; 0 when it is not known.
double element_bytes(std::string_view published);

/// Sorts by all columns that say what ran, and replaces rows that agree in them by one with the median time. The
/// column `samples` tells how many there were.
Table pooled(const Table& table);

/// Appends the rows of `more`, which has the same operator. Columns that one of them lacks are dropped from both.
void append_rows(Table& table, const Table& more);

}  // namespace tokenworks::gpu_calibration
