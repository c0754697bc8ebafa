#include "models/llm/memory_capacity.hpp"

#include <cmath>

#include "models/llm/layout.hpp"

namespace tokenworks::llm {
namespace {

double values(const std::vector<Matrix>& matrices) {
  double sum = 0.0;
  for (const Matrix& matrix : matrices) sum += matrix.values();
  return sum;
}

double norm_values(const LlmSpec& model) {
  return static_cast<double>(model.hidden) * (2.0 * static_cast<double>(model.layers) + 1.0);
}

double embedding_matrices(const LlmSpec& model) { return model.tied_embeddings ? 1.0 : 2.0; }

double bytes_on_gpu(const LlmSpec& model, Precision precision, const GpuLayout& gpu) {
  const double unquantised =
      embedding_matrices(model) * gpu.head.values() + gpu.expert_layers * gpu.router.values() + norm_values(model);
  const double in_layers = gpu.layers * values(gpu.attention) + gpu.dense_layers * values(gpu.dense) +
                           gpu.expert_layers * values(gpu.shared_expert);
  const double in_experts = gpu.expert_layers * gpu.experts * gpu.expert_values;
  return unquantised * bytes_per_weight(model, precision, MatrixClass::unquantised) +
         in_layers * bytes_per_weight(model, precision, MatrixClass::layer) +
         in_experts * bytes_per_weight(model, precision, MatrixClass::expert);
}

KvBytes kv_bytes(const GpuLayout& gpu, Precision precision) {
  const double layer = gpu.kv_values_per_token * kv_bytes_per_value(precision);
  return {Bytes(gpu.full_layers * layer), Bytes(gpu.window_layers * layer)};
}

}  // namespace

ParameterCount parameters(const LlmSpec& model) {
  const GpuLayout whole = gpu_layout(model, Parallelism{});
  const double common = embedding_matrices(model) * whole.head.values() + norm_values(model) +
                        whole.layers * values(whole.attention) + whole.dense_layers * values(whole.dense) +
                        whole.expert_layers * (values(whole.shared_expert) + whole.router.values());
  const double visited = model.experts ? static_cast<double>(model.experts->active) : 0.0;
  return {common + whole.expert_layers * whole.experts * whole.expert_values,
          common + whole.expert_layers * visited * whole.expert_values};
}

double bytes_per_weight(const LlmSpec& model, Precision precision, MatrixClass matrix) {
  constexpr double kBf16 = 2.0;
  constexpr double kFp8Blocks = 1.0 + 4.0 / (128.0 * 128.0);
  constexpr double kNvfp4 = 0.5 + 1.0 / 16.0;
  constexpr double kMxfp4 = 0.5 + 1.0 / 32.0;
  if (matrix == MatrixClass::unquantised || precision == Precision::bf16) return kBf16;
  if (precision == Precision::fp8) return kFp8Blocks;
  if (model.fp4_format == "mxfp4_experts") return matrix == MatrixClass::expert ? kMxfp4 : kBf16;
  return kNvfp4;
}

WeightBytes weight_bytes(const LlmSpec& model, Precision precision, const Parallelism& parallelism) {
  return {Bytes(bytes_on_gpu(model, precision, gpu_layout(model, Parallelism{}))),
          Bytes(bytes_on_gpu(model, precision, gpu_layout(model, parallelism)))};
}

double kv_bytes_per_value(Precision precision) { return precision == Precision::bf16 ? 2.0 : 1.0; }

KvBytes kv_bytes_per_token(const LlmSpec& model, Precision precision) {
  return kv_bytes(gpu_layout(model, Parallelism{}), precision);
}

KvBytes kv_bytes_per_token_and_gpu(const LlmSpec& model, Precision precision, const Parallelism& parallelism) {
  return kv_bytes(gpu_layout(model, parallelism), precision);
}

KvPool kv_pool(const compute::GpuSpec& gpu, const LlmSpec& model, Precision precision, const Parallelism& parallelism,
               double memory_share, bool share_of_free_memory, Bytes runtime_reserve) {
  KvPool pool;
  pool.weight_bytes_per_gpu = weight_bytes(model, precision, parallelism).per_gpu;
  const Bytes taken = pool.weight_bytes_per_gpu + runtime_reserve;
  const Bytes left = share_of_free_memory ? (gpu.memory - taken) * memory_share : gpu.memory * memory_share - taken;
  const KvBytes token = kv_bytes_per_token_and_gpu(model, precision, parallelism);
  const Bytes a_token = token.full.value > 0.0 ? token.full : token.window;
  if (left < a_token) {
    pool.missing_bytes_per_gpu = a_token - left;
    return pool;
  }
  pool.bytes_per_gpu = left;
  pool.tokens = static_cast<std::int64_t>(std::floor(left / a_token)) * parallelism.attention_data;
  return pool;
}

}  // namespace tokenworks::llm
