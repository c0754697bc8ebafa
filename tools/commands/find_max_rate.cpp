#include "tools/commands/find_max_rate.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sim/report/report_files.hpp"
#include "sim/scenario/field_writer.hpp"
#include "tools/commands/command.hpp"
#include "tools/max_rate/max_rate_report.hpp"
#include "tools/provenance.hpp"

namespace tokenworks::tools {
namespace {

/// One line on a terminal that says what is being tried and how long it may go on.
class SearchLine {
 public:
  explicit SearchLine(bool wanted) : active_(wanted && isatty(STDERR_FILENO) == 1) {}
  SearchLine(const SearchLine&) = delete;
  SearchLine& operator=(const SearchLine&) = delete;
  ~SearchLine() { clear(); }

  void begin(const std::vector<double>& factors, int batches_left) {
    if (!active_) return;
    const auto now = std::chrono::steady_clock::now();
    if (batches_ > 0) last_s_ = std::chrono::duration<double>(now - began_).count();
    began_ = now;
    ++batches_;
    std::string text =
        fmt::format("round {} of at least {}: {:.4g}", batches_, batches_ + batches_left, factors.front());
    if (factors.size() > 1) text += fmt::format(" to {:.4g}", factors.back());
    text += " times the rate";
    if (last_s_) text += fmt::format("  about {:.0f} s left", std::ceil(*last_s_ * (batches_left + 1)));
    fmt::print(stderr, "\r\033[K{}", text);
    std::fflush(stderr);
  }
  void clear() {
    if (active_ && batches_ > 0) fmt::print(stderr, "\r\033[K");
    std::fflush(stderr);
  }

 private:
  bool active_;
  int batches_ = 0;
  std::optional<double> last_s_;  // that the last batch took
  std::chrono::steady_clock::time_point began_;
};

}  // namespace

int find_max_rate(const RunArguments& run, const MaxRateArguments& arguments) {
  scenario::FaultList faults;
  std::optional<std::string> text = scenario::read_text(run.path, faults);
  ScenarioText source{text.value_or(""), run.path, std::filesystem::path(run.path).parent_path(), run.overrides};
  scenario::ReadOutcome scenario = source.read();
  if (text) faults = std::move(scenario.faults);
  if (text && faults.empty() && scenario.spec.workloads.empty()) {
    faults.add({.kind = scenario::FaultKind::missing_key,
                .pointer = "/workloads",
                .message = "there is no workload whose rate could be searched; allowed: at least one"});
  }
  if (!faults.empty()) {
    fmt::print(stderr, "{}", faults.text(run.path));
    return kFaultyInput;
  }
  const std::filesystem::path folder = report_folder(run, scenario);
  report::prepare_folder(folder);

  MaxRate rate;
  rate.scenario = scenario::write_struct(scenario.spec);
  rate.provenance = provenance_of(scenario);
  rate.attainment = arguments.attainment;
  rate.search.tolerance = arguments.tolerance;
  rate.search.jobs = arguments.jobs;

  catch_interrupts();
  ScaledRuns runs({.scenario = source,
                   .attainment = arguments.attainment,
                   .jobs = arguments.jobs,
                   .exact_iterations = run.exact_iterations,
                   .always_sync = run.always_sync,
                   .simgrid_flows = run.simgrid_flows,
                   .stop = [] { return interrupt_wanted(); }});
  {
    SearchLine line(!run.quiet);
    rate.found = tools::find_max_rate([&](const auto& factors) { return runs.try_factors(factors); }, rate.search,
                                      [&](const auto& factors, int left) { line.begin(factors, left); });
  }
  const scenario::Json document = max_rate_json(rate, runs);
  report::write_file(folder / "max_rate.json", scenario::json_text(document));
  if (!run.quiet) fmt::print("{}Search: {}\n\n", max_rate_table(document), (folder / "max_rate.json").string());
  if (!runs.failure().empty()) {
    fmt::print(stderr, "tokenworks: {}\n", runs.failure());
    return kRunFailed;
  }
  if (rate.found.interrupted) return kInterrupted;
  if (!rate.found.passing) return kDone;
  scenario::ReadOutcome answer = source.at(document.at("answer").at("factor").get<double>());
  return simulate(answer, run, folder, rate.provenance);
}

}  // namespace tokenworks::tools
