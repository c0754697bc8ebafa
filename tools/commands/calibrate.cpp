// tokenworks calibrate run|import|fit: from a GPU, or from published tables, to an entry of the catalog.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "gpu_calibration/fit/fit_kernels.hpp"
#include "gpu_calibration/fit/grid_fit.hpp"
#include "gpu_calibration/fit/held_out.hpp"
#include "gpu_calibration/import/import_tables.hpp"
#include "gpu_calibration/import/table_kinds.hpp"
#include "gpu_calibration/raw/measurement_text.hpp"
#include "sim/scenario/catalog.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/json_text.hpp"
#include "tools/commands/command.hpp"

namespace tokenworks::tools {
namespace {

namespace fs = std::filesystem;
using gpu_calibration::FitReport;
using gpu_calibration::KernelMeasurements;
using scenario::FaultList;
using scenario::Json;

int refuse(const FaultList& faults) {
  fmt::print(stderr, "{}{} fault{}\n", faults.text("tokenworks calibrate"), faults.total(),
             faults.total() == 1 ? "" : "s");
  return kFaultyInput;
}

/// Written beside and renamed, so that a reader never sees half of it.
bool write_file(const std::string& path, const std::string& text) {
  const std::string beside = path + ".part";
  std::error_code error;
  {
    std::ofstream file(beside, std::ios::binary);
    file << text;
    file.close();
    if (!file) {
      fmt::print(stderr, "{}: cannot be written\n", path);
      fs::remove(beside, error);
      return false;
    }
  }
  fs::rename(beside, path, error);
  if (!error) return true;
  fmt::print(stderr, "{}: cannot be written: {}\n", path, error.message());
  return false;
}

// ---- run ----------------------------------------------------------------------------------------------------------

constexpr std::string_view kBenches = "tokenworks_gpu_calibration";

/// Beside this program, in PATH, or in the build tree of the preset `gpu`; empty when it is nowhere.
std::string find_benches() {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> places = {here, here / "../../gpu/bin", "build/gpu/bin"};
  if (const char* path = std::getenv("PATH")) {
    const std::string list = path;
    for (std::size_t at = 0; at <= list.size();) {
      const std::size_t end = std::min(list.find(':', at), list.size());
      if (end > at) places.emplace_back(list.substr(at, end - at));
      at = end + 1;
    }
  }
  for (const fs::path& place : places) {
    const fs::path program = place / kBenches;
    if (fs::is_regular_file(program, error) && access(program.c_str(), X_OK) == 0) return program.lexically_normal();
  }
  return {};
}

int run_benches(const std::vector<std::string>& arguments) {
  const std::string program = find_benches();
  if (program.empty()) {
    fmt::print(stderr,
               "{} is neither beside this program, nor in build/gpu/bin, nor in PATH. Build it where nvcc of the CUDA "
               "Toolkit is: cmake --preset gpu && cmake --build build/gpu --target {}\n",
               kBenches, kBenches);
    return kFaultyInput;
  }
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  fmt::print(stderr, "{}: cannot be started\n", program);
  return kRunFailed;
}

// ---- import -------------------------------------------------------------------------------------------------------

struct ImportArguments {
  std::vector<std::string> files;
  std::string out;
  gpu_calibration::ImportChoice choice;
};

int import_tables(const ImportArguments& arguments) {
  FaultList faults;
  const auto measurements = gpu_calibration::import_tables(arguments.files, arguments.choice, faults);
  if (!measurements) return refuse(faults);
  std::size_t rows = 0;
  for (const gpu_calibration::Table& table : measurements->tables) {
    rows += table.rows();
    fmt::print("{:26} {:7} rows\n", table.operation, table.rows());
  }
  if (!write_file(arguments.out, gpu_calibration::write_measurements(*measurements))) return kRunFailed;
  fmt::print("{}: {} rows of {} on {}\n", arguments.out, rows, measurements->software.name, measurements->device.gpu);
  return kDone;
}

// ---- fit ----------------------------------------------------------------------------------------------------------

struct FitArguments {
  std::vector<std::string> files;
  std::string gpu, out, json;
};

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

void print_report(const FitReport& report, std::int64_t constants) {
  fmt::print(
      "Errors are |predicted / measured - 1| in %, median / 90th percentile, of a fit that had not seen these rows:\n"
      "whole shapes (one in {}, seed {}) and the largest sizes. The entry is fitted to all rows.\n\n",
      gpu_calibration::kHoldOutShare, gpu_calibration::kHoldOutSeed);
  fmt::print("{:24} {:46} {:>7} {:>6} {:>13} {:>15} {:>6}  {}\n", "operator", "group", "rows", "unseen",
             "unseen shapes", "largest sizes", "values", "range");
  for (std::size_t i = 0; i < report.quality.size(); ++i) {
    const compute::FitQuality& line = report.quality[i];
    const auto pair = [](double median, double p90) { return percent(median) + " / " + percent(p90); };
    fmt::print("{:24} {:46} {:>7} {:>6} {:>13} {:>15} {:>6}  {}\n", line.operator_name, line.group, line.rows,
               line.unseen_rows, line.unseen_rows > 0 ? pair(line.median_error, line.p90_error) : "-",
               line.tail_p90_error > 0 ? pair(line.tail_median_error, line.tail_p90_error) : "-", line.constants,
               report.ranges[i]);
  }
  fmt::print("\n{} values in all. Rows left out:\n", constants);
  for (const gpu_calibration::Exclusion& exclusion : report.exclusions) {
    fmt::print("{:24} {:46} {:>7}  {}\n", exclusion.operation, exclusion.group, exclusion.rows, exclusion.rule);
  }
}

std::string report_json(const compute::KernelSpec& spec, const FitReport& report) {
  Json json = {{"format", "tokenworks.kernel_fit/1"},
               {"gpu", spec.gpu},
               {"library", spec.library},
               {"hold_out_seed", gpu_calibration::kHoldOutSeed},
               {"hold_out_share", 1.0 / gpu_calibration::kHoldOutShare}};
  Json lines = Json::array();
  for (std::size_t i = 0; i < report.quality.size(); ++i) {
    compute::FitQuality line = report.quality[i];
    Json object = scenario::write_struct(line);
    object["range"] = report.ranges[i];
    lines.push_back(std::move(object));
  }
  json["quality"] = std::move(lines);
  Json exclusions = Json::array();
  for (const gpu_calibration::Exclusion& exclusion : report.exclusions) {
    exclusions.push_back({{"operator", exclusion.operation},
                          {"group", exclusion.group},
                          {"rows", exclusion.rows},
                          {"rule", exclusion.rule}});
  }
  json["exclusions"] = std::move(exclusions);
  return scenario::json_text(json);
}

int fit(const FitArguments& arguments) {
  FaultList faults;
  std::vector<KernelMeasurements> raws;
  for (const std::string& path : arguments.files) {
    fmt::print(stderr, "reading {}\n", path);
    const std::optional<std::string> text = gpu_calibration::read_file(path, faults);
    if (!text) continue;
    std::optional<KernelMeasurements> raw = gpu_calibration::read_measurements(*text, faults, path);
    if (!raw) continue;
    if (raw->device.gpu != arguments.gpu) {
      faults.add({.kind = scenario::FaultKind::conflicting_keys,
                  .pointer = "/device/gpu",
                  .message = fmt::format("this raw result is of {}, not of {}", raw->device.gpu, arguments.gpu),
                  .file = path});
    }
    raws.push_back(std::move(*raw));
  }
  scenario::Catalog catalog;
  const compute::GpuSpec* gpu = catalog.gpu(arguments.gpu, faults);
  if (!faults.empty() || gpu == nullptr) return refuse(faults);

  FitReport report;
  report.progress = [](std::string_view text) { fmt::print(stderr, "{}\n", text); };
  const std::string title =
      fmt::format("{}, {} {}", gpu->title, raws.front().software.name, raws.front().software.version);
  compute::KernelSpec spec = gpu_calibration::fit_kernels(raws, title, gpu->ratings, report);
  std::int64_t constants = 0;
  for (const compute::FitQuality& line : report.quality) constants += line.constants;
  print_report(report, constants);
  if (!write_file(arguments.out, scenario::json_text(scenario::write_struct(spec)))) return kRunFailed;
  if (!arguments.json.empty() && !write_file(arguments.json, report_json(spec, report))) return kRunFailed;
  return kDone;
}

std::string kinds_of_tables() {
  std::string text = "Kinds of tables, by the end of a file's name:\n";
  for (const gpu_calibration::TableKind& kind : gpu_calibration::table_kinds()) {
    text += fmt::format("  {:24} {}\n", kind.name, kind.help);
  }
  return text;
}

}  // namespace

void add_calibrate_command(CLI::App& program, int& exit_code) {
  CLI::App* command =
      program.add_subcommand("calibrate", "Measure a GPU, or read published tables, and fit kernel times");
  command->require_subcommand(1);
  command->footer(
      "From a GPU of your own to its catalog entry:\n"
      "  tokenworks calibrate run --out raw.json\n"
      "  tokenworks calibrate fit raw.json --gpu h100_sxm5 --out models/catalog/kernels/h100_sxm5_measured.json");

  const auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* run =
      command->add_subcommand("run", "Measure the GPU of this machine (needs the program that the preset gpu builds)");
  run->prefix_command();
  run->footer("All arguments go to tokenworks_gpu_calibration; `tokenworks calibrate run -- --help` shows them.");
  run->callback([run, words, &exit_code] {
    *words = run->remaining();
    if (!words->empty() && words->front() == "--") words->erase(words->begin());
    exit_code = run_benches(*words);
  });

  const auto importing = std::make_shared<ImportArguments>();
  CLI::App* import =
      command->add_subcommand("import", "Turn published kernel tables (CSV, plain or gzip) into a raw result");
  import->add_option("FILE", importing->files, "Tables of one GPU and one software")->required();
  import->add_option("--out", importing->out, "Raw result to write")->required();
  import->add_option("--gpu", importing->choice.gpu, "GPU in the catalog (default: what the file names begin with)");
  import->add_option("--software", importing->choice.software,
                     "tensorrt_llm, vllm or sglang, where the files hold several");
  import->footer(kinds_of_tables());
  import->callback([importing, &exit_code] { exit_code = import_tables(*importing);
});

const auto fitting = std::make_shared<FitArguments>();
CLI::App* fit_command = command->add_subcommand("fit", "Fit raw results and write an entry of the catalog");
fit_command
    ->add_option("RAW", fitting->files,
                 "Raw results of one GPU; where several have a table of an operator, the first counts")
    ->required();
fit_command->add_option("--gpu", fitting->gpu, "GPU in the catalog that was measured")->required();
fit_command->add_option("--out", fitting->out, "Catalog entry to write")->required();
fit_command->add_option("--json", fitting->json, "Also write errors, ranges and excluded rows as JSON");
fit_command->callback([fitting, &exit_code] { exit_code = fit(*fitting); });
}  // namespace tokenworks::tools

}  // namespace tokenworks::tools
