#include "models/llm/memory_capacity.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tokenworks::llm {
namespace {

constexpr double kScaleBytes = 4.0;
constexpr double kLatentValuesPerScale = 128.0;
constexpr double kConvolutionBytesPerValue = 2.0;
constexpr double kLargestStateShare = 0.9 / 1.9;
constexpr double kLongWindowTokens = 4096.0;

double values(const std::vector<Matrix>& matrices) {
  double sum = 0.0;
  for (const Matrix& matrix : matrices) sum += matrix.values();
  return sum;
}

/// One before each attention and each network, one at the end.
double norm_values(const LlmSpec& model, const GpuLayout& gpu) {
  double norms = 1.0;
  for (const AttentionPart& part : gpu.attention) norms += part.layers * gpu.stage_share;
  for (const NetworkPart& part : gpu.networks) norms += part.layers * gpu.stage_share;
  return norms * static_cast<double>(model.hidden);
}

/// Embedding and head on the fullest GPU: of several stages the first holds one and the last the other.
double embedding_matrices(const LlmSpec& model, const Parallelism& parallelism) {
  return model.tied_embeddings || parallelism.pipeline > 1 ? 1.0 : 2.0;
}

double bytes_on_gpu(const LlmSpec& model, Precision precision, const Parallelism& parallelism) {
  const GpuLayout gpu = gpu_layout(model, parallelism);
  double in_layers = 0.0, in_experts = 0.0, in_routers = 0.0;
  for (const AttentionPart& part : gpu.attention) in_layers += part.layers * values(part.matrices);
  for (const NetworkPart& part : gpu.networks) {
    in_layers += part.layers * values(part.matrices);
    if (!part.experts) continue;
    in_experts += part.layers * part.experts->here * part.experts->values;
    in_routers += part.layers * part.experts->router.values();
  }
  const double unquantised = embedding_matrices(model, parallelism) * gpu.head.values() + norm_values(model, gpu) +
                             gpu.stage_share * in_routers;
  return unquantised * bytes_per_weight(model, precision, MatrixClass::unquantised) +
         gpu.stage_share * (in_layers * bytes_per_weight(model, precision, MatrixClass::layer) +
                            in_experts * bytes_per_weight(model, precision, MatrixClass::expert));
}

Bytes bytes_of_keys(const GpuLayout& gpu, const AttentionPart& part, KvFormat format) {
  return Bytes(part.layers * gpu.stage_share * kv_bytes_per_key(part, format));
}

/// What a token of a long context takes out of a pool, on one GPU.
Bytes pool_bytes_per_token(const GpuLayout& gpu, KvFormat format) {
  Bytes held{0}, in_windows{0};
  for (const AttentionPart& part : gpu.attention) {
    const Bytes keys = bytes_of_keys(gpu, part, format);
    const bool whole = part.window_tokens == 0 || part.window_tokens >= kLongWindowTokens;
    if (whole) held += keys;
    if (!whole && part.compression > 0) held += keys * part.keys_per_token();
    if (!whole) in_windows += keys;
    held += Bytes(part.layers * gpu.stage_share * part.keys_per_token() * index_bytes_per_key(part));
  }
  return held.value > 0.0 ? held : in_windows;
}

}  // namespace

ParameterCount parameters(const LlmSpec& model) {
  const Parallelism one_gpu;
  const GpuLayout whole = gpu_layout(model, one_gpu);
  ParameterCount count;
  double common = embedding_matrices(model, one_gpu) * whole.head.values() + norm_values(model, whole);
  for (const AttentionPart& part : whole.attention) common += part.layers * values(part.matrices);
  for (const NetworkPart& part : whole.networks) {
    common += part.layers * values(part.matrices);
    if (!part.experts) continue;
    common += part.layers * part.experts->router.values();
    count.total += part.layers * part.experts->count * part.experts->values;
    count.active += part.layers * part.experts->active * part.experts->values;
  }
  count.total += common;
  count.active += common;
  return count;
}

WeightFormat weight_format(const LlmSpec& model, Precision precision, MatrixClass matrix) {
  const auto fp8 = [](const std::string& name) {
    return name == "fp8_block" ? WeightFormat::fp8_block : WeightFormat::fp8;
  };
  if (matrix == MatrixClass::unquantised || precision == Precision::bf16) return WeightFormat::bf16;
  if (precision == Precision::fp8) return fp8(model.fp8_format);
  if (model.fp4_format == "nvfp4") return WeightFormat::nvfp4;
  if (matrix == MatrixClass::layer) return model.fp4_rest == "bf16" ? WeightFormat::bf16 : fp8(model.fp4_rest);
  if (model.fp4_format == "nvfp4_experts") return WeightFormat::nvfp4;
  if (model.fp4_format == "mxfp4_experts") return WeightFormat::mxfp4;
  if (model.fp4_format == "int4_experts") return WeightFormat::int4;
  throw std::invalid_argument("model '" + model.title + "': unknown fp4_format '" + model.fp4_format + "'");
}

double bytes_per_weight(WeightFormat format) {
  switch (format) {
    case WeightFormat::bf16:
      return 2.0;
    case WeightFormat::fp8:
      return 1.0;
    case WeightFormat::fp8_block:
      return 1.0 + kScaleBytes / (128.0 * 128.0);
    case WeightFormat::nvfp4:
      return 0.5 + 1.0 / 16.0;
    case WeightFormat::mxfp4:
      return 0.5 + 1.0 / 32.0;
    case WeightFormat::int4:
      return 0.5 + 2.0 / 32.0;
  }
  throw std::invalid_argument("unknown format of weights");
}

double bytes_per_weight(const LlmSpec& model, Precision precision, MatrixClass matrix) {
  return bytes_per_weight(weight_format(model, precision, matrix));
}

WeightBytes weight_bytes(const LlmSpec& model, Precision precision, const Parallelism& parallelism) {
  return {Bytes(bytes_on_gpu(model, precision, Parallelism{})), Bytes(bytes_on_gpu(model, precision, parallelism))};
}

double kv_bytes_per_key(const AttentionPart& part, KvFormat format) {
  if (format == KvFormat::bf16) return 2.0 * part.kv_values_per_token;
  const double in_fp8 = part.kv_values_per_token - part.kv_position_values;
  const double scales = part.kind == AttentionPart::Kind::latent ? std::ceil(in_fp8 / kLatentValuesPerScale) : 0.0;
  return in_fp8 + scales * kScaleBytes + 2.0 * part.kv_position_values;
}

double index_bytes_per_key(const AttentionPart& part) {
  return part.index_values_per_token > 0 ? part.index_values_per_token + kScaleBytes : 0.0;
}

KvBytes kv_bytes_per_token(const LlmSpec& model, KvFormat format) {
  return kv_bytes_per_token_and_gpu(model, format, Parallelism{});
}

KvBytes kv_bytes_per_token_and_gpu(const LlmSpec& model, KvFormat format, const Parallelism& parallelism) {
  const GpuLayout gpu = gpu_layout(model, parallelism);
  KvBytes bytes;
  for (const AttentionPart& part : gpu.attention) {
    const Bytes key = bytes_of_keys(gpu, part, format);
    if (part.sees_all_context()) bytes.full += key * part.keys_per_token();
    if (part.window_tokens > 0) bytes.window += key;
    bytes.index += Bytes(part.layers * gpu.stage_share * part.keys_per_token() * index_bytes_per_key(part));
  }
  return bytes;
}

Bytes state_bytes_per_sequence(const LlmSpec& model) { return state_bytes_per_sequence_and_gpu(model, Parallelism{}); }

Bytes state_bytes_per_sequence_and_gpu(const LlmSpec& model, const Parallelism& parallelism) {
  const GpuLayout gpu = gpu_layout(model, parallelism);
  double sum = 0.0;
  for (const AttentionPart& part : gpu.attention) {
    sum += part.layers *
           (part.state_values * part.state_bytes_per_value + part.convolution_values * kConvolutionBytesPerValue);
  }
  return Bytes(gpu.stage_share * sum);
}

KvPool kv_pool(const compute::GpuSpec& gpu, const LlmSpec& model, Precision precision, KvFormat kv_format,
               const Parallelism& parallelism, const MemoryRule& rule) {
  KvPool pool;
  pool.weight_bytes_per_gpu = weight_bytes(model, precision, parallelism).per_gpu;
  const Bytes taken = pool.weight_bytes_per_gpu + rule.runtime_reserve;
  const Bytes left =
      rule.share_of_free_memory ? (gpu.memory - taken) * rule.memory_share : gpu.memory * rule.memory_share - taken;

  const Bytes a_token = pool_bytes_per_token(gpu_layout(model, parallelism), kv_format);
  const Bytes a_state = state_bytes_per_sequence_and_gpu(model, parallelism);
  if (left < a_state + a_token) {
    pool.missing_bytes_per_gpu = a_state + a_token - left;
    return pool;
  }
  const std::int64_t copies = parallelism.attention_data;
  std::int64_t sequences_of_copy = (rule.max_sequences + copies - 1) / copies;
  if (a_state.value > 0.0) {
    // At least one sequence and one token; never more than asked for.
    const Bytes most = std::max(a_state, std::min(left * kLargestStateShare, left - a_token));
    pool.state_bytes_per_gpu = std::min(a_state * static_cast<double>(sequences_of_copy), most);
    sequences_of_copy = static_cast<std::int64_t>(std::floor(pool.state_bytes_per_gpu / a_state));
  }
  pool.bytes_per_gpu = left - pool.state_bytes_per_gpu;
  pool.sequences = std::min(rule.max_sequences, sequences_of_copy * copies);
  const double tokens_of_copy = a_token.value > 0.0 ? std::floor(pool.bytes_per_gpu / a_token)
                                                    : static_cast<double>(sequences_of_copy * model.context_tokens);
  pool.tokens = static_cast<std::int64_t>(tokens_of_copy) * copies;
  return pool;
}

}  // namespace tokenworks::llm
