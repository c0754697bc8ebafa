// Which inference engine serves a model: its scheduler, its defaults and its host overhead. A family, one file an
// option, listed in engine_options.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "models/compute/gpu.hpp"
#include "models/core/fields.hpp"
#include "models/llm/architecture.hpp"
#include "models/llm/kernel_variant.hpp"
#include "sim/policies/batching/copy_choice.hpp"

namespace tokenworks::batching {

/// How an engine forms its steps.
enum class StepMixing {
  mixed,        ///< decodes and prompt chunks share a step, decodes first
  prompt_first  ///< a step holds prompts alone while any may run; decodes stall
};

/// Host time by the number of layers, for kinds of models that differ in the number of kernels.
struct HostPerLayer {
  double dense_s_per_layer = 0.0;    ///< no experts
  double experts_s_per_layer = 0.0;  ///< experts, grouped attention
  double latent_s_per_layer = 0.0;   ///< experts, latent attention
  double seconds(const llm::LlmSpec& model) const {
    const double layers = static_cast<double>(model.layers);
    if (!model.latent_attention.empty()) return layers * latent_s_per_layer;
    return layers * (model.experts.empty() ? dense_s_per_layer : experts_s_per_layer);
  }
};

/// An engine's resolved behaviour: limits of its scheduler, memory rule and host overhead. Limits of tokens and
/// sequences are those of a replica, of which each copy of the attention has an even share.
struct EngineProfile {
  StepMixing mixing = StepMixing::mixed;
  bool chunked_prompts = true;               ///< a prompt may be split over steps
  bool reserves_full_length = false;         ///< KV blocks for prompt and answer are taken at admission: no preemption
  std::int64_t max_batch_tokens = 8192;      ///< tokens of one step; of a pipeline, of one micro-batch
  std::int64_t max_prompt_chunk_tokens = 0;  ///< longest piece of one prompt in such a step; 0: max_batch_tokens
  std::int64_t max_sequences = 256;          ///< running at once
  std::int64_t kv_block_tokens = 16;
  std::int64_t max_waiting = 0;          ///< requests waiting at a replica beyond which more are rejected; 0: none
  std::int64_t poll_interval_steps = 1;  ///< new requests are looked for every so many decode steps
  double batch_wait_token_share = 0.0;   ///< prompts are held until their tokens fill this share of the budget ...
  std::int64_t batch_wait_steps = 0;     ///< ... or so many decode steps have passed since the first was held
  double memory_share = 0.9;             ///< of GPU memory (or of what weights leave free) for the engine
  bool share_of_free_memory = false;     ///< memory_share applies to memory that weights and reserve leave free
  Bytes runtime_reserve{4e9};            ///< activations, graphs, libraries
  double host_per_step_s = 0.0;
  double host_per_sequence_s = 0.0;
  double request_overhead_s = 0.0;      ///< request path outside the engine, before the first step
  HostPerLayer prompt_launch;           ///< host work for a new prompt: delays its first token and nobody else
  double eager_step_per_layer_s = 0.0;  ///< shortest step with a prompt: its kernels are launched one by one
  bool prefix_cache = true;             ///< blocks of prompts and answers are kept for prompts that begin alike
  bool shares_when_scheduled = true;    ///< blocks can be shared from the step that computes them on, not only after it
  bool swaps = false;                   ///< keys and values of what is preempted while it decodes go to host memory
  Bytes swap_room{0};                   ///< of a replica, there
  CopyChoice copy_choice = CopyChoice::least_loaded;  ///< among copies of the attention
  std::int64_t prompt_balance_steps = 0;              ///< prompts wait so long for all copies to have one; 0: they go
  std::int64_t prompt_batch_steps = 0;                ///< and then for more
  llm::KernelVariant kernels;                         ///< which kernels its version runs
};

class EngineOption {
 public:
  virtual ~EngineOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// On this GPU, and for so many copies of the attention, defaults that depend on them are settled.
  virtual EngineProfile profile(const compute::GpuSpec& gpu, std::int64_t copies = 1) const = 0;
};

/// `vllm`, `sglang`, `tensorrt_llm`.
Options<EngineOption> engine_options();

}  // namespace tokenworks::batching
