#include "tools/max_rate/scaled_runs.hpp"

#include <algorithm>
#include <exception>
#include <numeric>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sim/report/json_values.hpp"
#include "sim/report/report.hpp"
#include "sim/scenario/field_writer.hpp"
#include "tools/forked_runs.hpp"

namespace tokenworks::tools {
namespace {

using metrics::ServiceResult;
using report::number;
using scenario::Json;
using scenario::ScenarioSpec;
using scenario::WorkloadSpec;

/// Rows of the series in the window, from which the growth of a backlog is read.
constexpr double kRows = 60;

Json arrivals_json(WorkloadSpec& workload) { return scenario::write_struct(workload).at("arrivals"); }

/// The part of the window in which requests of a workload came: a trace may end before it.
double arriving_s(const WorkloadSpec& workload, const ServiceResult& service, double warm_up_s, double last_s) {
  const std::optional<workload::TraceFile> trace = workload.arrivals->trace();
  if (!trace || trace->loop) return service.window_s;
  return std::min(service.window_s, last_s - warm_up_s);
}

Json workloads_json(const metrics::RunResult& result, ScenarioSpec& spec) {
  std::vector<WorkloadSpec*> sorted;
  for (WorkloadSpec& workload : spec.workloads) sorted.push_back(&workload);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  std::map<std::string, std::size_t> seen;  // workloads of a service
  Json list = Json::array();
  for (WorkloadSpec* workload : sorted) {
    const auto service = std::find_if(result.services.begin(), result.services.end(),
                                      [&](const ServiceResult& s) { return s.name == workload->service; });
    const std::size_t index = seen[workload->service]++;
    const auto arrivals = index < service->arrivals.size() ? service->arrivals[index] : metrics::WorkloadArrivals{};
    const double span = arriving_s(*workload, *service, spec.clock.warm_up.value, arrivals.last_s);
    list.push_back({{"name", workload->name},
                    {"service", workload->service},
                    {"requests_per_s", span > 0 ? static_cast<double>(arrivals.in_window) / span : 0.0},
                    {"arriving_s", std::max(0.0, span)},
                    {"arrivals", arrivals_json(*workload)}});
  }
  return list;
}

Json services_json(const metrics::RunResult& result) {
  Json list = Json::array();
  for (const ServiceResult& service : result.services) {
    const auto p99 = [](const auto& latency) { return latency ? std::optional<double>(latency->p99) : std::nullopt; };
    const auto rate = [&](std::int64_t count) {
      return service.window_s > 0 ? static_cast<double>(count) / service.window_s : 0.0;
    };
    list.push_back({{"name", service.name},
                    {"requests", report::window_arrivals(service)},
                    {"attainment", number(report::attainment(service))},
                    {"ttft_p99_s", number(p99(service.ttft_s))},
                    {"tpot_p99_s", number(p99(service.tpot_s))},
                    {"requests_per_s", rate(service.window_completed)},
                    {"output_tokens_per_s", rate(service.window_output_tokens)},
                    {"mean_requests_in_system", service.mean_requests_in_system}});
  }
  return list;
}

Json shortfalls_json(const std::vector<report::Shortfall>& shortfalls) {
  Json list = Json::array();
  for (const report::Shortfall& shortfall : shortfalls) {
    list.push_back({{"service", shortfall.service.empty() ? Json(nullptr) : Json(shortfall.service)},
                    {"what", shortfall.what},
                    {"share", shortfall.share},
                    {"wanted_share", shortfall.wanted_share},
                    {"promised_s", number(shortfall.promised_s)},
                    {"p99_s", number(shortfall.p99_s)},
                    {"words", report::shortfall_words(shortfall)}});
  }
  return list;
}

double sum_of(const Json& list, const char* key) {
  return std::accumulate(list.begin(), list.end(), 0.0,
                         [&](double sum, const Json& one) { return sum + one.at(key).get<double>(); });
}

/// One run in this process, which is none that has run anything.
Json run_once(double factor, scenario::ReadOutcome& scenario, const ScaledRuns::Setup& setup) {
  const scenario::ClockSpec& clock = scenario.spec.clock;
  const double row_s = std::max(0.1, (clock.duration.value - clock.warm_up.value) / kRows);
  scenario.spec.report.interval.value = std::min(scenario.spec.report.interval.value, row_s);
  scenario::RunOptions options;
  options.exact_iterations = setup.exact_iterations;
  options.always_sync = setup.always_sync;
  options.simgrid_flows = setup.simgrid_flows;
  const metrics::RunResult result = scenario::run(scenario, options).result;
  const report::SustainedCriterion criterion{setup.attainment, clock.warm_up.value, clock.duration.value};
  return scaled_run_json(factor, result, report::judge_sustained(result, criterion), scenario.spec);
}

}  // namespace

scenario::ReadOutcome ScenarioText::at(double factor) const {
  scenario::ReadOutcome scenario = read();
  for (WorkloadSpec& workload : scenario.spec.workloads) {
    try {
      workload.arrivals->scale_rate(factor);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("workload {} at {:.4g} times its rate: {}", workload.name, factor, error.what()));
    }
  }
  return scenario;
}

Json scaled_run_json(double factor, const metrics::RunResult& result, const report::Sustained& sustained,
                     ScenarioSpec& spec) {
  Json workloads = workloads_json(result, spec);
  Json services = services_json(result);
  const double requests = sum_of(workloads, "requests_per_s"), tokens = sum_of(services, "output_tokens_per_s"),
               in_system = sum_of(services, "mean_requests_in_system");
  return {{"factor", factor},
          {"requests_per_s", requests},
          {"output_tokens_per_s", tokens},
          {"mean_requests_in_system", in_system},
          {"kept", sustained.kept},
          {"stable", sustained.stable},
          {"shortfalls", shortfalls_json(sustained.shortfalls)},
          {"workloads", std::move(workloads)},
          {"services", std::move(services)}};
}

std::vector<bool> ScaledRuns::try_factors(const std::vector<double>& factors) {
  struct Wanted {
    double factor;
    std::string arrivals;
    scenario::ReadOutcome scenario;
  };
  std::vector<Wanted> wanted;
  std::map<double, std::string> arrivals_at;
  for (const double factor : factors) {
    scenario::ReadOutcome scenario = setup_.scenario.at(factor);
    Json arrivals = Json::array();
    for (WorkloadSpec& workload : scenario.spec.workloads) arrivals.push_back(arrivals_json(workload));
    const std::string text = arrivals.dump();
    arrivals_at[factor] = text;
    const bool is_new = !by_arrivals_.contains(text) &&
                        std::none_of(wanted.begin(), wanted.end(), [&](const Wanted& w) { return w.arrivals == text; });
    if (is_new) wanted.push_back({factor, text, std::move(scenario)});
  }

  const auto work = [&](std::size_t index) -> std::string {
    try {
      return run_once(wanted[index].factor, wanted[index].scenario, setup_).dump();
    } catch (const std::exception& error) {
      return Json{{"failed", error.what()}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
  };
  const auto answers =
      run_forked(wanted.size(), work,
                 {.jobs = setup_.jobs, .time_limit_s = 0, .progress = {}, .stop = setup_.stop, .abandons = true});
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].status == ForkedAnswer::Status::not_run) continue;
    std::string reason = answers[i].text;
    if (answers[i].status == ForkedAnswer::Status::answered) {
      Json run = Json::parse(answers[i].text, nullptr, false);
      if (run.is_object() && run.contains("factor")) {
        by_arrivals_[wanted[i].arrivals] = runs_.size();
        runs_.push_back(std::move(run));
        continue;
      }
      reason = run.is_object() && run.contains("failed") ? run.at("failed").get<std::string>() : "no answer";
    }
    if (failure_.empty()) failure_ = fmt::format("the run at {:.4g} times the rate: {}", wanted[i].factor, reason);
  }

  std::vector<bool> passed;
  for (const double factor : factors) {
    const auto run = by_arrivals_.find(arrivals_at[factor]);
    if (run == by_arrivals_.end()) break;
    by_factor_[factor] = run->second;
    passed.push_back(runs_[run->second].at("kept").get<bool>() && runs_[run->second].at("stable").get<bool>());
  }
  return passed;
}

}  // namespace tokenworks::tools
