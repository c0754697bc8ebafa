#include "tools/commands/simulate.hpp"

#include <csignal>
#include <cstdio>

#include "sim/report/progress_bar.hpp"
#include "sim/report/report_files.hpp"
#include "sim/report/summary.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/run.hpp"
#include "tools/commands/command.hpp"

namespace tokenworks::tools {
namespace {

volatile std::sig_atomic_t signalled = 0;

extern "C" void on_signal(int signal) {
  signalled = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  if (signalled != 0) return;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool interrupt_wanted() { return signalled != 0; }

std::filesystem::path report_folder(const RunArguments& arguments, const scenario::ReadOutcome& scenario) {
  return arguments.out.empty() ? scenario.spec.name : arguments.out;
}

int simulate(scenario::ReadOutcome& scenario, const RunArguments& arguments, const std::filesystem::path& folder,
             const report::Provenance& provenance) {
  const auto resolved = scenario::write_struct(scenario.spec);
  report::ProgressBar progress(arguments.quiet ? 0.0 : scenario.spec.clock.duration.value);
  scenario::RunOptions options;
  options.exact_iterations = arguments.exact_iterations;
  options.always_sync = arguments.always_sync;
  options.simgrid_flows = arguments.simgrid_flows;
  RunFiles files(arguments.files, scenario.spec, options);
  options.watch = [&](double simulated_s) {
    if (!arguments.quiet) progress.update(simulated_s);
    return !interrupt_wanted();
  };
  options.before_running = [] { catch_interrupts(); };  // SimGrid has set handlers of its own by now
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

}  // namespace tokenworks::tools
