#include "tools/validation/run_cases.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "sim/scenario/read_scenario.hpp"
#include "sim/scenario/run.hpp"
#include "sim/scenario/site_models.hpp"
#include "sim/scenario/year_run.hpp"

namespace tokenworks::validation {
namespace {

using scenario::Fault;
using scenario::FaultKind;
using scenario::Json;

/// A catalog entry that cannot be read, or an override that does not fit: no property of the case.
bool is_our_fault(const Fault& fault) { return !fault.file.empty() || fault.kind == FaultKind::bad_override; }

/// The reason in words that many cases share, so that they are counted together.
std::string reason_of(const scenario::FaultList& faults, const Json& scenario) {
  const Fault& fault = faults.kept().front();
  if (scenario.at("services").empty()) return fmt::format("{}: {}", fault.pointer, fault.message);
  const Json& service = scenario.at("services").at(0);
  if (fault.kind == FaultKind::unknown_name && fault.pointer == "/services/0/model") {
    return fmt::format("the catalog has no model {}", service.at("model").get<std::string>());
  }
  if (fault.kind == FaultKind::unknown_name) {
    return fmt::format("the catalog has no rack {}",
                       scenario.at("factory").at("racks").at(0).at("kind").get<std::string>());
  }
  if (fault.kind == FaultKind::unsupported_precision || fault.pointer == "/services/0/precision") {
    return fmt::format("{} is not modelled in {}", service.at("model").get<std::string>(),
                       service.at("precision").get<std::string>());
  }
  if (fault.kind == FaultKind::does_not_fit) return "does not fit into the GPUs' memory";
  if (fault.kind == FaultKind::bad_parallelism) return "parallelism that the model cannot be split by";
  return fmt::format("{}{}: {}", fault.file.empty() ? "" : fault.file + ": ", fault.pointer, fault.message);
}

/// Requests that the simulated service did not answer spoil every mean.
std::optional<std::string> reason_of(const metrics::ServiceResult& service) {
  if (service.requests.rejected > 0) {
    return fmt::format("the simulated service rejects requests ({})", service.rejections.begin()->first);
  }
  if (service.requests.failed > 0) return "requests failed in the simulated service";
  if (service.requests.completed == 0) return "no request was completed in the simulated service";
  return std::nullopt;
}

/// The requests of a replay as a trace in the system's folder for temporary files, for as long as this lives.
class TemporaryTrace {
 public:
  explicit TemporaryTrace(const std::vector<ReplayedRequest>& requests) {
    path_ = (std::filesystem::temp_directory_path() / "tokenworks_replay_XXXXXX").string();
    const int file = mkstemp(path_.data());
    if (file < 0) throw std::runtime_error(fmt::format("{}: {}", path_, strerror(errno)));
    close(file);
    std::ofstream out(path_);
    out << "arrival_s,input_tokens,output_tokens\n";
    for (const ReplayedRequest& request : requests) {
      out << fmt::format("{:.9f},{},{}\n", request.arrival_s, request.input_tokens, request.output_tokens);
    }
  }
  TemporaryTrace(const TemporaryTrace&) = delete;
  TemporaryTrace& operator=(const TemporaryTrace&) = delete;
  ~TemporaryTrace() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

void sort_by_arrival(std::vector<jobs::EndedRequest>& requests) {
  std::sort(requests.begin(), requests.end(), [](const auto& a, const auto& b) { return a.arrival < b.arrival; });
}

Json figures_of(const MeasuredCase& measured, const CaseRun& run) {
  Json predicted = Json::array();
  for (const Comparison& comparison : measured.comparisons) {
    const double value = comparison.predicted(run);
    if (!std::isfinite(value) || value < 0 || (value == 0 && !comparison.difference)) {
      return {{"failed", fmt::format("{} came out as {}", comparison.metric, value)}};
    }
    predicted.push_back(value);
  }
  return {{"predicted", predicted}};
}

Json refusal(const scenario::FaultList& faults, const Json& scenario) {
  return {{is_our_fault(faults.kept().front()) ? "failed" : "left_out", reason_of(faults, scenario)}};
}

/// Years of all places, one behind the other.
Json answer_of_years(const MeasuredCase& measured, const scenario::Overrides& overrides) {
  std::vector<Json> places = {measured.scenario};
  places.insert(places.end(), measured.other_places.begin(), measured.other_places.end());
  CaseRun run;
  for (const Json& place : places) {
    scenario::ReadOutcome scenario = scenario::read_scenario_text(place.dump(), measured.name, {}, overrides);
    if (!scenario.faults.empty()) return refusal(scenario.faults, place);
    ValidityNotes notes;
    scenario::SiteModels site = scenario::load_site(scenario, notes);
    metrics::YearResult year =
        scenario::run_year(scenario, std::move(site), scenario.spec.year.value().operating_points, "scenario");
    if (run.year.hours.empty()) {
      run.year = std::move(year);
    } else {
      run.year.hours.insert(run.year.hours.end(), year.hours.begin(), year.hours.end());
    }
  }
  return figures_of(measured, run);
}

Json answer(const MeasuredCase& measured, const scenario::Overrides& overrides) {
  if (measured.scenario.is_null()) return figures_of(measured, {});
  if (measured.year) return answer_of_years(measured, overrides);
  Json json = measured.scenario;
  std::optional<TemporaryTrace> trace;
  if (!measured.replay.empty()) {
    trace.emplace(measured.replay);
    json["workloads"][0]["arrivals"] = {{"kind", "trace"}, {"format", "tokenworks_csv"}, {"path", trace->path()}};
  }
  scenario::ReadOutcome scenario = scenario::read_scenario_text(json.dump(), measured.name, {}, overrides);
  if (!scenario.faults.empty()) return refusal(scenario.faults, measured.scenario);
  CaseRun run;
  scenario::RunOptions options;
  if (trace) {
    options.on_ended = [&](const std::string&, const jobs::EndedRequest& request) {
      if (request.ending == jobs::Ending::completed) run.requests.push_back(request);
    };
  }
  run.result = scenario::run(scenario, options).result;
  sort_by_arrival(run.requests);
  if (const auto reason = reason_of(run.service()); reason && !measured.idle) return {{"left_out", *reason}};
  return figures_of(measured, run);
}

using tools::ForkedAnswer;

CaseOutcome outcome_of(const ForkedAnswer& answer) {
  using Status = CaseOutcome::Status;
  if (answer.status == ForkedAnswer::Status::not_run) return {};
  if (answer.status == ForkedAnswer::Status::died) return {Status::failed, {}, "the run died: " + answer.text};
  const Json json = Json::parse(answer.text, nullptr, false);
  if (json.is_discarded()) return {Status::failed, {}, "the run gave no answer"};
  if (json.contains("predicted")) return {Status::predicted, json.at("predicted").get<std::vector<double>>(), {}};
  if (json.contains("left_out")) return {Status::left_out, {}, json.at("left_out").get<std::string>()};
  return {Status::failed, {}, json.at("failed").get<std::string>()};
}

}  // namespace

std::vector<CaseOutcome> run_cases(const std::vector<const MeasuredCase*>& cases, const tools::ForkedRuns& how,
                                   const scenario::Overrides& overrides) {
  const auto work = [&](std::size_t index) -> std::string {
    try {
      return answer(*cases[index], overrides).dump();
    } catch (const std::exception& error) {
      return Json{{"failed", error.what()}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
  };
  std::vector<CaseOutcome> outcomes;
  for (const ForkedAnswer& answer : tools::run_forked(cases.size(), work, how)) outcomes.push_back(outcome_of(answer));
  return outcomes;
}

}  // namespace tokenworks::validation
