// tokenworks year SCENARIO: 8,760 hours of weather, electricity and load through one design.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "sim/report/build_info.hpp"
#include "sim/report/report_files.hpp"
#include "sim/report/year_report.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/local_time.hpp"
#include "sim/scenario/year_run.hpp"
#include "tools/commands/command.hpp"
#include "tools/commands/override_option.hpp"
#include "tools/commands/simulate.hpp"
#include "tools/provenance.hpp"
#include "tools/year/operating_points.hpp"

namespace tokenworks::tools {
namespace {

struct Arguments {
  std::string path, out, points_file;
  scenario::Overrides overrides;
  int points = 6, jobs = 0;
  bool quiet = false;
};

/// With the defaults of `year`, where the scenario has none: they act, so that they are told.
scenario::ReadOutcome read(ScenarioText& source, scenario::SiteModels& site) {
  scenario::ReadOutcome scenario = source.read();
  if (!scenario.spec.year && scenario.faults.empty()) {
    source.overrides.emplace_back("/year", "{}");
    scenario = source.read();
  }
  if (scenario.faults.empty()) site = scenario::check_site_files(scenario);
  if (scenario.faults.empty() && scenario.spec.year->operating_points.empty() && scenario.spec.workloads.empty()) {
    scenario.faults.add({.kind = scenario::FaultKind::missing_key,
                         .pointer = "/year/operating_points",
                         .message =
                             "there is neither a point nor a workload to make some by runs; allowed: at least one "
                             "of either"});
  }
  return scenario;
}

struct Points {
  std::vector<scenario::OperatingPoint> points;
  std::string from;
};

/// Of the scenario, of the file that keeps them, or by runs. Empty: interrupted.
Points operating_points(scenario::ReadOutcome& scenario, const ScenarioText& source, const Arguments& arguments) {
  if (!scenario.spec.year->operating_points.empty()) return {scenario.spec.year->operating_points, "scenario"};
  const scenario::LocalTime start = *scenario::parse_local_time(scenario.spec.clock.start);
  const double highest =
      std::max(1e-3, scenario::highest_load(scenario::year_demand(scenario), scenario::calendar_year(start)));
  std::string key;
  if (!arguments.points_file.empty()) {
    const report::BuildInfo build = report::build_info();
    key = points_key(scenario, highest, arguments.points, fmt::format("{} {}", build.version, build.git_revision));
    std::vector<scenario::OperatingPoint> kept = read_points(arguments.points_file, key);
    if (!kept.empty()) return {std::move(kept), "runs"};
  }
  catch_interrupts();
  PointRuns wanted{.scenario = source, .highest_load = highest, .points = arguments.points};
  wanted.jobs =
      arguments.jobs > 0 ? arguments.jobs : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  wanted.stop = [] { return interrupt_wanted(); };
  const bool terminal = !arguments.quiet && isatty(STDERR_FILENO) == 1;
  if (terminal) {
    wanted.progress = [](std::size_t done, std::size_t of) {
      fmt::print(stderr, "\r{} of {} operating points", done, of);
      std::fflush(stderr);
    };
  }
  std::vector<scenario::OperatingPoint> points = run_points(wanted);
  if (terminal) fmt::print(stderr, "\r\033[K");
  if (!points.empty() && !key.empty()) write_points(arguments.points_file, key, points);
  return {std::move(points), "runs"};
}

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

int year(const Arguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  scenario::FaultList unreadable;
  const std::optional<std::string> text = scenario::read_text(arguments.path, unreadable);
  if (!text) {
    fmt::print(stderr, "{}", unreadable.text(arguments.path));
    return kFaultyInput;
  }
  ScenarioText source{*text, arguments.path, std::filesystem::path(arguments.path).parent_path(), arguments.overrides};
  scenario::SiteModels site;
  scenario::ReadOutcome scenario = read(source, site);
  if (!scenario.faults.empty()) {
    fmt::print(stderr, "{}", scenario.faults.text(arguments.path));
    return kFaultyInput;
  }
  const std::filesystem::path folder = arguments.out.empty() ? scenario.spec.name : arguments.out;
  report::prepare_folder(folder);
  const Points points = operating_points(scenario, source, arguments);
  if (points.points.empty()) return kInterrupted;

  const metrics::YearResult result = scenario::run_year(scenario, std::move(site), points.points, points.from);
  const report::Provenance provenance = provenance_of(scenario);
  const scenario::Json document = report::year_json(result, scenario::write_struct(scenario.spec), provenance);
  metrics::RunCost cost;
  cost.events = static_cast<std::int64_t>(result.hours.size());
  cost.peak_memory_bytes = peak_memory_bytes();
  const std::string csv = report::year_csv(result);
  cost.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  report::write_year(folder, document, csv, cost);
  if (!arguments.quiet) {
    fmt::print("{}\n{}  {:<24}{}\n", scenario.spec.name, report::year_table(document), "Report",
               (folder / "year.json").string());
  }
  return kDone;
}

}  // namespace

void add_year_command(CLI::App& program, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "year",
      "A year of a scenario's facility by the hour: PUE, water, money and carbon under weather, tariff and load");
  command->add_option("SCENARIO", arguments->path, "Scenario file")->required();
  command
      ->add_option("--out", arguments->out,
                   "Folder for year.json, hours.csv and year_run.json (default: the scenario's name)")
      ->type_name("DIR");
  command
      ->add_option("--points", arguments->points,
                   "Loads at which the scenario is run where it states no operating points, besides one next to rest "
                   "(default 6)")
      ->check(CLI::Range(1, 100))
      ->type_name("N");
  command
      ->add_option("--points-file", arguments->points_file,
                   "Keeps the operating points that runs have found; read again while nothing that they depend on has "
                   "changed")
      ->type_name("FILE");
  command->add_option("--jobs", arguments->jobs, "Runs at the same time (default: one a core)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  add_override_option(*command, arguments->overrides);
  command->add_flag("--quiet", arguments->quiet, "No progress and no table");
  command->callback([arguments, &exit_code] { exit_code = year(*arguments); });
}

}  // namespace tokenworks::tools
