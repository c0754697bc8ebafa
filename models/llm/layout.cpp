#include "models/llm/layout.hpp"

#include <stdexcept>
#include <string>

namespace tokenworks::llm {
namespace {

double split(std::int64_t whole, std::int64_t parts) { return static_cast<double>((whole + parts - 1) / parts); }

std::vector<Matrix> gated_network(double hidden, double width) { return {{hidden, 2.0 * width}, {width, hidden}}; }

void place_grouped_attention(const GroupedAttention& attention, std::int64_t tensor, double hidden, GpuLayout& gpu) {
  const double head_dim = static_cast<double>(attention.head_dim);
  const double kv_heads = split(attention.kv_heads, tensor);
  gpu.query_heads = split(attention.heads, tensor);
  gpu.rotated_values = (gpu.query_heads + 2.0 * kv_heads) * head_dim;
  gpu.attention = {{hidden, gpu.rotated_values}, {gpu.query_heads * head_dim, hidden}};
  gpu.kv_values_per_token = 2.0 * kv_heads * head_dim;
  gpu.prompt_values_per_pair = gpu.decode_values_per_pair = 2.0 * gpu.query_heads * head_dim;
  if (attention.window_tokens > 0) gpu.window_layers = static_cast<double>(attention.window_layers);
}

void place_latent_attention(const LatentAttention& attention, std::int64_t tensor, double hidden, GpuLayout& gpu) {
  const double query_rank = static_cast<double>(attention.query_rank);
  const double kv_rank = static_cast<double>(attention.kv_rank);
  const double rope = static_cast<double>(attention.rope_dim);
  const double nope = static_cast<double>(attention.nope_dim);
  const double value = static_cast<double>(attention.value_dim);
  const double heads = split(attention.heads, tensor);
  gpu.query_heads = heads;
  gpu.rotated_values = heads * (nope + rope) + kv_rank + rope;
  // Compression of queries and latent is replicated. The expansion of the latent is a prompt's keys and values, and the
  // same two products are absorbed into query and output when decoding: equal in operations and bytes.
  gpu.attention = {{hidden, query_rank + kv_rank + rope},
                   {query_rank, heads * (nope + rope)},
                   {kv_rank, heads * (nope + value)},
                   {heads * value, hidden}};
  gpu.kv_values_per_token = kv_rank + rope;
  gpu.prompt_values_per_pair = heads * (nope + rope + value);
  gpu.decode_values_per_pair = heads * (2.0 * kv_rank + rope);
}

}  // namespace

GpuLayout gpu_layout(const LlmSpec& model, const Parallelism& parallelism) {
  if (model.attention.has_value() == model.latent_attention.has_value()) {
    throw std::invalid_argument("model '" + model.title + "' needs exactly one of attention and latent_attention");
  }
  if (parallelism.tensor < 1 || parallelism.expert < 1 || parallelism.attention_data < 1) {
    throw std::invalid_argument("parallelism: tensor, expert and attention_data are at least 1");
  }
  const std::int64_t gpus = parallelism.gpus();
  if (gpus % parallelism.expert != 0) {
    throw std::invalid_argument("parallelism: expert " + std::to_string(parallelism.expert) + " does not divide the " +
                                std::to_string(gpus) + " GPUs of a replica");
  }
  if (parallelism.expert > (model.experts ? model.experts->count : 1)) {
    throw std::invalid_argument("parallelism: expert " + std::to_string(parallelism.expert) +
                                " exceeds the experts of model '" + model.title + "'");
  }

  GpuLayout gpu;
  const double hidden = static_cast<double>(model.hidden);
  gpu.layers = static_cast<double>(model.layers);
  if (model.attention) place_grouped_attention(*model.attention, parallelism.tensor, hidden, gpu);
  if (model.latent_attention) place_latent_attention(*model.latent_attention, parallelism.tensor, hidden, gpu);
  gpu.full_layers = gpu.layers - gpu.window_layers;
  gpu.expert_layers = model.experts ? static_cast<double>(model.layers - model.experts->leading_dense_layers) : 0.0;
  gpu.dense_layers = gpu.layers - gpu.expert_layers;
  gpu.dense_width = split(model.intermediate, parallelism.tensor);
  gpu.dense = gated_network(hidden, gpu.dense_width);
  gpu.head = {hidden, split(model.vocabulary, parallelism.tensor)};
  if (model.experts) {
    const Experts& experts = *model.experts;
    gpu.router = {hidden, static_cast<double>(experts.count)};
    gpu.experts = split(experts.count, parallelism.expert);
    gpu.expert_width = split(experts.intermediate, gpus / parallelism.expert);
    gpu.expert_values = 3.0 * hidden * gpu.expert_width;
    if (experts.shared > 0) {
      gpu.shared_width = split(experts.shared * experts.intermediate, parallelism.tensor);
      gpu.shared_expert = gated_network(hidden, gpu.shared_width);
    }
  }
  return gpu;
}

}  // namespace tokenworks::llm
