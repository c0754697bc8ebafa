// tokenworks run SCENARIO: simulate, write the report, print the summary.
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/report/build_info.hpp"
#include "sim/report/input_file.hpp"
#include "sim/report/progress_bar.hpp"
#include "sim/report/report.hpp"
#include "sim/report/report_files.hpp"
#include "sim/report/summary.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/read_scenario.hpp"
#include "sim/scenario/run.hpp"
#include "tools/commands/command.hpp"
#include "tools/commands/override_option.hpp"
#include "tools/commands/run_files.hpp"

namespace tokenworks::tools {
namespace {

struct Arguments {
  std::string path;
  std::string out;
  scenario::Overrides overrides;
  RunFilesArguments files;
  bool exact_iterations = false;
  bool always_sync = false;
  bool simgrid_flows = false;
  bool quiet = false;
};

volatile std::sig_atomic_t interrupt_wanted = 0;

/// The first Ctrl-C (or SIGTERM) ends the run with a report of what was simulated; the second ends the program.
extern "C" void on_signal(int signal) {
  interrupt_wanted = 1;
  std::signal(signal, SIG_DFL);
}

report::Provenance provenance_of(const scenario::ReadOutcome& scenario) {
  const report::BuildInfo build = report::build_info();
  report::Provenance provenance;
  provenance.version = build.version;
  provenance.git_revision = build.git_revision;
  provenance.seed = scenario.spec.seed;
  for (const scenario::InputFile& input : scenario.inputs) {
    provenance.inputs.push_back({input.name, report::sha256_of_file(input.path)});
  }
  provenance.catalog = scenario.catalog.used();
  return provenance;
}

int run(const Arguments& arguments) {
  scenario::ReadOutcome scenario = scenario::read_scenario(arguments.path, arguments.overrides);
  if (!scenario.faults.empty()) {
    fmt::print(stderr, "{}", scenario.faults.text(arguments.path));
    return kFaultyInput;
  }
  const std::filesystem::path folder = arguments.out.empty() ? scenario.spec.name : arguments.out;
  if (const std::string fault = fault_of(arguments.files, folder); !fault.empty()) {
    fmt::print(stderr, "{}\n", fault);
    return kFaultyInput;
  }
  report::prepare_folder(folder);
  const report::Provenance provenance = provenance_of(scenario);
  const auto resolved = scenario::write_struct(scenario.spec);

  report::ProgressBar progress(arguments.quiet ? 0.0 : scenario.spec.clock.duration.value);
  scenario::RunOptions options;
  options.exact_iterations = arguments.exact_iterations;
  options.always_sync = arguments.always_sync;
  options.simgrid_flows = arguments.simgrid_flows;
  RunFiles files(arguments.files, scenario.spec, options);
  options.watch = [&](double simulated_s) {
    if (!arguments.quiet) progress.update(simulated_s);
    return interrupt_wanted == 0;
  };
  options.before_running = [] {  // SimGrid has set handlers of its own by now
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
  };
  scenario::RunOutput output = scenario::run(scenario, options);
  progress.clear();
  files.finish(output.result);
  report::write_report(folder, output.result, output.cost, resolved, provenance);
  if (!arguments.quiet) {
    report::print_summary(
        stdout, output.result,
        {.scenario = scenario.spec.name, .report = folder / "report.json", .wall_s = output.cost.wall_s});
  }
  return output.result.interrupted ? kInterrupted : kDone;
}

}  // namespace

void add_run_command(CLI::App& program, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand("run", "Simulate a scenario; write its report and print the summary");
  command->add_option("SCENARIO", arguments->path, "Scenario file")->required();
  command
      ->add_option("--out", arguments->out,
                   "Folder for report.json, series.csv and run.json (default: the scenario's name)")
      ->type_name("DIR");
  add_override_option(*command, arguments->overrides);
  add_run_files_options(*command, arguments->files);
  command->add_flag("--exact-iterations", arguments->exact_iterations,
                    "Simulate every decode step by itself: the same report, slower");
  command->add_flag("--simgrid-flows", arguments->simgrid_flows,
                    "Let SimGrid share links: the same report but for the last digits, slower");
  command->add_flag("--always-sync", arguments->always_sync, "Let SimGrid follow every event: the same report, slower");
  command->add_flag("--quiet", arguments->quiet, "No progress and no summary");
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace tokenworks::tools
