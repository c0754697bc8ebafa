// Question   how many parameters has a model, what do its weights take on a GPU, how much context fits beside them
// Equation   parameters: sum over matrices; pool of a GPU = share * memory - weights - reserve, or
//            share * (memory - weights - reserve); tokens = pool / bytes of a token of context
// Source     bytes a value: fp8 with one 4-byte scale a 128 x 128 block (DeepSeek-AI, DeepSeek-V3 technical report,
//            2024); nvfp4 with one fp8 scale for 16 values, mxfp4 with one 8-bit exponent for 32 (OCP Microscaling
//            Formats specification 1.0, 2023; NVIDIA, Introducing NVFP4, 2025). Embedding, head, router and norms stay
//            in bf16. Pools: vLLM gpu_memory_utilization, TensorRT-LLM free_gpu_memory_fraction (their documentation)
// Valid for  as layout.hpp. Sliding-window layers are left out of a token's bytes when there are full layers too: long
//            contexts, which fill pools, hold next to nothing in them
// Checked by tests/models/llm/memory_capacity_test.cpp
#pragma once

#include <cstdint>

#include "models/compute/gpu.hpp"
#include "models/core/units.hpp"
#include "models/llm/architecture.hpp"
#include "models/llm/parallelism.hpp"

namespace tokenworks::llm {

struct ParameterCount {
  double total = 0.0;
  double active = 0.0;  ///< that a token meets, embedding and head included
};
ParameterCount parameters(const LlmSpec& model);

/// Which format a matrix is kept and multiplied in depends on its place.
enum class MatrixClass { layer, expert, unquantised };
double bytes_per_weight(const LlmSpec& model, Precision precision, MatrixClass matrix);

struct WeightBytes {
  Bytes total{0};    ///< of one copy of the model
  Bytes per_gpu{0};  ///< on the fullest GPU, with what is replicated
};
WeightBytes weight_bytes(const LlmSpec& model, Precision precision, const Parallelism& parallelism);

/// Engines serve bf16 models with a bf16 cache and, by the settings that benchmarks publish, quantised ones with fp8.
double kv_bytes_per_value(Precision precision);

/// Bytes that one token of context takes in one copy of the attention, by kind of layer.
struct KvBytes {
  Bytes full{0};    ///< all layers without a window
  Bytes window{0};  ///< all layers with one, for a token inside it
};
KvBytes kv_bytes_per_token(const LlmSpec& model, Precision precision);
/// The same on one GPU of a copy.
KvBytes kv_bytes_per_token_and_gpu(const LlmSpec& model, Precision precision, const Parallelism& parallelism);

/// Room for context in one replica. When the weights do not fit, `tokens` is 0 and `missing_bytes_per_gpu` says how
/// much.
struct KvPool {
  std::int64_t tokens = 0;  ///< over all copies of the attention
  Bytes bytes_per_gpu{0};
  Bytes weight_bytes_per_gpu{0};
  Bytes missing_bytes_per_gpu{0};
};
KvPool kv_pool(const compute::GpuSpec& gpu, const LlmSpec& model, Precision precision, const Parallelism& parallelism,
               double memory_share, bool share_of_free_memory, Bytes runtime_reserve);

}  // namespace tokenworks::llm
