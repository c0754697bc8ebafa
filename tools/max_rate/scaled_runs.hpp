// Runs of one scenario at multiples of the rate of all its workloads, each in a process of its own.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/report/sustained.hpp"
#include "sim/scenario/json_text.hpp"
#include "sim/scenario/read_scenario.hpp"
#include "sim/scenario/run.hpp"

namespace tokenworks::tools {

/// A scenario that can be read anew as often as it is wanted, whatever happens to its file meanwhile.
struct ScenarioText {
  std::string text, path;
  std::filesystem::path folder;
  scenario::Overrides overrides;

  scenario::ReadOutcome read() const { return scenario::read_scenario_text(text, path, folder, overrides); }
  /// With `factor` times the rate of every workload. Throws std::invalid_argument where that is more than the workload
  /// allows.
  scenario::ReadOutcome at(double factor) const;
};

/// What there is to say of a run at a factor: rates by workload, figures by service, and whether it counts as
/// sustained.
scenario::Json scaled_run_json(double factor, const metrics::RunResult& result, const report::Sustained& sustained,
                               scenario::ScenarioSpec& spec);

class ScaledRuns {
 public:
  struct Setup {
    ScenarioText scenario;
    double attainment = 0.99;
    int jobs = 1;
    bool exact_iterations = false, always_sync = false, simgrid_flows = false;
    std::function<bool()> stop;  ///< true: what runs is ended, and nothing else is begun
  };
  explicit ScaledRuns(Setup setup) : setup_(std::move(setup)) {}

  /// Runs the scenario at these factors and says which are sustained; fewer answers than factors when it was stopped or
  /// a run failed. What has been run already, as the number of users of closed loops is whole, is not run again.
  std::vector<bool> try_factors(const std::vector<double>& factors);

  /// In the order of running.
  const std::vector<scenario::Json>& runs() const { return runs_; }
  /// Of a factor that has been tried. Its own "factor" is another one where both come to the same.
  const scenario::Json& run_at(double factor) const { return runs_[by_factor_.at(factor)]; }
  /// Why a run failed; empty when none did.
  const std::string& failure() const { return failure_; }

 private:
  Setup setup_;
  std::vector<scenario::Json> runs_;
  std::map<std::string, std::size_t> by_arrivals_;  // what the workloads have become, and its run
  std::map<double, std::size_t> by_factor_;
  std::string failure_;
};

}  // namespace tokenworks::tools
