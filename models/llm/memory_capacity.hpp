// Question   how many parameters has a model, what do its weights take on a GPU, how much context fits beside them
// Equation   parameters: sum over matrices; room of a GPU = share * memory - weights - reserve, or
//            share * (memory - weights - reserve); states of linear attention are set aside for every sequence that may
//            run, from at most 0.9 / 1.9 of the room; tokens = the rest / bytes of a token of context
// Source     bytes a value: fp8 with a scale a tensor (no bytes to speak of) or one 4-byte scale a 128 x 128 block
//            (DeepSeek-AI, DeepSeek-V3 technical report, 2024); nvfp4 with one fp8 scale for 16 values, mxfp4 with one
//            8-bit exponent for 32 (OCP Microscaling Formats specification 1.0, 2023; NVIDIA, Introducing NVFP4, 2025);
//            int4 with one bf16 scale for 32 (Moonshot AI, Kimi K2 Thinking, 2025). Embedding, head, router and norms
//            stay in bf16. Latent in fp8: a 4-byte scale for 128 values, rotary part in bf16 (DeepSeek-AI, FlashMLA,
//            2025); key of an indexer: fp8 with a 4-byte scale (DeepSeek-AI, DeepSeek-V3.2-Exp, 2025). Room: vLLM
//            gpu_memory_utilization, TensorRT-LLM free_gpu_memory_fraction, SGLang mamba_full_memory_ratio 0.9 (their
//            documentation)
// Valid for  as layout.hpp. In a pool, layers with a window below 4096 tokens are left out of a token's bytes when
//            other layers see more: long contexts, which fill pools, hold next to nothing in them. A longer window (the
//            chunks of Llama 4) counts as all the context: right for contexts within it, too much beyond. The fullest
//            stage of a pipeline is taken to hold the most layers and the embedding or the head
// Checked by tests/models/llm/memory_capacity_test.cpp
#pragma once

#include <cstdint>
#include <string_view>

#include "models/compute/gpu.hpp"
#include "models/core/units.hpp"
#include "models/llm/architecture.hpp"
#include "models/llm/layout.hpp"
#include "models/llm/parallelism.hpp"

namespace tokenworks::llm {

struct ParameterCount {
  double total = 0.0;
  double active = 0.0;  ///< that a token meets, embedding and head included
};
/// Without drafter.
ParameterCount parameters(const LlmSpec& model);

/// Which format a matrix is kept in depends on its place.
enum class MatrixClass { layer, expert, unquantised };
enum class WeightFormat { bf16, fp8, fp8_block, nvfp4, mxfp4, int4 };
WeightFormat weight_format(const LlmSpec& model, Precision precision, MatrixClass matrix);
double bytes_per_weight(WeightFormat format);
double bytes_per_weight(const LlmSpec& model, Precision precision, MatrixClass matrix);

struct WeightBytes {
  Bytes total{0};    ///< of one copy of the model
  Bytes per_gpu{0};  ///< on the fullest GPU, with what is replicated
};
/// Without drafter.
WeightBytes weight_bytes(const LlmSpec& model, Precision precision, const Parallelism& parallelism);

/// Bytes that a key with its values takes in the cache, one layer of one GPU.
double kv_bytes_per_key(const AttentionPart& part, KvFormat format);
/// Bytes of the key that selects, one layer and token; 0 where attention is not sparse.
double index_bytes_per_key(const AttentionPart& part);

/// Bytes that one token of context takes in one copy of the attention, by kind of layer.
struct KvBytes {
  Bytes full{0};    ///< layers that see all the context; where these keep one key for several tokens, its share
  Bytes window{0};  ///< layers with a window, for a token inside it
  Bytes index{0};   ///< keys that select, of sparse layers
};
KvBytes kv_bytes_per_token(const LlmSpec& model, KvFormat format);
/// The same on one GPU of a copy: the fullest one.
KvBytes kv_bytes_per_token_and_gpu(const LlmSpec& model, KvFormat format, const Parallelism& parallelism);

/// Bytes of the states that one sequence keeps in one copy of the attention, whatever its length; short convolutions
/// included. 0 without linear attention.
Bytes state_bytes_per_sequence(const LlmSpec& model);
/// The same on one GPU of a copy: the fullest one.
Bytes state_bytes_per_sequence_and_gpu(const LlmSpec& model, const Parallelism& parallelism);

/// What an engine lets its caches have.
struct MemoryRule {
  double memory_share = 0.9;
  bool share_of_free_memory = false;  ///< memory_share applies to what weights and reserve leave free
  Bytes runtime_reserve{0};
  std::int64_t max_sequences = 256;  ///< that run at once in a replica
};

/// Room for context in one replica. When the weights do not fit, `tokens` is 0 and `missing_bytes_per_gpu` says how
/// much.
struct KvPool {
  std::int64_t tokens = 0;     ///< over all copies of the attention
  std::int64_t sequences = 0;  ///< that may run at once: fewer than the rule's when there is no room for their states
  Bytes bytes_per_gpu{0};      ///< for keys and values
  Bytes state_bytes_per_gpu{0};
  Bytes weight_bytes_per_gpu{0};
  Bytes missing_bytes_per_gpu{0};
};
KvPool kv_pool(const compute::GpuSpec& gpu, const LlmSpec& model, Precision precision, KvFormat kv_format,
               const Parallelism& parallelism, const MemoryRule& rule);

}  // namespace tokenworks::llm
