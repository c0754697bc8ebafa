#include "models/llm/attention_times.hpp"

#include <algorithm>
#include <stdexcept>

namespace tokenworks::llm {

using compute::AttentionShape;
using compute::LatentShape;

AttentionTimes::AttentionTimes(const compute::KernelTimes& kernels, const LlmSpec& model, bool fp8_cache,
                               compute::NumberFormat layer_format)
    : kernels_(kernels), model_(model), fp8_cache_(fp8_cache), layer_format_(layer_format) {}

AttentionShape AttentionTimes::grouped_shape(const AttentionPart& part) const {
  return {static_cast<std::int64_t>(part.heads), static_cast<std::int64_t>(part.kv_heads),
          static_cast<std::int64_t>(part.head_dim), static_cast<std::int64_t>(part.window_tokens), fp8_cache_};
}

LatentShape AttentionTimes::latent_shape(const AttentionPart& part, bool block) const {
  const LatentAttention& latent = model_.latent_attention.front();
  LatentShape shape{
      static_cast<std::int64_t>(part.heads),
      {model_.hidden, latent.query_rank, latent.kv_rank, latent.rope_dim, latent.nope_dim, latent.value_dim},
      fp8_cache_,
      block && is_sparse(part),
      std::nullopt};
  if (block) shape.matrix_format = layer_format_;
  return shape;
}

bool AttentionTimes::has_block(const AttentionPart& part) const {
  return part.kind == AttentionPart::Kind::latent && kernels_.has_latent(latent_shape(part, true));
}

bool AttentionTimes::has_latent_kernel(const AttentionPart& part) const {
  return part.kind == AttentionPart::Kind::latent && kernels_.has_latent(latent_shape(part, false));
}

double AttentionTimes::keys_met(const AttentionPart& part, double context) {
  double keys = context;
  if (part.window_tokens > 0) {
    keys = std::min(context, part.window_tokens) + (part.compression > 0 ? context / part.compression : 0.0);
  }
  return is_sparse(part) ? std::min(keys, part.selected_tokens) : keys;
}

compute::KernelLoad AttentionTimes::selection(const AttentionPart& part, double queries_times_keys) const {
  if (part.index_values_per_pair <= 0.0) return {};
  const double bytes = queries_times_keys * part.index_values_per_token * part.keys_per_token();
  const double operations = 2.0 * queries_times_keys * part.index_values_per_pair * part.keys_per_token();
  const compute::GpuRatings& ratings = kernels_.gpu().ratings;
  return {.seconds = std::max(bytes / (0.8 * ratings.memory_bandwidth.value),
                              operations / (0.5 * compute::rated_flop_per_s(ratings, compute::Arithmetic::fp8))),
          .bytes = bytes,
          .operations = operations};
}

double AttentionTimes::decode_s(const AttentionPart& part, double sequences, double context) const {
  switch (part.kind) {
    case AttentionPart::Kind::linear: {
      if (const auto seconds = kernels_.linear_attention_s("decode", part.heads, sequences)) return *seconds;
      const double bytes =
          2.0 * sequences * (part.state_values * part.state_bytes_per_value + part.convolution_values * 2.0);
      return kernels_.elementwise_s(bytes) + 2.0 * kernels_.gpu().elementwise_kernel.value;
    }
    case AttentionPart::Kind::latent:
      if (has_block(part)) return kernels_.latent_decode_s(latent_shape(part, true), sequences, context);
      if (has_latent_kernel(part)) {
        return kernels_.latent_decode_s(latent_shape(part, false), sequences, keys_met(part, context));
      }
      throw std::invalid_argument("GPU '" + kernels_.gpu().title + "': no kernel entry has latent attention");
    case AttentionPart::Kind::grouped:
      break;
  }
  return kernels_.decode_attention_s(grouped_shape(part), sequences, keys_met(part, context));
}

bool AttentionTimes::follows_context(const AttentionPart& part) const {
  if (part.kind == AttentionPart::Kind::linear) return false;
  if (has_block(part)) return true;
  return part.window_tokens == 0 && !is_sparse(part);
}

double AttentionTimes::prompt_s(const AttentionPart& part, double length) const {
  const double together = std::max(1.0, kFilledKernelTokens / length);
  switch (part.kind) {
    case AttentionPart::Kind::linear: {
      if (const auto seconds = kernels_.linear_attention_s("prompt", part.heads, together * length)) {
        return std::max(0.0, *seconds) / together;
      }
      // Chunked form: each token of a chunk meets the state and its chunk, in bf16; a quarter of the rate (E).
      constexpr double kComputeShare = 0.25;
      return 6.0 * length * part.state_values / (kComputeShare * kernels_.gpu().ratings.bf16_flop_per_s);
    }
    case AttentionPart::Kind::latent: {
      const bool block = has_block(part);
      const LatentShape shape = latent_shape(part, block);
      const double launch_s = block ? 0.0 : kernels_.latent_prompt_s(shape, 1.0, 1.0);
      double reach = length;
      if (!block && is_sparse(part)) reach = std::min(length, part.selected_tokens);
      const double seconds = std::max(0.0, kernels_.latent_prompt_s(shape, together, reach) - launch_s) / together;
      const double beyond = reach < length ? (length - reach) * slope_at(part, reach) : 0.0;
      return seconds + beyond + (block ? 0.0 : selection_s(part, 0.5 * length * length));
    }
    case AttentionPart::Kind::grouped:
      break;
  }
  const AttentionShape shape = grouped_shape(part);
  const double launch_s = kernels_.smallest_prompt_attention_s(shape);
  double reach = length;
  if (part.window_tokens > 0 && !kernels_.has_prompt_window(shape)) reach = std::min(length, part.window_tokens);
  if (is_sparse(part)) reach = std::min(reach, part.selected_tokens);
  const double batch = std::max(1.0, kFilledKernelTokens / reach);
  const double seconds = std::max(0.0, kernels_.prompt_attention_s(shape, batch, reach) - launch_s) / batch;
  if (reach == length) return seconds;
  return seconds + (length - reach) * slope_at(part, reach) + selection_s(part, 0.5 * length * length);
}

/// Cost of one more token that meets `reach` keys: the slope of the whole-context curve there, taken as quadratic
/// beyond its linear part.
double AttentionTimes::slope_at(const AttentionPart& part, double reach) const {
  const auto whole = [&](double length) {
    AttentionPart open = part;
    open.window_tokens = 0;
    open.selected_tokens = 0;
    return prompt_s(open, length);
  };
  return (whole(2.0 * reach) - whole(reach)) / reach * (2.0 / 3.0);
}

std::vector<double> AttentionTimes::context_nodes(const AttentionPart& part) const {
  if (part.kind == AttentionPart::Kind::latent) return kernels_.context_nodes(latent_shape(part, has_block(part)));
  return kernels_.context_nodes(grouped_shape(part));
}

double AttentionTimes::prompt_launch_s(const AttentionPart& part) const {
  if (part.kind == AttentionPart::Kind::grouped) return kernels_.smallest_prompt_attention_s(grouped_shape(part));
  if (has_block(part) || !has_latent_kernel(part)) return 0.0;
  return kernels_.latent_prompt_s(latent_shape(part, false), 1.0, 1.0);
}

}  // namespace tokenworks::llm
