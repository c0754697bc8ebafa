// The makers of the options of this family, for its list, and the settings that engines share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sim/policies/batching/engine_option.hpp"

namespace tokenworks::batching {

std::unique_ptr<EngineOption> make_vllm();
std::unique_ptr<EngineOption> make_sglang();
std::unique_ptr<EngineOption> make_tensorrt_llm();

/// Settings that a scenario may give for every engine; what is absent takes the engine's own default.
struct EngineSettings {
  std::optional<std::string> version;
  std::optional<std::string> kernel_library;
  std::optional<bool> fused_quantisation, streaming_experts;
  std::optional<std::int64_t> max_batch_tokens, max_sequences, kv_block_tokens, max_prompt_chunk_tokens;
  std::optional<bool> chunked_prompts;
  bool prefix_cache = true;
  std::optional<double> memory_share;
  std::optional<Bytes> runtime_reserve;
  std::int64_t max_waiting = 0;
  std::string preemption = "recompute";
  std::optional<Bytes> swap_room;
  std::optional<Seconds> host_per_step, eager_step_per_layer;
  Seconds host_per_sequence{6e-6};
  Seconds request_overhead{18e-3};
  Seconds dense_prompt_launch{0.10e-3}, expert_prompt_launch{0.64e-3}, latent_prompt_launch{2.9e-3};
};

/// Defaults of one engine.
struct EngineDefaults {
  std::int64_t max_batch_tokens, max_sequences, kv_block_tokens;
  double memory_share;
  Bytes runtime_reserve{4e9};  ///< fitted to InferenceX runs with known room for context
  double host_per_step_s = 0.10e-3;
  double eager_step_per_layer_s = 0.0;
};

void visit_version(FieldVisitor& v, EngineSettings& settings);
void visit_scheduler(FieldVisitor& v, EngineSettings& settings);
void visit_preemption(FieldVisitor& v, EngineSettings& settings);
void visit_prefix_cache(FieldVisitor& v, EngineSettings& settings);
void visit_chunking(FieldVisitor& v, EngineSettings& settings);
void visit_host_overhead(FieldVisitor& v, EngineSettings& settings);
/// What the scenario says about kernels goes before what the engine's version implies.
void settle_kernels(const EngineSettings& settings, llm::KernelVariant& kernels);
/// Whether the scenario's version is `first` or newer, by its numbers ("1.2.0rc6" < "1.2.0"); the newest when absent.
bool is_version_from(const EngineSettings& settings, std::string_view first);
/// Blackwell and its like: units for fp4.
bool has_fp4_units(const compute::GpuSpec& gpu);
/// Defaults of tokens and sequences that hold for each copy of the attention are to be given for all of them.
EngineProfile resolve(const EngineSettings& settings, const EngineDefaults& defaults);

}  // namespace tokenworks::batching
