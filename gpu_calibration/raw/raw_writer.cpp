#include "gpu_calibration/raw/raw_writer.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "gpu_calibration/raw/operators.hpp"

namespace tokenworks::gpu_calibration {
namespace {

std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      result += '\\';
      result += character;
    } else if (code < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", code);
      result += escape;
    } else {
      result += character;
    }
  }
  return result + "\"";
}

/// Nine significant digits: more than any clock here resolves.
std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string result;
  for (const std::string& part : parts) {
    if (!result.empty()) result += between;
    result += part;
  }
  return result;
}

std::string list(const std::vector<std::string>& parts) { return "[" + joined(parts, ", ") + "]"; }

[[noreturn]] void refuse(std::string_view operator_name, const std::string& what) {
  throw std::invalid_argument("row of " + std::string(operator_name) + ": " + what);
}

void check_value(std::string_view operator_name, std::string_view column, double value) {
  const auto& known = kMeasuredColumns;
  if (std::find(std::begin(known), std::end(known), column) == std::end(known)) {
    refuse(operator_name, "no measured column is called " + std::string(column));
  }
  if (!std::isfinite(value)) refuse(operator_name, std::string(column) + " is not a finite number");
  const bool is_positive = column != "temperature_c";
  if (is_positive && value <= 0) refuse(operator_name, std::string(column) + " is not above zero: " + number(value));
}

std::string device_json(const MeasuredDevice& device) {
  std::vector<std::string> members = {
      "\"name\": " + json_text(device.name),
      "\"gpu\": " + json_text(device.gpu),
      "\"driver\": " + json_text(device.driver),
      "\"cuda\": " + json_text(device.cuda),
      "\"multiprocessors\": " + std::to_string(device.multiprocessors),
      "\"l2_bytes\": " + std::to_string(device.l2_bytes),
      "\"memory_bytes\": " + std::to_string(device.memory_bytes),
  };
  if (device.power_limit_w > 0) members.push_back("\"power_limit_w\": " + number(device.power_limit_w));
  members.push_back("\"gpus\": " + std::to_string(device.gpus));
  return "{" + joined(members, ", ") + "}";
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

void RawResult::add(std::string_view operator_name, const std::vector<std::string>& text,
                    const std::vector<std::int64_t>& sizes, const MeasuredValues& values) {
  const Operator* measured = find_operator(operator_name);
  if (measured == nullptr) refuse(operator_name, "there is no operator of this name");
  if (text.size() != measured->text.size() || sizes.size() != measured->sizes.size()) {
    refuse(operator_name, "it has " + std::to_string(text.size()) + " names and " + std::to_string(sizes.size()) +
                              " sizes, not " + std::to_string(measured->text.size()) + " and " +
                              std::to_string(measured->sizes.size()));
  }
  std::vector<std::string> columns, row;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i].empty()) refuse(operator_name, std::string(measured->text[i]) + " is empty");
    columns.emplace_back(measured->text[i]);
    row.push_back(json_text(text[i]));
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < 0) refuse(operator_name, std::string(measured->sizes[i]) + " is " + std::to_string(sizes[i]));
    columns.emplace_back(measured->sizes[i]);
    row.push_back(std::to_string(sizes[i]));
  }
  const std::string_view needed = measured->timed ? "time_s" : "power_w";
  bool has_needed = false;
  for (const auto& [column, value] : values) {
    check_value(operator_name, column, value);
    has_needed = has_needed || column == needed;
    columns.emplace_back(column);
    row.push_back(number(value));
  }
  if (!has_needed) refuse(operator_name, std::string(needed) + " is missing");

  auto table = std::find_if(tables_.begin(), tables_.end(),
                            [&](const Table& candidate) { return candidate.operator_name == operator_name; });
  if (table == tables_.end()) {
    tables_.push_back({std::string(operator_name), columns, {}});
    table = tables_.end() - 1;
  }
  if (table->columns != columns) refuse(operator_name, "its columns are not those of the rows before it");
  if (!table->rows.emplace(RowKey(text, sizes), list(row)).second) refuse(operator_name, "it is there already");
}

bool RawResult::has(std::string_view operator_name, const std::vector<std::string>& text,
                    const std::vector<std::int64_t>& sizes) const {
  return std::any_of(tables_.begin(), tables_.end(), [&](const Table& table) {
    return table.operator_name == operator_name && table.rows.count(RowKey(text, sizes)) > 0;
  });
}

std::size_t RawResult::rows() const {
  std::size_t count = 0;
  for (const Table& table : tables_) count += table.rows.size();
  return count;
}

std::string RawResult::json() const {
  std::vector<std::string> tables;
  for (const Table& table : tables_) {
    std::vector<std::string> columns;
    for (const std::string& column : table.columns) columns.push_back(json_text(column));
    std::vector<std::string> rows;
    for (const auto& [key, row] : table.rows) rows.push_back(row);
    tables.push_back("    {\"operator\": " + json_text(table.operator_name) + ",\n     \"columns\": " + list(columns) +
                     ",\n     \"rows\": [\n      " + joined(rows, ",\n      ") + "]}");
  }
  return "{\n  \"format\": " + json_text(kRawFormat) +
         ",\n  \"origin\": \"measured_here\",\n  \"source\": " + json_text(source) +
         ",\n  \"measured_on\": " + json_text(measured_on) + ",\n  \"device\": " + device_json(device) +
         ",\n  \"software\": {\"name\": " + json_text(software_name) + ", \"version\": " + json_text(software_version) +
         "},\n  \"tables\": [\n" + joined(tables, ",\n") + "]\n}\n";
}

void write_raw_result(const RawResult& result, const std::filesystem::path& path) {
  std::filesystem::path beside = path;
  beside += ".part";
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << result.json();
    file.close();
    if (!file) throw std::runtime_error("cannot write " + beside.string());
  }
  std::filesystem::rename(beside, path, error);
  if (error) throw std::runtime_error("cannot rename " + beside.string() + ": " + error.message());
}

std::string catalog_id(std::string_view driver_name) {
  // The first row whose part occurs in the name decides; names as nvidia-smi prints them.
  static constexpr std::pair<std::string_view, std::string_view> kKnown[] = {
      {"GB300", "gb300"},        {"GB200", "gb200"},
      {"GH200", "gh200"},        {"B300", "b300_sxm"},
      {"B200", "b200_sxm"},      {"H200 NVL", "h200_nvl"},
      {"H200", "h200_sxm5"},     {"H100 PCIe", "h100_pcie"},
      {"H100 NVL", "h100_nvl"},  {"H100 80GB HBM3", "h100_sxm5"},
      {"H100 SXM", "h100_sxm5"}, {"A100-SXM4", "a100_sxm4"},
      {"L40S", "l40s"},          {"RTX PRO 6000 Blackwell", "rtx_pro_6000"},
      {"RTX 4090", "rtx_4090"},
  };
  for (const auto& [part, id] : kKnown) {
    if (contains(driver_name, part)) return std::string(id);
  }
  if (driver_name.starts_with("NVIDIA ")) driver_name.remove_prefix(7);
  std::string id;
  for (const char character : driver_name) {
    const auto code = static_cast<unsigned char>(character);
    if (std::isalnum(code)) {
      id += static_cast<char>(std::tolower(code));
    } else if (!id.empty() && id.back() != '_') {
      id += '_';
    }
  }
  while (!id.empty() && id.back() == '_') id.pop_back();
  return id.empty() ? "unknown_gpu" : id;
}

}  // namespace tokenworks::gpu_calibration
