// Logs of real vLLM runs, request by request: arrivals and lengths are replayed, and TTFT, time a token and latency of
// each request are compared with its own. Dates are the engine's, from queueing on, so no request path is simulated.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tools/validation/cases/case_files.hpp"
#include "tools/validation/names.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

using scenario::FaultKind;
using scenario::Json;

struct LoggedRequest {
  std::string id;
  double arrival_s = 0, queued_s = 0, scheduled_s = 0, first_token_s = 0, last_token_s = 0;
  std::int64_t input_tokens = 0, output_tokens = 0;
};

struct Log {
  std::string model, device, version;
  std::int64_t tensor = 1, data = 1, most_sequences = 1, most_tokens = 1;
  bool spread_experts = false;
  std::vector<LoggedRequest> requests;
};

std::size_t line_of(std::string_view text, std::size_t position) {
  return 1 +
         static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

void add_fault(scenario::FaultList& faults, const std::string& file, std::size_t line, std::string message) {
  scenario::Fault fault;
  fault.kind = FaultKind::wrong_type;
  fault.message = std::move(message);
  fault.file = file;
  fault.line = line;
  fault.column = 1;
  faults.add(std::move(fault));
}

/// The member, converted; a fault when it is not there or of another type.
template <class T>
T member(const Json& object, const char* key, scenario::FaultList& faults, const std::string& file, std::size_t line) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  try {
    if (object.is_object() && found != object.end()) return found->template get<T>();
  } catch (const Json::exception&) {
  }
  add_fault(faults, file, line,
            fmt::format("{}: found nothing of the right type; allowed: {}", key,
                        std::is_same_v<T, std::string> ? "a text" : "a number"));
  return {};
}

void read_requests(const std::string& path, Log& log, scenario::FaultList& faults) {
  const auto text = scenario::read_text(path, faults, path);
  if (!text) return;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const std::string_view line_text = std::string_view(*text).substr(at, end - at);
    const std::size_t line = line_of(*text, at);
    at = end + 1;
    if (line_text.empty()) continue;
    scenario::FaultList syntax;
    const std::optional<Json> json = scenario::parse_json(line_text, syntax);
    if (!json) {
      add_fault(faults, path, line, syntax.kept().front().message);
      continue;
    }
    const auto number = [&](const char* key) { return member<double>(*json, key, faults, path, line); };
    LoggedRequest request;
    request.id = member<std::string>(*json, "request_id", faults, path, line);
    request.arrival_s = number("arrival_time");
    request.queued_s = number("queued_ts");
    request.scheduled_s = number("scheduled_ts");
    request.first_token_s = number("first_token_ts");
    request.last_token_s = number("last_token_ts");
    request.input_tokens = std::llround(number("input_toks"));
    request.output_tokens = std::llround(number("output_toks"));
    if (!(request.queued_s < request.first_token_s && request.first_token_s <= request.last_token_s)) {
      add_fault(faults, path, line, "queued_ts, first_token_ts, last_token_ts: allowed: dates in this order");
    }
    log.requests.push_back(std::move(request));
  }
  if (log.requests.empty()) add_fault(faults, path, 1, "found no request; allowed: at least one line");
}

void read_meta(const std::string& path, Log& log, scenario::FaultList& faults) {
  const auto text = scenario::read_text(path, faults, path);
  const std::optional<Json> json = text ? scenario::parse_json(*text, faults, path) : std::nullopt;
  if (!json) return;
  const Json arguments = json->is_object() ? json->value("engine_kwargs", Json::object()) : Json::object();
  log.model = member<std::string>(*json, "model", faults, path, 1);
  log.version = member<std::string>(*json, "vllm_version", faults, path, 1);
  log.tensor = member<std::int64_t>(arguments, "tensor_parallel_size", faults, path, 1);
  log.data = member<std::int64_t>(arguments, "data_parallel_size", faults, path, 1);
  log.spread_experts = member<bool>(arguments, "enable_expert_parallel", faults, path, 1);
  log.most_sequences = member<std::int64_t>(arguments, "max_num_seqs", faults, path, 1);
  log.most_tokens = member<std::int64_t>(arguments, "max_num_batched_tokens", faults, path, 1);
}

double seconds(Picoseconds duration) { return to_seconds(duration); }

void compare(MeasuredCase& result, const LoggedRequest& request, std::size_t index) {
  const auto predicted = [index](double (*figure)(const jobs::EndedRequest&)) {
    return [index, figure](const CaseRun& run) {
      return index < run.requests.size() ? figure(run.requests[index]) : std::nan("");
    };
  };
  result.comparisons.push_back({"ttft_s", request.first_token_s - request.queued_s,
                                predicted([](const auto& r) { return seconds(r.first_token - r.arrival); }),
                                request.id});
  result.comparisons.push_back({"request_s", request.last_token_s - request.queued_s,
                                predicted([](const auto& r) { return seconds(r.end - r.arrival); }), request.id});
  if (request.output_tokens < 2) return;
  result.comparisons.push_back(
      {"tpot_s", (request.last_token_s - request.first_token_s) / static_cast<double>(request.output_tokens - 1),
       predicted([](const auto& r) { return seconds(r.end - r.first_token) / (r.output_tokens - 1); }), request.id});
}

using Figure = double (*)(const jobs::EndedRequest&);

double median_of(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? std::nan("") : sum / static_cast<double>(values.size());
}

/// Mean and median over all requests of the log.
void compare_all(MeasuredCase& result, const std::string& metric, const std::vector<double>& measured, Figure figure) {
  const auto of_all = [figure](double (*summary)(const CaseRun&, Figure)) {
    return [figure, summary](const CaseRun& run) { return summary(run, figure); };
  };
  const auto values = [](const CaseRun& run, Figure value_of) {
    std::vector<double> list;
    for (const jobs::EndedRequest& request : run.requests) {
      const double value = value_of(request);
      if (std::isfinite(value)) list.push_back(value);
    }
    return list;
  };
  static const auto listed = values;
  result.comparisons.push_back({"mean_" + metric, mean_of(measured), of_all([](const CaseRun& run, Figure value_of) {
                                  return mean_of(listed(run, value_of));
                                })});
  result.comparisons.push_back(
      {"median_" + metric, median_of(measured),
       of_all([](const CaseRun& run, Figure value_of) { return median_of(listed(run, value_of)); })});
}

void compare_all(MeasuredCase& result, const std::vector<LoggedRequest>& requests) {
  std::vector<double> ttft, tpot, latency;
  for (const LoggedRequest& request : requests) {
    ttft.push_back(request.first_token_s - request.queued_s);
    latency.push_back(request.last_token_s - request.queued_s);
    if (request.output_tokens > 1) {
      tpot.push_back((request.last_token_s - request.first_token_s) / static_cast<double>(request.output_tokens - 1));
    }
  }
  compare_all(result, "ttft_s", ttft, [](const auto& r) { return seconds(r.first_token - r.arrival); });
  compare_all(result, "request_s", latency, [](const auto& r) { return seconds(r.end - r.arrival); });
  compare_all(result, "tpot_s", tpot, [](const auto& r) {
    return r.output_tokens > 1 ? seconds(r.end - r.first_token) / (r.output_tokens - 1) : std::nan("");
  });
}

/// Whether half of the requests had to wait for the engine: with more coming than it can serve, errors add up in its
/// queue.
bool is_overloaded(const std::vector<LoggedRequest>& requests) {
  constexpr double kNotableWait = 0.1;  // s
  std::vector<double> waits;
  for (const LoggedRequest& request : requests) waits.push_back(request.scheduled_s - request.queued_s);
  return median_of(waits) > kNotableWait;
}

MeasuredCase measured_case(const std::string& name, Log log, const Host& host, const std::string& model) {
  MeasuredCase result;
  result.name = name;
  result.group =
      fmt::format("{} {} vllm requests bf16{}", host.gpu, model, is_overloaded(log.requests) ? ", overloaded" : "");
  result.engine_version = log.version;
  ReplicaScenario replica;
  replica.host = host;
  replica.model = model;
  replica.precision = "bf16";
  replica.parallelism = {
      .tensor = log.tensor, .expert = log.spread_experts ? log.tensor * log.data : 1, .attention_data = log.data};
  replica.engine = engine_json("vllm", log.version);
  replica.engine["max_sequences"] = log.most_sequences;
  replica.engine["max_batch_tokens"] = log.most_tokens;
  replica.engine["request_overhead_s"] = 0.0;
  each_attention_copy(replica.engine, log.data);
  result.scenario = scenario_json(replica);
  std::stable_sort(log.requests.begin(), log.requests.end(),
                   [](const LoggedRequest& a, const LoggedRequest& b) { return a.arrival_s < b.arrival_s; });
  for (std::size_t i = 0; i < log.requests.size(); ++i) {
    const LoggedRequest& request = log.requests[i];
    result.replay.push_back(
        {request.arrival_s - log.requests.front().arrival_s, request.input_tokens, request.output_tokens});
    compare(result, request, i);
  }
  compare_all(result, log.requests);
  return result;
}

}  // namespace

CaseSet read_vllm_request_logs(const std::filesystem::path& path, scenario::FaultList& faults) {
  constexpr std::string_view kEnd = "__requests.jsonl";
  CaseSet set;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kEnd)) files.push_back(name.substr(0, name.size() - kEnd.size()));
  }
  std::sort(files.begin(), files.end());
  set.rows = files.size();
  for (const std::string& file : files) {  // "RTXPRO6000__Llama-3.1-8B"
    Log log;
    read_requests((path / (file + std::string(kEnd))).string(), log, faults);
    read_meta((path / (file + "__meta.json")).string(), log, faults);
    if (!faults.empty()) continue;
    const std::optional<Host> host = host_of(file.substr(0, file.find("__")));
    const std::optional<std::string> model = model_id(log.model);
    if (!host) {
      set.left_out.count(fmt::format("unknown GPU {}", file.substr(0, file.find("__"))));
    } else if (!model) {
      set.left_out.count(fmt::format("unknown model {}", log.model));
    } else {
      set.cases.push_back(measured_case(file, std::move(log), *host, *model));
    }
  }
  return set;
}

}  // namespace tokenworks::validation
