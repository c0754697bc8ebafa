// From a scenario that has been read to what it has to report.
#pragma once

#include <functional>

#include "sim/jobs/request.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/scenario/read_scenario.hpp"

namespace tokenworks::scenario {

struct RunOptions {
  bool exact_iterations = false;  ///< every decode step by itself (same report, slower)
  bool always_sync = false;       ///< SimGrid's clock at every event (same report, slower)
  bool simgrid_flows = false;     ///< SimGrid's own flows (same report but for the last digits, slower)
  /// Asked every few thousand events with the simulated time reached; false interrupts the run.
  std::function<bool(double simulated_s)> watch;
  /// Told of single steps, states of replicas and incidents; null: nobody watches.
  metrics::RunWatch* run_watch = nullptr;
  /// Told of every request that has ended, in the order of their ends; after the run of those that have not, in the
  /// order of their arrivals.
  std::function<void(const std::string& service, const jobs::EndedRequest&)> on_ended;
  /// Called once the engine stands and before the first event.
  std::function<void()> before_running;
};

struct RunOutput {
  metrics::RunResult result;
  metrics::RunCost cost;
};

/// Builds the factory and runs it. `scenario` has no faults. Throws jobs::InputError for a trace that turns out to be
/// at fault, engine::StuckError for a run that cannot go on. One run a process.
RunOutput run(ReadOutcome& scenario, const RunOptions& options);

}  // namespace tokenworks::scenario
