#include "gpu_calibration/import/import_tables.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using scenario::FaultKind;
using scenario::FaultList;
using scenario::shown;

struct Name {
  std::string_view published;
  std::string_view ours;
};
constexpr Name kSystems[] = {{"a100_sxm", "a100_sxm4"}, {"h100_sxm", "h100_sxm5"}, {"h200_sxm", "h200_sxm5"},
                             {"b200_sxm", "b200_sxm"},  {"b300_sxm", "b300_sxm"},  {"gb200", "gb200"},
                             {"gb300", "gb300"}};
constexpr Name kSoftware[] = {{"trtllm", "tensorrt_llm"}, {"TRTLLM", "tensorrt_llm"}, {"vllm", "vllm"},
                              {"VLLM", "vllm"},           {"sglang", "sglang"},       {"SGLANG", "sglang"}};

/// Empty when the name is not in the list.
template <std::size_t count>
std::string_view ours(const Name (&names)[count], std::string_view published) {
  for (const Name& name : names) {
    if (name.published == published) return name.ours;
  }
  return {};
}

/// "h100_sxm__trtllm_1.3.0rc20_gemm_perf.csv.gz" -> {"h100_sxm", "trtllm", "1.3.0rc20"}.
struct FileName {
  std::string_view system, software, version;
};
FileName parts_of(std::string_view path) {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  FileName parts;
  const auto bar = name.find("__");
  if (bar == name.npos) return parts;
  parts.system = name.substr(0, bar);
  std::string_view rest = name.substr(bar + 2);
  const auto first = rest.find('_');
  if (first == rest.npos || ours(kSoftware, rest.substr(0, first)).empty()) return parts;
  parts.software = rest.substr(0, first);
  rest.remove_prefix(first + 1);
  parts.version = rest.substr(0, rest.find('_'));
  return parts;
}

class Import {
 public:
  Import(const ImportChoice& choice, FaultList& faults) : choice_(choice), faults_(faults) {}

  void add_file(const std::string& path) {
    const TableKind* kind = kind_of_file(path);
    if (kind == nullptr) {
      std::vector<std::string> names;
      for (const TableKind& known : table_kinds()) names.emplace_back(known.name);
      return fail(path, FaultKind::unknown_kind,
                  fmt::format("the end of the file's name is no kind of table; there are: {}", fmt::join(names, ", ")));
    }
    FaultList found;
    std::optional<CsvTable> csv = CsvTable::read(path, found);
    const FileName name = parts_of(path);
    const std::string gpu = csv ? gpu_of(path, name, *csv) : std::string();
    if (csv && !gpu.empty()) {
      keep_system(*csv, gpu, found);
      if (!kind->names_library) keep_software(path, name, *csv, found);
      if (found.empty() && csv->rows() > 0) {
        for (Table& table : kind->import({*csv, gpu, found})) add_table(std::move(table));
        files_.push_back(path.substr(path.find_last_of('/') + 1));
      }
    }
    faults_.append(std::move(found));
  }

  std::optional<KernelMeasurements> take() {
    if (faults_.empty() && software_.size() > 1) {
      std::vector<std::string> names;
      for (const auto& [library, version] : software_) names.push_back(library + " " + version);
      fail({}, FaultKind::conflicting_keys,
           fmt::format("the files hold kernels of {}: a raw result is of one software, choose it with --software",
                       fmt::join(names, ", ")));
    }
    if (faults_.empty() && result_.tables.empty()) {
      fail({}, FaultKind::out_of_range, "no row is left of this GPU and this software");
    }
    if (!faults_.empty()) return std::nullopt;
    result_.origin = "measured_published";
    result_.source = fmt::format("{}", fmt::join(files_, ", "));
    result_.device.gpu = gpu_;
    if (result_.device.name.empty()) result_.device.name = gpu_;
    result_.software = software_.empty() ? Software{"libraries", "named in the rows"}
                                         : Software{software_.begin()->first, software_.begin()->second};
    return std::move(result_);
  }

 private:
  void fail(const std::string& path, FaultKind kind, std::string message) {
    faults_.add({.kind = kind, .message = std::move(message), .file = path});
  }

  /// The catalog id that all files must agree on; empty after a fault.
  std::string gpu_of(const std::string& path, const FileName& name, const CsvTable& csv) {
    std::string gpu(ours(kSystems, name.system));
    if (csv.has("system")) gpu.clear();  // holds several; the others or --gpu must say which
    if (gpu.empty()) gpu = choice_.gpu.empty() ? gpu_ : choice_.gpu;
    if (gpu.empty()) {
      std::vector<std::string_view> names;
      for (const Name& system : kSystems) names.push_back(system.published);
      fail(path, FaultKind::unknown_name,
           fmt::format("the file's name does not begin with a system ({}): say which GPU with --gpu",
                       fmt::join(names, ", ")));
      return {};
    }
    if (!choice_.gpu.empty() && gpu != choice_.gpu) {
      fail(path, FaultKind::conflicting_keys, fmt::format("this table is of {}, not of {}", gpu, choice_.gpu));
      return {};
    }
    if (!gpu_.empty() && gpu != gpu_) {
      fail(path, FaultKind::conflicting_keys,
           fmt::format("this table is of {}, others are of {}: a raw result is of one GPU", gpu, gpu_));
      return {};
    }
    return gpu_ = gpu;
  }

  void keep_system(CsvTable& csv, const std::string& gpu, FaultList& found) {
    if (csv.has("device") && result_.device.name.empty()) result_.device.name = csv.texts("device", found).front();
    if (!csv.has("system")) return;
    const std::vector<std::string_view> systems = csv.texts("system", found);
    csv.keep([&](std::size_t row) { return ours(kSystems, systems[row]) == gpu; });
  }

  void keep_software(const std::string& path, const FileName& name, CsvTable& csv, FaultList& found) {
    const std::string_view column = csv.has("backend") ? "backend" : "framework";
    if (!csv.has(column)) {
      const std::string library(ours(kSoftware, name.software));
      if (library.empty()) {
        return fail(path, FaultKind::unknown_name, "neither the file's name nor a column says of which software it is");
      }
      if (!choice_.software.empty() && library != choice_.software) return csv.keep([](std::size_t) { return false; });
      software_.emplace(library, name.version);
      return;
    }
    const std::vector<std::string_view> libraries = csv.texts(column, found);
    const std::vector<std::string_view> versions = csv.texts("version", found);
    if (!found.empty()) return;
    csv.keep([&](std::size_t row) {
      const std::string library(ours(kSoftware, libraries[row]));
      if (library.empty()) {
        csv.refuse(row, column, fmt::format("{} is no software that is known", shown(libraries[row])), found);
        return false;
      }
      if (!choice_.software.empty() && library != choice_.software) return false;
      software_.emplace(library, versions[row]);
      return true;
    });
  }

  void add_table(Table table) {
    for (Table& known : result_.tables) {
      if (known.operation == table.operation) return append_rows(known, table);
    }
    result_.tables.push_back(std::move(table));
  }

  const ImportChoice& choice_;
  FaultList& faults_;
  KernelMeasurements result_;
  std::string gpu_;
  std::set<std::pair<std::string, std::string>> software_;
  std::vector<std::string> files_;
};

}  // namespace

std::optional<KernelMeasurements> import_tables(const std::vector<std::string>& paths, const ImportChoice& choice,
                                                FaultList& faults) {
  Import import(choice, faults);
  for (const std::string& path : paths) import.add_file(path);
  return import.take();
}

}  // namespace tokenworks::gpu_calibration
