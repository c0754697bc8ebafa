// The makers of the options of this family, for its list, and the settings that engines share.
#pragma once

#include <memory>
#include <optional>

#include "sim/policies/batching/engine_option.hpp"

namespace tokenworks::batching {

std::unique_ptr<EngineOption> make_vllm();
std::unique_ptr<EngineOption> make_sglang();
std::unique_ptr<EngineOption> make_tensorrt_llm();

/// Settings that a scenario may give for every engine; what is absent takes the engine's own default.
struct EngineSettings {
  std::optional<std::int64_t> max_batch_tokens, max_sequences, kv_block_tokens, max_prompt_chunk_tokens;
  std::optional<bool> chunked_prompts;
  std::optional<double> memory_share;
  Bytes runtime_reserve{4e9};
  std::int64_t max_waiting = 0;
  Seconds host_per_step{0.10e-3};
  Seconds host_per_sequence{6e-6};
  Seconds request_overhead{18e-3};
};

/// Defaults of one engine.
struct EngineDefaults {
  std::int64_t max_batch_tokens, max_sequences, kv_block_tokens;
  double memory_share;
};

void visit_scheduler(FieldVisitor& v, EngineSettings& settings);
void visit_chunking(FieldVisitor& v, EngineSettings& settings);
void visit_host_overhead(FieldVisitor& v, EngineSettings& settings);
EngineProfile resolve(const EngineSettings& settings, const EngineDefaults& defaults);

}  // namespace tokenworks::batching
