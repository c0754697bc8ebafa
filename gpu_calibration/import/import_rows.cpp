#include "gpu_calibration/import/import_rows.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "gpu_calibration/raw/operators.hpp"

namespace tokenworks::gpu_calibration {
namespace {

struct NumberFormat {
  std::string_view published;
  std::string_view ours;
  double bytes;
};
constexpr NumberFormat kFormats[] = {{"bfloat16", "bf16", 2},
                                     {"half", "fp16", 2},
                                     {"float16", "fp16", 2},
                                     {"int8", "int8", 1},
                                     {"fp8", "fp8", 1},
                                     {"float32", "fp32", 4},
                                     {"w4a16_mxfp4", "mxfp4_bf16", 0},
                                     {"w4a8_mxfp4_mxfp8", "mxfp4_fp8", 0}};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

ImportRows::ImportRows(const ImportSource& source, std::string_view operation)
    : source_(source), table_(make_table(operation, {"time_s"})) {}

Column& ImportRows::column(std::string_view ours) {
  for (Column& candidate : table_.columns) {
    if (candidate.name == ours) return candidate;
  }
  throw std::out_of_range(fmt::format("{} has no column {}", table_.operation, ours));
}

ImportRows& ImportRows::text(std::string_view ours, std::string_view theirs) {
  Column& target = column(ours);
  for (const std::string_view value : source_.csv.texts(theirs, source_.faults)) target.add_text(value);
  return *this;
}

ImportRows& ImportRows::text(std::string_view ours, const std::vector<std::string>& values) {
  Column& target = column(ours);
  for (const std::string& value : values) target.add_text(value);
  return *this;
}

ImportRows& ImportRows::constant_text(std::string_view ours, std::string_view value) {
  Column& target = column(ours);
  for (std::size_t row = 0; row < source_.csv.rows(); ++row) target.add_text(value);
  return *this;
}

ImportRows& ImportRows::format(std::string_view ours, std::string_view theirs) {
  Column& target = column(ours);
  for (const std::string_view value : source_.csv.texts(theirs, source_.faults)) target.add_text(number_format(value));
  return *this;
}

std::vector<double> ImportRows::checked_sizes(std::string_view theirs) {
  std::vector<double> values = source_.csv.numbers(theirs, source_.faults);
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!(values[row] >= 0) || values[row] != std::floor(values[row])) {
      source_.csv.refuse(row, theirs, fmt::format("{} is no whole number of at least 0", values[row]), source_.faults);
    }
  }
  return values;
}

ImportRows& ImportRows::size(std::string_view ours, std::string_view theirs) {
  column(ours).numbers = checked_sizes(theirs);
  return *this;
}

ImportRows& ImportRows::size(std::string_view ours, std::vector<double> values) {
  column(ours).numbers = std::move(values);
  return *this;
}

ImportRows& ImportRows::constant_size(std::string_view ours, double value) {
  column(ours).numbers.assign(source_.csv.rows(), value);
  return *this;
}

ImportRows& ImportRows::time(std::string_view theirs, double seconds_per_unit) {
  std::vector<double> values = source_.csv.numbers(theirs, source_.faults);
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!(values[row] > 0)) {
      source_.csv.refuse(row, theirs, fmt::format("{} is not above 0", values[row]), source_.faults);
    }
    values[row] *= seconds_per_unit;
  }
  return time(std::move(values));
}

ImportRows& ImportRows::time(std::vector<double> seconds) {
  column("time_s").numbers = std::move(seconds);
  return *this;
}

ImportRows& ImportRows::latency_and_power() {
  time(source_.csv.has("latency_ms") ? "latency_ms" : "latency", 1e-3);
  constexpr std::pair<std::string_view, std::string_view> kPower[] = {
      {"power_w", "power_w"}, {"power_readings", "nvml_readings_min"}, {"power_limit_w", "power_limit_w"}};
  for (const auto& [ours, theirs] : kPower) {
    if (!source_.csv.has(theirs)) continue;
    Column power;
    power.name = ours;
    power.numbers = source_.csv.numbers(theirs, source_.faults);
    for (std::size_t row = 0; row < power.numbers.size(); ++row) {
      if (!(power.numbers[row] >= 0)) {
        source_.csv.refuse(row, theirs, fmt::format("{} is not at least 0", power.numbers[row]), source_.faults);
      }
    }
    table_.columns.push_back(std::move(power));
  }
  return *this;
}

std::string_view number_format(std::string_view published) {
  for (const NumberFormat& format : kFormats) {
    if (format.published == published) return format.ours;
  }
  return published;
}

double element_bytes(std::string_view published) {
  for (const NumberFormat& format : kFormats) {
    if (format.published == published) return format.bytes;
  }
  return 0;
}

Table pooled(const Table& table) {
  const Operator& operation = *find_operator(table.operation);
  using Key = std::pair<std::vector<std::string>, std::vector<double>>;
  std::map<Key, std::vector<double>> groups;
  const Column& time = table.at("time_s");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    Key key;
    for (const std::string_view name : operation.text) key.first.push_back(table.at(name).text(row));
    for (const std::string_view name : operation.sizes) key.second.push_back(table.at(name).numbers[row]);
    groups[std::move(key)].push_back(time.numbers[row]);
  }
  Table result = make_table(table.operation, {"time_s", "samples"});
  for (const auto& [key, times] : groups) {
    std::size_t i = 0;
    for (const std::string& text : key.first) result.columns[i++].add_text(text);
    for (const double size : key.second) result.columns[i++].numbers.push_back(size);
    result.columns[i++].numbers.push_back(median(times));
    result.columns[i].numbers.push_back(static_cast<double>(times.size()));
  }
  return result;
}

void append_rows(Table& table, const Table& more) {
  std::erase_if(table.columns, [&](const Column& column) { return more.find(column.name) == nullptr; });
  for (Column& column : table.columns) {
    const Column& other = more.at(column.name);
    if (column.is_text) {
      for (std::size_t row = 0; row < other.size(); ++row) column.add_text(other.text(row));
    } else {
      column.numbers.insert(column.numbers.end(), other.numbers.begin(), other.numbers.end());
    }
  }
}

}  // namespace tokenworks::gpu_calibration
