#include "gpu_calibration/raw/measurement_text.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gpu_calibration/raw/operators.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using scenario::FaultKind;
using scenario::FaultList;
using scenario::Json;
using scenario::shown;

// A hundred thousand rows of a dozen columns, for a dozen operators.
constexpr std::size_t kMostRawValues = 20'000'000;
constexpr double kLargestWholeNumber = 9007199254740992;  // 2^53: every whole number up to it is a double

constexpr std::string_view kOrigins[] = {"measured_here", "measured_published"};

/// Operators that are measured as curves: within rows that agree in everything else, this size rises from row to row.
struct Curve {
  std::string_view operation;
  std::string_view size;
};
constexpr Curve kCurves[] = {
    {"collective", "bytes"}, {"memory_stream", "bytes"}, {"launch", "kernels"}, {"board_power", "duty_percent"}};

/// Endings of foreign units, and what stands there instead.
struct ForeignUnit {
  std::string_view ending;
  std::string_view ours;
};
constexpr ForeignUnit kForeignUnits[] = {{"_ns", "_s"},     {"_us", "_s"},    {"_ms", "_s"},       {"_mw", "_w"},
                                         {"_kw", "_w"},     {"_mhz", "_hz"},  {"_ghz", "_hz"},     {"_kb", "bytes"},
                                         {"_mb", "bytes"},  {"_gb", "bytes"}, {"_elems", "bytes"}, {"_k", "_c"},
                                         {"_gib", "bytes"}, {"_mib", "bytes"}};

std::string_view foreign_unit(std::string_view column) {
  for (const ForeignUnit& unit : kForeignUnits) {
    if (column.ends_with(unit.ending)) return unit.ours;
  }
  return {};
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> as_strings(std::span<const std::string_view> names) { return {names.begin(), names.end()}; }

std::string_view type_of(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "text";
  if (value.is_number()) return "a number";
  return value.is_null() ? "null" : "true or false";
}

/// Reads one object: asks for keys by name, and at the end refuses those that nobody asked for.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string pointer, FaultList& faults)
      : object_(object), pointer_(std::move(pointer)), faults_(faults) {
    if (!object_.is_object()) fail(FaultKind::wrong_type, pointer_, "an object should stand here, not {}");
  }

  std::string text(std::string_view key, bool required = true) {
    const Json* value = find(key, required);
    if (value == nullptr) return {};
    if (!value->is_string()) {
      faults_.add(FaultKind::wrong_type, place(key), fmt::format("text should stand here, not {}", type_of(*value)));
      return {};
    }
    const auto& found = value->get_ref<const std::string&>();
    if (required && found.empty()) faults_.add(FaultKind::out_of_range, place(key), "this text may not be empty");
    return found;
  }

  /// 0 when absent; otherwise above 0.
  double amount(std::string_view key) {
    const Json* value = find(key, false);
    if (value == nullptr) return 0;
    if (!value->is_number()) {
      faults_.add(FaultKind::wrong_type, place(key),
                  fmt::format("a number should stand here, not {}", type_of(*value)));
      return 0;
    }
    const double number = value->get<double>();
    if (!(number > 0)) {
      faults_.add(FaultKind::out_of_range, place(key), fmt::format("{} is not above 0", value->dump()));
    }
    return number;
  }

  std::int64_t count(std::string_view key) {
    const double number = amount(key);
    if (number != std::floor(number) || number > kLargestWholeNumber) {
      faults_.add(FaultKind::out_of_range, place(key), fmt::format("{} is no whole number", number));
      return 0;
    }
    return static_cast<std::int64_t>(number);
  }

  const Json* find(std::string_view key, bool required) {
    asked_.emplace_back(key);
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(std::string(key));
    if (found != object_.end()) return &*found;
    if (required) {
      faults_.add(FaultKind::missing_key, pointer_, fmt::format("the key {} is missing", shown(key)),
                  scenario::nearest_name(key, unknown_keys()));
    }
    return nullptr;
  }

  void refuse_unknown_keys() {
    for (const std::string& key : unknown_keys()) {
      faults_.add(FaultKind::unknown_key, place(key), fmt::format("there is no key {} here", shown(key)),
                  scenario::nearest_name(key, asked_));
    }
  }

  std::string place(std::string_view key) const { return pointer_ + scenario::pointer_step(key); }

 private:
  void fail(FaultKind kind, const std::string& place, const char* message) {
    faults_.add(kind, place, fmt::format(fmt::runtime(message), type_of(object_)));
  }
  std::vector<std::string> unknown_keys() const {
    std::vector<std::string> keys;
    if (!object_.is_object()) return keys;
    for (const auto& [key, unused] : object_.items()) {
      if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) keys.push_back(key);
    }
    return keys;
  }

  const Json& object_;
  std::string pointer_;
  FaultList& faults_;
  std::vector<std::string> asked_;
};

bool is_date(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  const int month = std::stoi(text.substr(5, 2)), day = std::stoi(text.substr(8, 2));
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

Device read_device(const Json& json, bool measured_here, FaultList& faults) {
  ObjectReader object(json, "/device", faults);
  Device device;
  device.name = object.text("name");
  device.gpu = object.text("gpu");
  device.driver = object.text("driver", measured_here);
  device.cuda = object.text("cuda", measured_here);
  device.multiprocessors = object.count("multiprocessors");
  device.l2_bytes = object.amount("l2_bytes");
  device.memory_bytes = object.amount("memory_bytes");
  device.power_limit_w = object.amount("power_limit_w");
  device.gpus = object.count("gpus");
  object.refuse_unknown_keys();
  return device;
}

/// What a table's columns are: checked against the operator, before any row is read.
class TableReader {
 public:
  TableReader(std::string pointer, const Operator& operation, FaultList& faults)
      : pointer_(std::move(pointer)), operation_(operation), faults_(faults) {
    table_.operation = operation.name;
  }

  /// False when rows cannot be read by these columns.
  bool read_columns(const Json& json) {
    const std::string place = pointer_ + "/columns";
    if (!json.is_array()) {
      faults_.add(FaultKind::wrong_type, place, fmt::format("a list should stand here, not {}", type_of(json)));
      return false;
    }
    const std::size_t faults_before = faults_.total();
    for (std::size_t i = 0; i < json.size(); ++i) {
      const std::string here = fmt::format("{}/{}", place, i);
      if (!json[i].is_string()) {
        faults_.add(FaultKind::wrong_type, here, fmt::format("text should stand here, not {}", type_of(json[i])));
        continue;
      }
      add_column(here, json[i].get<std::string>());
    }
    for (const auto names : {operation_.text, operation_.sizes}) {
      for (const std::string_view name : names) require(place, name);
    }
    require(place, operation_.timed ? "time_s" : "power_w");
    return faults_.total() == faults_before;
  }

  void read_rows(const Json& json) {
    const std::string place = pointer_ + "/rows";
    if (!json.is_array()) {
      faults_.add(FaultKind::wrong_type, place, fmt::format("a list should stand here, not {}", type_of(json)));
      return;
    }
    if (json.empty()) faults_.add(FaultKind::out_of_range, place, "a table has at least one row");
    for (Column& column : table_.columns) {
      if (column.is_text) {
        column.choices.reserve(json.size());
      } else {
        column.numbers.reserve(json.size());
      }
    }
    const std::size_t faults_before = faults_.total();
    for (std::size_t row = 0; row < json.size(); ++row) read_row(fmt::format("{}/{}", place, row), json[row]);
    if (faults_.total() != faults_before) return;
    check_quantiles(place);
    check_curve(place);
  }

  Table take() { return std::move(table_); }

 private:
  void add_column(const std::string& place, const std::string& name) {
    if (table_.find(name) != nullptr) {
      faults_.add(FaultKind::duplicate_name, place, fmt::format("the column {} stands twice", shown(name)));
      return;
    }
    Column column;
    column.name = name;
    column.is_text = contains(operation_.text, name);
    const bool known = column.is_text || contains(operation_.sizes, name) || contains(kMeasuredColumns, name);
    if (!known) {
      std::vector<std::string> allowed = as_strings(operation_.text);
      for (const std::string_view size : operation_.sizes) allowed.emplace_back(size);
      for (const std::string_view measured : kMeasuredColumns) allowed.emplace_back(measured);
      std::string message =
          fmt::format("{} has no column {}; allowed: {}", operation_.name, shown(name), fmt::join(allowed, ", "));
      if (const std::string_view unit = foreign_unit(name); !unit.empty()) {
        message =
            fmt::format("the column {} is in a unit that is not ours: values are in SI units, names end in {}; {}",
                        shown(name), unit, message);
      }
      faults_.add(FaultKind::unknown_key, place, std::move(message), scenario::nearest_name(name, allowed));
      return;
    }
    table_.columns.push_back(std::move(column));
  }

  void require(const std::string& place, std::string_view name) {
    if (table_.find(name) == nullptr) {
      faults_.add(FaultKind::missing_key, place, fmt::format("{} needs the column {}", operation_.name, shown(name)));
    }
  }

  void read_row(const std::string& place, const Json& row) {
    if (!row.is_array()) {
      faults_.add(FaultKind::wrong_type, place, fmt::format("a list should stand here, not {}", type_of(row)));
      return;
    }
    if (row.size() != table_.columns.size()) {
      faults_.add(FaultKind::out_of_range, place,
                  fmt::format("{} values stand here for {} columns", row.size(), table_.columns.size()));
      return;
    }
    for (std::size_t i = 0; i < row.size(); ++i) read_cell(place, i, row[i]);
  }

  void read_cell(const std::string& row_place, std::size_t i, const Json& cell) {
    Column& column = table_.columns[i];
    const auto fail = [&](FaultKind kind, const std::string& message) {
      faults_.add(kind, fmt::format("{}/{}", row_place, i), fmt::format("{}: {}", column.name, message));
    };
    if (column.is_text) {
      if (!cell.is_string()) return fail(FaultKind::wrong_type, fmt::format("text, not {}", type_of(cell)));
      const auto& text = cell.get_ref<const std::string&>();
      if (text.empty()) return fail(FaultKind::out_of_range, "this text may not be empty");
      return column.add_text(text);
    }
    if (!cell.is_number()) return fail(FaultKind::wrong_type, fmt::format("a number, not {}", type_of(cell)));
    const double number = cell.get<double>();
    if (contains(operation_.sizes, column.name)) {
      if (!(number >= 0 && number <= kLargestWholeNumber && number == std::floor(number))) {
        return fail(FaultKind::out_of_range, fmt::format("{} is no whole number of at least 0", cell.dump()));
      }
    } else if (column.name == "temperature_c") {
      if (!(number > -273.15)) return fail(FaultKind::out_of_range, fmt::format("{} is below -273.15", cell.dump()));
    } else if (!(number >= 0) || (column.name == "time_s" && number == 0)) {
      return fail(FaultKind::out_of_range,
                  fmt::format("{} is not {}", cell.dump(), column.name == "time_s" ? "above 0" : "at least 0"));
    }
    column.numbers.push_back(number);
  }

  void check_quantiles(const std::string& place) {
    const Column* middle = table_.find("time_s");
    const Column* low = table_.find("time_p10_s");
    const Column* high = table_.find("time_p90_s");
    if (middle == nullptr) return;
    for (std::size_t row = 0; row < table_.rows(); ++row) {
      const double time = middle->numbers[row];
      if ((low != nullptr && low->numbers[row] > time) || (high != nullptr && high->numbers[row] < time)) {
        faults_.add(FaultKind::out_of_range, fmt::format("{}/{}", place, row),
                    fmt::format("time_s {} lies outside its own time_p10_s to time_p90_s", time));
      }
    }
  }

  void check_curve(const std::string& place) {
    for (const Curve& curve : kCurves) {
      if (curve.operation != operation_.name) continue;
      const Column& size = table_.at(curve.size);
      std::map<std::vector<double>, std::pair<double, std::size_t>> last;  // key of a curve -> size, row
      for (std::size_t row = 0; row < table_.rows(); ++row) {
        std::vector<double> key;
        for (const Column& column : table_.columns) {
          if (column.is_text) {
            key.push_back(column.choices[row]);
          } else if (column.name != curve.size && contains(operation_.sizes, column.name)) {
            key.push_back(column.numbers[row]);
          }
        }
        const auto [before, first] = last.try_emplace(std::move(key), size.numbers[row], row);
        if (!first && size.numbers[row] <= before->second.first) {
          faults_.add(FaultKind::out_of_range, fmt::format("{}/{}", place, row),
                      fmt::format("the {} of a curve must rise: {} follows {} of row {}", curve.size, size.numbers[row],
                                  before->second.first, before->second.second));
        }
        before->second = {size.numbers[row], row};
      }
    }
  }

  std::string pointer_;
  const Operator& operation_;
  FaultList& faults_;
  Table table_;
};

std::optional<Table> read_table(const Json& json, const std::string& pointer, FaultList& faults) {
  ObjectReader object(json, pointer, faults);
  const std::string name = object.text("operator");
  const Json* columns = object.find("columns", true);
  const Json* rows = object.find("rows", true);
  object.refuse_unknown_keys();
  if (name.empty()) return std::nullopt;
  const Operator* operation = find_operator(name);
  if (operation == nullptr) {
    std::vector<std::string> names;
    for (const Operator& known : operators()) names.emplace_back(known.name);
    faults.add(FaultKind::unknown_name, object.place("operator"),
               fmt::format("there is no operator {}; there are: {}", shown(name), fmt::join(names, ", ")),
               scenario::nearest_name(name, names));
    return std::nullopt;
  }
  if (columns == nullptr || rows == nullptr) return std::nullopt;
  TableReader reader(pointer, *operation, faults);
  if (!reader.read_columns(*columns)) return std::nullopt;
  reader.read_rows(*rows);
  return reader.take();
}

void append_device(std::string& text, const Device& device) {
  Json json = {{"name", device.name}, {"gpu", device.gpu}};
  if (!device.driver.empty()) json["driver"] = device.driver;
  if (!device.cuda.empty()) json["cuda"] = device.cuda;
  if (device.multiprocessors > 0) json["multiprocessors"] = device.multiprocessors;
  if (device.l2_bytes > 0) json["l2_bytes"] = device.l2_bytes;
  if (device.memory_bytes > 0) json["memory_bytes"] = device.memory_bytes;
  if (device.power_limit_w > 0) json["power_limit_w"] = device.power_limit_w;
  if (device.gpus > 0) json["gpus"] = device.gpus;
  text += json.dump();
}

}  // namespace

std::optional<KernelMeasurements> read_measurements(std::string_view text, FaultList& faults, const std::string& file) {
  FaultList found;
  const std::optional<Json> json = scenario::parse_json(text, found, file, kMostRawValues);
  KernelMeasurements result;
  if (json) {
    ObjectReader object(*json, "", found);
    const std::string format = object.text("format");
    if (!format.empty() && format != kRawFormat) {
      found.add(FaultKind::unknown_kind, "/format",
                fmt::format("{} is another format; this program reads \"{}\"", shown(format), kRawFormat));
    } else {
      result.origin = object.text("origin");
      const bool measured_here = result.origin == kOrigins[0];
      if (!result.origin.empty() && !contains(kOrigins, result.origin)) {
        found.add(FaultKind::unknown_name, "/origin",
                  fmt::format("{} is no origin; allowed: {}", shown(result.origin), fmt::join(kOrigins, ", ")),
                  scenario::nearest_name(result.origin, as_strings(kOrigins)));
      }
      result.source = object.text("source");
      result.measured_on = object.text("measured_on", measured_here);
      if (!result.measured_on.empty() && !is_date(result.measured_on)) {
        found.add(FaultKind::bad_date, "/measured_on",
                  fmt::format("{} is no date such as 2026-11-24", shown(result.measured_on)));
      }
      if (const Json* device = object.find("device", true)) {
        result.device = read_device(*device, measured_here, found);
      }
      if (const Json* software = object.find("software", true)) {
        ObjectReader inner(*software, "/software", found);
        result.software.name = inner.text("name");
        result.software.version = inner.text("version");
        inner.refuse_unknown_keys();
      }
      if (const Json* tables = object.find("tables", true)) {
        if (!tables->is_array()) {
          found.add(FaultKind::wrong_type, "/tables",
                    fmt::format("a list should stand here, not {}", type_of(*tables)));
        } else {
          for (std::size_t i = 0; i < tables->size(); ++i) {
            const std::string pointer = fmt::format("/tables/{}", i);
            std::optional<Table> table = read_table((*tables)[i], pointer, found);
            if (!table) continue;
            if (result.find(table->operation) != nullptr) {
              found.add(FaultKind::duplicate_name, pointer,
                        fmt::format("{} has two tables; put its rows into one", table->operation));
            }
            result.tables.push_back(std::move(*table));
          }
        }
      }
      object.refuse_unknown_keys();
    }
  }
  const bool good = found.empty() && json.has_value();
  for (scenario::Fault fault : found.kept()) {
    if (fault.file.empty()) fault.file = file;
    faults.add(std::move(fault));
  }
  if (!good) return std::nullopt;
  return result;
}

std::string write_measurements(const KernelMeasurements& measurements) {
  std::string text;
  const auto quoted = [](const std::string& value) { return Json(value).dump(); };
  text += fmt::format("{{\n  \"format\": \"{}\",\n  \"origin\": {},\n  \"source\": {},\n", kRawFormat,
                      quoted(measurements.origin), quoted(measurements.source));
  if (!measurements.measured_on.empty())
    text += fmt::format("  \"measured_on\": {},\n", quoted(measurements.measured_on));
  text += "  \"device\": ";
  append_device(text, measurements.device);
  text += fmt::format(",\n  \"software\": {{\"name\": {}, \"version\": {}}},\n  \"tables\": [",
                      quoted(measurements.software.name), quoted(measurements.software.version));
  bool first_table = true;
  for (const Table& table : measurements.tables) {
    text += fmt::format("{}\n    {{\"operator\": {}, \"columns\": [", first_table ? "" : ",", quoted(table.operation));
    first_table = false;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      text += (i > 0 ? ", " : "") + quoted(table.columns[i].name);
    }
    text += "],\n     \"rows\": [";
    for (std::size_t row = 0; row < table.rows(); ++row) {
      text += row > 0 ? ",\n       [" : "\n       [";
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const Column& column = table.columns[i];
        if (i > 0) text += ", ";
        text += column.is_text ? quoted(column.text(row)) : scenario::number_text(column.numbers[row]);
      }
      text += ']';
    }
    text += "]}";
  }
  return text + "\n  ]\n}\n";
}

std::optional<std::string> read_file(const std::string& path, FaultList& faults) {
  const auto fail = [&](FaultKind kind, std::string message) {
    faults.add({.kind = kind, .message = std::move(message), .file = path});
    return std::nullopt;
  };
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fail(FaultKind::cannot_read, "this is a folder, not a file");
  errno = 0;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> stream(gzopen(path.c_str(), "rb"), gzclose);
  if (stream == nullptr) return fail(FaultKind::cannot_read, fmt::format("cannot be opened: {}", std::strerror(errno)));
  std::string text;
  std::array<char, 1 << 16> piece;
  for (;;) {
    const int count = gzread(stream.get(), piece.data(), piece.size());
    if (count < 0) return fail(FaultKind::cannot_read, "the compressed data is damaged");
    if (count == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > kLargestRawFile) {
      return fail(FaultKind::too_large, fmt::format("more than the {} MiB that are read", kLargestRawFile >> 20));
    }
  }
  int status = Z_OK;
  gzerror(stream.get(), &status);
  if (status != Z_OK && status != Z_STREAM_END) return fail(FaultKind::cannot_read, "the compressed data is cut short");
  return text;
}

}  // namespace tokenworks::gpu_calibration
