#include "tools/validation/replica_scenario.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace tokenworks::validation {
namespace {

using scenario::Json;

/// The engine's key for its version; empty while the scenario format has none.
constexpr std::string_view kEngineVersionKey = "";

// The greatest values that a scenario may hold.
constexpr std::int64_t kMostBatchTokens = 262144;
constexpr std::int64_t kMostSequences = 65536;

}  // namespace

Json scenario_json(const ReplicaScenario& replica) {
  const std::int64_t gpus = replica.replicas * replica.parallelism.gpus();
  const std::int64_t racks = (gpus + replica.host.gpus_per_rack - 1) / replica.host.gpus_per_rack;
  Json json;
  json["format"] = "tokenworks.scenario/1";
  json["name"] = "measured";
  json["clock"] = {{"duration_s", replica.duration_s}, {"warm_up_s", replica.warm_up_s}, {"drain", replica.drain}};
  json["factory"]["racks"] = Json::array({{{"name", "rack"}, {"kind", replica.host.rack_kind}, {"count", racks}}});
  Json service;
  service["name"] = "service";
  service["kind"] = "llm";
  service["model"] = replica.model;
  service["precision"] = replica.precision;
  service["parallelism"] = {{"tensor", replica.parallelism.tensor},
                            {"expert", replica.parallelism.expert},
                            {"attention_data", replica.parallelism.attention_data}};
  service["replicas"] = replica.replicas;
  service["engine"] = replica.engine;
  json["services"] = Json::array({service});
  Json workload;
  workload["service"] = "service";
  workload["arrivals"] = replica.arrivals;
  if (!replica.input.is_null()) workload["lengths"] = {{"input", replica.input}, {"output", replica.output}};
  json["workloads"] = Json::array({workload});
  json["report"] = {{"interval_s", 3600}};
  return json;
}

Json fixed_length(std::int64_t tokens) { return {{"kind", "fixed"}, {"tokens", tokens}}; }

Json uniform_share_length(std::int64_t nominal_tokens, double low, double high) {
  return {{"kind", "uniform_share"}, {"nominal_tokens", nominal_tokens}, {"low", low}, {"high", high}};
}

Json closed_loop(std::int64_t concurrency, std::int64_t requests) {
  Json json = {{"kind", "closed_loop"}, {"concurrency", concurrency}};
  if (requests > 0) json["requests"] = requests;
  return json;
}

Json engine_json(const std::string& kind, const std::string& version) {
  Json json = {{"kind", kind}};
  if (!kEngineVersionKey.empty() && !version.empty()) json[std::string(kEngineVersionKey)] = version;
  return json;
}

void each_attention_copy(Json& engine, std::int64_t copies) {
  for (const auto& [key, most] : {std::pair{"max_batch_tokens", kMostBatchTokens}, {"max_sequences", kMostSequences}}) {
    if (engine.contains(key)) engine[key] = std::min(most, copies * engine[key].get<std::int64_t>());
  }
}

}  // namespace tokenworks::validation
