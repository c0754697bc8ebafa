// tokenworks compare REPORT...: reports side by side, what differs, which is better; a page.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/report/report_files.hpp"
#include "sim/report/summary.hpp"
#include "tools/commands/command.hpp"
#include "tools/commands/override_option.hpp"
#include "tools/commands/simulate.hpp"
#include "tools/compare/comparison_json.hpp"
#include "tools/compare/comparison_page.hpp"
#include "tools/compare/comparison_table.hpp"
#include "tools/compare/standard_incidents.hpp"

namespace tokenworks::tools {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> paths;
  std::string names, json, page;
  bool all = false, quiet = false;
  bool incidents = false;
  std::optional<double> incident_at_s;
  double incident_duration_s = compare::kDefaultIncidentDuration;
  int jobs = 0;
  std::string keep;
  scenario::Overrides overrides;
};

std::vector<std::string> names_of(const Arguments& arguments) {
  return arguments.names.empty() ? std::vector<std::string>() : compare::split_names(arguments.names);
}

/// Files that would be written over one another, or over what is read.
std::string faults_of_outputs(const Arguments& arguments) {
  const auto place = [](const std::string& path) {
    std::error_code ignored;
    return fs::weakly_canonical(fs::absolute(path), ignored);
  };
  std::string faults;
  if (!arguments.json.empty() && !arguments.page.empty() && place(arguments.json) == place(arguments.page)) {
    faults += fmt::format("--page: found {}, which --json writes; allowed: another file\n", arguments.page);
  }
  for (const auto& [option, path] : {std::pair{"--json", &arguments.json}, {"--page", &arguments.page}}) {
    if (path->empty()) continue;
    for (const std::string& read : arguments.paths) {
      for (const fs::path& file : {fs::path(read), fs::path(read) / "report.json", fs::path(read) / "year.json"}) {
        if (place(*path) != place(file.string())) continue;
        faults += fmt::format("{}: found {}, which is read; allowed: another file\n", option, *path);
      }
    }
    if (fs::is_directory(*path)) faults += fmt::format("{}: found {}, a folder; allowed: a file\n", option, *path);
  }
  return faults;
}

/// A page that cannot be written is told before an hour of runs. Throws report::WriteError.
void try_outputs(const Arguments& arguments) {
  for (const std::string& path : {arguments.json, arguments.page}) {
    if (!path.empty()) report::PartialFile trial{fs::path(path)};
  }
}

compare::IncidentReports run_incidents(const Arguments& arguments) {
  compare::IncidentRuns wanted;
  wanted.paths = arguments.paths;
  wanted.overrides = arguments.overrides;
  wanted.at_s = arguments.incident_at_s;
  wanted.duration_s = arguments.incident_duration_s;
  wanted.jobs =
      arguments.jobs > 0 ? arguments.jobs : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  wanted.keep = arguments.keep;
  catch_interrupts();
  wanted.stop = [] { return interrupt_wanted(); };
  const bool terminal = !arguments.quiet && isatty(STDERR_FILENO) == 1;
  if (terminal) {
    wanted.progress = [](std::size_t done, std::size_t of) {
      fmt::print(stderr, "\r{} of {} runs", done, of);
      std::fflush(stderr);
    };
  }
  compare::IncidentReports found = compare::run_incidents(wanted);
  if (terminal) fmt::print(stderr, "\r\033[K");
  return found;
}

int run_compare(const Arguments& arguments) {
  std::string faults = faults_of_outputs(arguments);
  std::vector<compare::ReportInput> reports;
  std::vector<std::string> notes;
  if (arguments.incidents) {
    if (faults.empty()) try_outputs(arguments);
    // Names are wrong before anything has run, too.
    std::vector<compare::ReportInput> unnamed(arguments.paths.size());
    if (!arguments.names.empty()) faults += compare::name_reports(unnamed, names_of(arguments));
    if (faults.empty()) {
      compare::IncidentReports found = run_incidents(arguments);
      if (found.stopped) return kInterrupted;
      faults = std::move(found.faults);
      if (faults.empty()) compare::name_reports(found.reports, names_of(arguments));
      reports = std::move(found.reports);
      notes = std::move(found.notes);
    }
  } else {
    compare::ReadReports read = compare::read_reports(arguments.paths, names_of(arguments));
    faults += read.faults;
    reports = std::move(read.reports);
  }
  if (!faults.empty()) {
    fmt::print(stderr, "{}", faults);
    return kFaultyInput;
  }
  compare::Comparison comparison = compare::compare(reports);
  comparison.warnings.insert(comparison.warnings.end(), notes.begin(), notes.end());
  if (!arguments.json.empty()) {
    report::write_file(arguments.json, scenario::json_text(compare::comparison_json(comparison)));
  }
  if (!arguments.page.empty()) report::write_file(arguments.page, compare::comparison_page(comparison, reports));
  if (!arguments.quiet) {
    const compare::TableStyle style{.colour = report::colour_wanted(stdout), .all = arguments.all};
    fmt::print("{}", compare::comparison_table(comparison, style));
  }
  return kDone;
}

}  // namespace

void add_compare_command(CLI::App& program, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "compare", "Reports of runs or years side by side: what differs in their scenarios and figures, which is better");
  command
      ->add_option("REPORT", arguments->paths,
                   "At least two reports, or folders with report.json or year.json; with --incidents, scenarios")
      ->required();
  command
      ->add_option("--names", arguments->names,
                   "What to call them, in their order (default: names of the scenarios, else of the folders)")
      ->type_name("A,B,...");
  command->add_option("--json", arguments->json, "Write the comparison as JSON (tokenworks schema comparison)")
      ->type_name("FILE");
  command->add_option("--page", arguments->page, "Write the comparison as one HTML page with charts")
      ->type_name("FILE")
      ->check([](const std::string& path) {
        return path.ends_with(".html") ? std::string() : fmt::format("the name must end in .html, not {}", path);
      });
  command->add_flag("--all", arguments->all, "Print also what is alike in all");
  command->add_flag("--quiet", arguments->quiet, "No progress and no table");
  CLI::Option* incidents = command->add_flag(
      "--incidents", arguments->incidents,
      "Run each scenario as it is and with each of the standard incidents: the coolant of the first rack group stands, "
      "the grid is gone, one power path is down");
  command
      ->add_option("--incident-at", arguments->incident_at_s,
                   "When each of them happens (default: when a quarter of the time behind the warm-up has passed)")
      ->type_name("S")
      ->check(CLI::NonNegativeNumber)
      ->needs(incidents);
  command->add_option("--incident-duration", arguments->incident_duration_s, "How long it lasts (default 600)")
      ->type_name("S")
      ->check(CLI::PositiveNumber)
      ->needs(incidents);
  command->add_option("--jobs", arguments->jobs, "Runs at the same time (default: one a core)")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->needs(incidents);
  command->add_option("--keep", arguments->keep, "Keep the reports of all runs in this folder, as SCENARIO/RUN")
      ->type_name("DIR")
      ->needs(incidents);
  add_override_option(*command, arguments->overrides);
  command->get_option("--set")->needs(incidents);
  command->callback([arguments, &exit_code] { exit_code = run_compare(*arguments); });
}

}  // namespace tokenworks::tools
