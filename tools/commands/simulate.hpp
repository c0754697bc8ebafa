// A run in this process, as `run` makes it: simulate, write the folder, print the summary.
#pragma once

#include <filesystem>
#include <string>

#include "sim/report/report.hpp"
#include "sim/scenario/read_scenario.hpp"
#include "tools/commands/run_files.hpp"

namespace tokenworks::tools {

struct RunArguments {
  std::string path;
  std::string out;
  scenario::Overrides overrides;
  RunFilesArguments files;
  bool exact_iterations = false;
  bool always_sync = false;
  bool simgrid_flows = false;
  bool quiet = false;
};

/// From now on the first Ctrl-C (or SIGTERM) is remembered; the second ends the program.
void catch_interrupts();
bool interrupt_wanted();

/// Where the reports of a scenario go.
std::filesystem::path report_folder(const RunArguments& arguments, const scenario::ReadOutcome& scenario);

/// Runs a scenario without faults, writes its report into `folder` and returns the exit code: kDone, or kInterrupted
/// when it was cut short. One run a process.
int simulate(scenario::ReadOutcome& scenario, const RunArguments& arguments, const std::filesystem::path& folder,
             const report::Provenance& provenance);

}  // namespace tokenworks::tools
