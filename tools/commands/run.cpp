// tokenworks run SCENARIO: simulate, write the report, print the summary; or look for the highest rate first.
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/report/report_files.hpp"
#include "sim/scenario/site_models.hpp"
#include "tools/commands/command.hpp"
#include "tools/commands/find_max_rate.hpp"
#include "tools/commands/override_option.hpp"
#include "tools/commands/run_files.hpp"
#include "tools/commands/simulate.hpp"
#include "tools/provenance.hpp"

namespace tokenworks::tools {
namespace {

struct Arguments {
  RunArguments run;
  bool find_max_rate = false;
  MaxRateArguments max_rate;
};

/// Shares; a tolerance below a thousandth asks for runs that differ by a handful of requests.
constexpr double kFinestTolerance = 0.001;
constexpr int kMostJobs = 256;

int run(const RunArguments& arguments) {
  scenario::ReadOutcome scenario = scenario::read_scenario(arguments.path, arguments.overrides);
  if (scenario.faults.empty()) scenario::check_site_files(scenario);
  if (!scenario.faults.empty()) {
    fmt::print(stderr, "{}", scenario.faults.text(arguments.path));
    return kFaultyInput;
  }
  const std::filesystem::path folder = report_folder(arguments, scenario);
  if (const std::string fault = fault_of(arguments.files, folder); !fault.empty()) {
    fmt::print(stderr, "{}\n", fault);
    return kFaultyInput;
  }
  report::prepare_folder(folder);
  const report::Provenance provenance = provenance_of(scenario);
  return simulate(scenario, arguments, folder, provenance);
}

void add_max_rate_options(CLI::App& command, Arguments& arguments) {
  CLI::Option* find = command.add_flag("--find-max-rate", arguments.find_max_rate,
                                       "Look for the highest rate of all workloads together that keeps the promises: "
                                       "writes max_rate.json too, and reports the run at that rate");
  command
      .add_option("--attainment", arguments.max_rate.attainment,
                  "Share of a service's requests that must keep all its promises (default 0.99)")
      ->check([](const std::string& text) {
        double share = 0;
        const bool good = CLI::detail::lexical_cast(text, share) && share > 0 && share <= 1;
        return good ? std::string() : fmt::format("found {}; allowed: above 0, at most 1", text);
      })
      ->needs(find)
      ->type_name("SHARE");
  command
      .add_option("--tolerance", arguments.max_rate.tolerance,
                  "The search ends when a rate higher by this share fails (default 0.02)")
      ->check(CLI::Range(kFinestTolerance, 1.0))
      ->needs(find)
      ->type_name("SHARE");
  command.add_option("--jobs", arguments.max_rate.jobs, "Rates that are tried at the same time (default 1)")
      ->check(CLI::Range(1, kMostJobs))
      ->needs(find)
      ->type_name("N");
}

}  // namespace

void add_run_command(CLI::App& program, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  RunArguments& run_arguments = arguments->run;
  CLI::App* command = program.add_subcommand("run", "Simulate a scenario; write its report and print the summary");
  command->add_option("SCENARIO", run_arguments.path, "Scenario file")->required();
  command
      ->add_option("--out", run_arguments.out,
                   "Folder for report.json, series.csv and run.json (default: the scenario's name)")
      ->type_name("DIR");
  add_override_option(*command, run_arguments.overrides);
  add_run_files_options(*command, run_arguments.files);
  add_max_rate_options(*command, *arguments);
  command->add_flag("--exact-iterations", run_arguments.exact_iterations,
                    "Simulate every decode step by itself: the same report, slower");
  command->add_flag("--simgrid-flows", run_arguments.simgrid_flows,
                    "Let SimGrid share links: the same report but for the last digits, slower");
  command->add_flag("--always-sync", run_arguments.always_sync,
                    "Let SimGrid follow every event: the same report, slower");
  command->add_flag("--quiet", run_arguments.quiet, "No progress and no summary");
  command->callback([arguments, &exit_code] {
    exit_code = arguments->find_max_rate ? find_max_rate(arguments->run, arguments->max_rate) : run(arguments->run);
  });
}

}  // namespace tokenworks::tools
