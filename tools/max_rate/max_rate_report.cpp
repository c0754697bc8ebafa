#include "tools/max_rate/max_rate_report.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/report/summary.hpp"

namespace tokenworks::tools {
namespace {

using scenario::Json;

/// A trace that leaves a larger share of the window without requests is told.
constexpr double kNoticedSilence = 0.05;

std::string joined(const std::vector<double>& factors) {
  std::string text;
  for (const double factor : factors) text += fmt::format("{}{:.4g}", text.empty() ? "" : ", ", factor);
  return text;
}

bool is_whole_numbered(const Json& workload) { return workload.at("arrivals").at("kind") == "closed_loop"; }

/// Peculiarities of the run that answers, or that is the last hope.
void note_run(const MaxRate& rate, const Json& run, Json& notes) {
  const double duration_s = rate.scenario.at("clock").at("duration_s").get<double>();
  const double window_s = duration_s - rate.scenario.at("clock").at("warm_up_s").get<double>();
  for (const Json& workload : run.at("workloads")) {
    const auto name = workload.at("name").get<std::string>();
    if (is_whole_numbered(workload)) {
      notes.push_back(fmt::format("{} is a closed loop: its number of users is scaled, in whole numbers", name));
      continue;
    }
    const auto arriving_s = workload.at("arriving_s").get<double>();
    if (arriving_s < (1 - kNoticedSilence) * window_s) {
      notes.push_back(fmt::format("{}: its trace ends {:.0f} s before the clock's end (\"loop\" would start it again)",
                                  name, window_s - arriving_s));
    }
  }
  const double few = rate.attainment < 1 ? 1 / (1 - rate.attainment) : 100;
  for (const Json& service : run.at("services")) {
    const auto requests = service.at("requests").get<std::int64_t>();
    if (static_cast<double>(requests) >= few) continue;
    notes.push_back(fmt::format("{}: only {} requests decide, which is few for a share of {:.4g} %; let it run longer",
                                service.at("name").get<std::string>(), requests, rate.attainment * 100));
  }
}

/// The run that speaks for what failed. Where nothing passed, rates so low that no request came say nothing.
const Json* failing_run(const SearchResult& found, const ScaledRuns& runs) {
  if (!found.failing) return nullptr;
  const Json* failing = &runs.run_at(*found.failing);
  if (found.passing) return failing;
  const Json* lowest = nullptr;
  for (const Json& run : runs.runs()) {
    if (run.at("requests_per_s") > 0.0 && (lowest == nullptr || run.at("factor") < lowest->at("factor"))) lowest = &run;
  }
  return lowest != nullptr ? lowest : failing;
}

Json notes_json(const MaxRate& rate, const ScaledRuns& runs) {
  Json notes = Json::array();
  const SearchResult& found = rate.found;
  const bool ended = !found.interrupted;
  if (ended && !found.failing) {
    notes.push_back(
        fmt::format("promises are kept at {:.4g} times the rate too, the highest that is tried", rate.search.highest));
  }
  if (ended && !found.passing) {
    notes.push_back(
        fmt::format("promises are broken even at {:.4g} of the rate, the lowest that is tried", rate.search.lowest));
  }
  if (!found.passed_beyond.empty()) {
    notes.push_back(
        fmt::format("not every higher rate fails: {} times the rate passed; the answer lies below the lowest "
                    "rate that failed",
                    joined(found.passed_beyond)));
  }
  const Json* told = found.passing ? &runs.run_at(*found.passing) : failing_run(found, runs);
  if (told != nullptr) note_run(rate, *told, notes);
  return notes;
}

Json answer_json(const SearchResult& found, const ScaledRuns& runs) {
  if (!found.passing) return nullptr;
  const Json& run = runs.run_at(*found.passing);
  Json within = nullptr;
  if (found.failing) {
    within = runs.run_at(*found.failing).at("factor").get<double>() / run.at("factor").get<double>() - 1;
  }
  return {{"factor", run.at("factor")},
          {"requests_per_s", run.at("requests_per_s")},
          {"workloads", run.at("workloads")},
          {"fails_from", std::move(within)}};
}

Json failing_json(const SearchResult& found, const ScaledRuns& runs) {
  const Json* run = failing_run(found, runs);
  if (run == nullptr) return nullptr;
  return {{"factor", run->at("factor")},
          {"requests_per_s", run->at("requests_per_s")},
          {"shortfalls", run->at("shortfalls")}};
}

// ---- Table --------------------------------------------------------------------------------------------------------

std::string seconds(const Json& value) { return value.is_null() ? "-" : report::scaled(value.get<double>(), "s"); }

/// The worst of all services: the largest, or for `smallest` the smallest.
Json worst(const Json& run, const char* key, bool smallest = false) {
  Json found = nullptr;
  for (const Json& service : run.at("services")) {
    const Json& value = service.at(key);
    if (value.is_null()) continue;
    if (found.is_null() || (smallest ? value < found : value > found)) found = value;
  }
  return found;
}

std::string share(const Json& value) {
  if (value.is_null()) return "-";
  // Cut, not rounded: 98.996 % must not read as the 99 % that are wanted.
  return fmt::format("{:.2f} %", std::floor(value.get<double>() * 1e4 * (1 + 1e-12)) / 1e2);
}

bool passes(const Json& run) { return run.at("kept").get<bool>() && run.at("stable").get<bool>(); }

std::string row(const Json& run) {
  return fmt::format("{:>9.4g} {:>11.4g} {:>10} {:>10.4g} {:>9} {:>9} {:>8}  {}\n", run.at("factor").get<double>(),
                     run.at("requests_per_s").get<double>(),
                     report::grouped(std::llround(run.at("output_tokens_per_s").get<double>())),
                     run.at("mean_requests_in_system").get<double>(), seconds(worst(run, "ttft_p99_s")),
                     seconds(worst(run, "tpot_p99_s")), share(worst(run, "attainment", true)),
                     passes(run) ? "yes" : "no");
}

std::string rate_words(const Json& found) {
  return fmt::format("{:.4g} times the rate, {:.4g} requests/s", found.at("factor").get<double>(),
                     found.at("requests_per_s").get<double>());
}

/// The scaled number of a workload: what to write into the scenario.
std::string setting_words(const Json& workload) {
  const Json& arrivals = workload.at("arrivals");
  for (const char* key : {"rate_per_s", "mean_rate_per_s", "concurrency", "rate_scale"}) {
    if (!arrivals.contains(key)) continue;
    return fmt::format(", {} {:.6g}", key, arrivals.at(key).get<double>());
  }
  return {};
}

}  // namespace

Json max_rate_json(const MaxRate& rate, const ScaledRuns& runs) {
  const char* status = !runs.failure().empty() ? "failed" : rate.found.interrupted ? "interrupted" : "completed";
  return {{"format", kMaxRateFormat},
          {"scenario", rate.scenario},
          {"provenance", report::provenance_json(rate.provenance)},
          {"outcome", {{"status", status}, {"reason", runs.failure().empty() ? Json(nullptr) : Json(runs.failure())}}},
          {"criterion", {{"attainment", rate.attainment}}},
          {"search",
           {{"tolerance", rate.search.tolerance},
            {"jobs", rate.search.jobs},
            {"lowest_factor", rate.search.lowest},
            {"highest_factor", rate.search.highest}}},
          {"answer", answer_json(rate.found, runs)},
          {"first_failing", failing_json(rate.found, runs)},
          {"notes", notes_json(rate, runs)},
          {"runs", runs.runs()}};
}

std::string max_rate_table(const Json& document) {
  std::vector<const Json*> runs;
  for (const Json& run : document.at("runs")) runs.push_back(&run);
  std::sort(runs.begin(), runs.end(), [](const Json* a, const Json* b) { return a->at("factor") < b->at("factor"); });
  std::string text = fmt::format("{:>9} {:>11} {:>10} {:>10} {:>9} {:>9} {:>8}  {}\n", "factor", "requests/s",
                                 "tokens/s", "in system", "TTFT p99", "TPOT p99", "kept", "sustained");
  for (const Json* run : runs) text += row(*run);
  text += "\n";
  const Json& answer = document.at("answer");
  const bool completed = document.at("outcome").at("status") == "completed";
  if (!answer.is_null()) {
    text += fmt::format("{}: {}\n", completed ? "Highest sustained rate" : "Sustained, before the search was cut short",
                        rate_words(answer));
    for (const Json& workload : answer.at("workloads")) {
      text += fmt::format("  {}: {:.4g} requests/s{}\n", workload.at("name").get<std::string>(),
                          workload.at("requests_per_s").get<double>(), setting_words(workload));
    }
  } else {
    text += completed ? "No rate keeps the promises\n" : "No rate was found before the search was cut short\n";
  }
  if (const Json& failing = document.at("first_failing"); !failing.is_null()) {
    text += fmt::format("At {}:\n", rate_words(failing));
    for (const Json& shortfall : failing.at("shortfalls")) {
      text += "  " + shortfall.at("words").get<std::string>() + "\n";
    }
  }
  for (const Json& note : document.at("notes")) text += "Note: " + note.get<std::string>() + "\n";
  return text;
}

}  // namespace tokenworks::tools
