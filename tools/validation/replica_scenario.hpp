// The scenario of most measurements: one replica of a model on the GPUs of one rack kind, and one workload.
#pragma once

#include <cstdint>
#include <string>

#include "models/llm/parallelism.hpp"
#include "sim/scenario/json_text.hpp"
#include "tools/validation/names.hpp"

namespace tokenworks::validation {

struct ReplicaScenario {
  std::string name;
  Host host;
  std::string model;  ///< catalog id
  std::string precision;
  std::string kv_cache_precision;  ///< empty: as the precision says
  llm::Parallelism parallelism;
  std::int64_t replicas = 1;
  scenario::Json engine;         ///< {"kind": "vllm", ...}
  scenario::Json arrivals;       ///< {"kind": "closed_loop", ...}
  scenario::Json input, output;  ///< lengths; both null for a trace
  double duration_s = 1e6;       ///< of arrivals; by default longer than any measured run takes
  double warm_up_s = 0.0;
  bool drain = true;
};

/// As a user would write it, to be read by sim/scenario/read_scenario. Racks enough for all replicas.
scenario::Json scenario_json(const ReplicaScenario& replica);

/// Lengths.
scenario::Json fixed_length(std::int64_t tokens);
scenario::Json uniform_share_length(std::int64_t nominal_tokens, double low, double high);
/// A closed loop of `concurrency` users; `requests` 0: to the end of the clock.
scenario::Json closed_loop(std::int64_t concurrency, std::int64_t requests);
/// {"kind": kind}, with the version when it is a release ("0.18.0", not "nightly-5b8c").
scenario::Json engine_json(const std::string& kind, const std::string& version);
/// vLLM and TensorRT-LLM limit tokens and sequences for each copy of the attention, a scenario for all of them
/// together: multiplies both.
void each_attention_copy(scenario::Json& engine, std::int64_t copies);

}  // namespace tokenworks::validation
