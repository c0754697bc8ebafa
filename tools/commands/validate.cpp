// tokenworks validate: published measurements repeated by the simulator, and how far off it is.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/report/report_files.hpp"
#include "sim/scenario/catalog.hpp"
#include "sim/scenario/fault.hpp"
#include "tools/commands/command.hpp"
#include "tools/commands/override_option.hpp"
#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/validation_report.hpp"

namespace tokenworks::tools {
namespace {

using namespace validation;

struct Arguments {
  scenario::Overrides overrides;
  std::string data;
  std::string json_file, points_file;
  std::vector<std::string> only;
  std::string filter;
  std::size_t limit = 0;
  std::string by = "group";
  Split split;
  int jobs = 0;
};

volatile std::sig_atomic_t interrupt_wanted = 0;

/// The first Ctrl-C ends the validation with the cases that are done; the second ends the program.
extern "C" void on_interrupt(int signal) {
  interrupt_wanted = 1;
  std::signal(signal, SIG_DFL);
}

/// ../shared/data/validation beside the source tree that holds the shipped catalog.
std::filesystem::path default_data_folder() {
  return scenario::shipped_catalog_folder().parent_path().parent_path().parent_path() / "shared" / "data" /
         "validation";
}

/// Keeps cases whose groups contain `filter`, and of these evenly picked ones when there are more than `limit`.
std::vector<MeasuredCase> chosen(std::vector<MeasuredCase> cases, const Arguments& arguments) {
  std::erase_if(cases, [&](const MeasuredCase& c) { return c.group.find(arguments.filter) == std::string::npos; });
  if (arguments.limit == 0 || cases.size() <= arguments.limit) return cases;
  std::vector<MeasuredCase> picked;
  for (std::size_t i = 0; i < arguments.limit; ++i) {
    picked.push_back(std::move(cases[i * cases.size() / arguments.limit]));
  }
  return picked;
}

/// The cases of one file that is there; nothing when it is not.
std::optional<FileValidation> read_file(const CaseFile& file, const std::filesystem::path& folder,
                                        const Arguments& arguments, scenario::FaultList& faults) {
  const std::filesystem::path path = file.has_file() ? folder / file.path : folder;
  if (file.has_file() && !std::filesystem::exists(path)) {
    if (!arguments.only.empty()) {
      faults.add(
          {.kind = scenario::FaultKind::missing_file, .message = "there is no such file", .file = path.string()});
    }
    return std::nullopt;
  }
  scenario::FaultList found;
  CaseSet set = file.read(path, found);
  const bool readable = found.empty();
  faults.append(std::move(found));
  if (!readable) return std::nullopt;
  FileValidation validation;
  validation.name = file.name;
  validation.path = file.path;
  validation.rows = set.rows;
  validation.left_out = std::move(set.left_out);
  validation.partly = std::move(set.partly);
  for (MeasuredCase& measured : chosen(std::move(set.cases), arguments)) {
    JudgedCase judged;
    judged.part = arguments.split.part_of(measured.group);
    judged.measured = std::move(measured);
    validation.cases.push_back(std::move(judged));
  }
  return validation;
}

void run_all(std::vector<FileValidation>& files, int jobs, const scenario::Overrides& overrides) {
  std::vector<const MeasuredCase*> cases;
  for (FileValidation& file : files) {
    for (JudgedCase& judged : file.cases) cases.push_back(&judged.measured);
  }
  const bool terminal = isatty(STDERR_FILENO) == 1;
  ForkedRuns how;
  how.jobs = jobs > 0 ? jobs : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  how.stop = [] { return interrupt_wanted != 0; };
  if (terminal) {
    how.progress = [&](std::size_t done) { fmt::print(stderr, "\r{} of {} cases", done, cases.size()); };
  }
  std::vector<CaseOutcome> outcomes = run_cases(cases, how, overrides);
  if (terminal) fmt::print(stderr, "\r\033[K");
  std::size_t next = 0;
  for (FileValidation& file : files) {
    for (JudgedCase& judged : file.cases) judged.outcome = std::move(outcomes[next++]);
  }
}

/// Writes the files that were asked for before the simulator has worked for them, so that a bad path shows at once.
void try_paths(const Arguments& arguments) {
  for (const std::string& path : {arguments.json_file, arguments.points_file}) {
    if (!path.empty()) report::prepare_folder(std::filesystem::absolute(path).parent_path());
  }
}

/// What was asked for; without names everything, but with a folder only what may lie there.
bool is_wanted(const CaseFile& file, const Arguments& arguments) {
  if (arguments.only.empty()) return file.has_file() || arguments.data.empty();
  return std::find(arguments.only.begin(), arguments.only.end(), file.name) != arguments.only.end();
}

bool needs_folder(const Arguments& arguments) {
  const auto files = case_files();
  return arguments.only.empty() || std::any_of(files.begin(), files.end(), [&](const CaseFile& file) {
           return file.has_file() && is_wanted(file, arguments);
         });
}

int validate(const Arguments& arguments) {
  const std::filesystem::path folder =
      arguments.data.empty() ? default_data_folder() : std::filesystem::path(arguments.data);
  if (needs_folder(arguments) && !std::filesystem::is_directory(folder)) {
    fmt::print(
        stderr, "{}: there is no such folder; {}\n", folder.string(),
        arguments.data.empty() ? "name the folder of measurements by --data DIR" : "allowed: a folder of measurements");
    return kFaultyInput;
  }
  std::vector<std::string> names;
  for (const CaseFile& file : case_files()) names.emplace_back(file.name);
  for (const std::string& name : arguments.only) {
    if (std::find(names.begin(), names.end(), name) == names.end()) return refuse_name("set of cases", name, names);
  }
  if (arguments.split.folds > 0 && arguments.split.judge_fold >= arguments.split.folds) {
    fmt::print(stderr, "--judge-fold: found {}; allowed: 0 to {}\n", arguments.split.judge_fold,
               arguments.split.folds - 1);
    return kFaultyInput;
  }
  try_paths(arguments);

  scenario::FaultList faults;
  std::vector<FileValidation> files;
  for (const CaseFile& file : case_files()) {
    if (!is_wanted(file, arguments)) continue;
    if (auto validation = read_file(file, folder, arguments, faults)) files.push_back(std::move(*validation));
  }
  if (!faults.empty()) {
    fmt::print(stderr, "{}", faults.text(folder.string()));
    return kFaultyInput;
  }
  if (files.empty()) {
    fmt::print(stderr, "{}: holds none of the files of measurements that `validate` reads\n", folder.string());
    return kFaultyInput;
  }
  std::signal(SIGINT, on_interrupt);
  run_all(files, arguments.jobs, arguments.overrides);

  ReportOptions options;
  options.by = arguments.by == "version" ? GroupBy::version : GroupBy::group;
  options.split = arguments.split.active();
  options.interrupted = interrupt_wanted != 0;
  fmt::print("{}", validation_table(files, options));
  if (!arguments.json_file.empty()) {
    report::write_file(arguments.json_file, scenario::json_text(validation_json(files, options)));
  }
  if (!arguments.points_file.empty()) report::write_file(arguments.points_file, validation_points(files));
  if (options.interrupted) return kInterrupted;
  const bool any_failed = std::any_of(files.begin(), files.end(), [](const FileValidation& file) {
    return count_cases(file, CaseOutcome::Status::failed) > 0;
  });
  return any_failed ? kRunFailed : kDone;
}

std::string list_of_cases() {
  std::string text = "Sets of cases:\n";
  for (const CaseFile& file : case_files()) {
    text += fmt::format("  {:<22} {} ({})\n", file.name, file.help, file.has_file() ? file.path : "no file needed");
  }
  return text;
}

}  // namespace

void add_validate_command(CLI::App& program, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      program.add_subcommand("validate", "Run the simulator on published measurements and print its error by group");
  command
      ->add_option("--data", arguments->data,
                   "Folder of measurements (default: ../shared/data/validation beside the source tree); sets without a "
                   "file are then run when --only names them")
      ->type_name("DIR");
  command->add_option("--only", arguments->only, "Sets of cases, see below; all when absent")
      ->delimiter(',')
      ->type_name("NAME,...");
  command->add_option("--filter", arguments->filter, "Only groups whose names contain this")->type_name("TEXT");
  command->add_option("--limit", arguments->limit, "At most so many cases of a set, evenly picked")->type_name("N");
  command->add_option("--by", arguments->by, "Errors by group, or by group and engine version")
      ->check(CLI::IsMember({"group", "version"}));
  CLI::Option* folds =
      command
          ->add_option(
              "--folds", arguments->split.folds,
              "Deal whole groups to so many folds by a hash of their names; one is judged, the others are the fit part")
          ->check(CLI::Range(2, 1000))
          ->type_name("K");
  command->add_option("--judge-fold", arguments->split.judge_fold, "The fold that is judged, from 0")
      ->check(CLI::NonNegativeNumber)
      ->needs(folds)
      ->type_name("I");
  CLI::Option* fit = command
                         ->add_option("--fit-part", arguments->split.fit_patterns,
                                      "Groups whose names contain one of these are the fit part, the others are judged")
                         ->delimiter(',')
                         ->excludes(folds)
                         ->type_name("TEXT,...");
  command
      ->add_option("--judge-part", arguments->split.judge_patterns,
                   "Groups whose names contain one of these are judged, the others are the fit part")
      ->delimiter(',')
      ->excludes(folds)
      ->excludes(fit)
      ->type_name("TEXT,...");
  add_override_option(*command, arguments->overrides);
  command->add_option("--jobs", arguments->jobs, "Runs at the same time (default: one a core)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command->add_option("--json", arguments->json_file, "Write the figures there as JSON")->type_name("FILE");
  command->add_option("--points", arguments->points_file, "Write each case there as CSV: measured and predicted")
      ->type_name("FILE");
  command->footer(list_of_cases);
  command->callback([arguments, &exit_code] { exit_code = validate(*arguments); });
}

}  // namespace tokenworks::tools
