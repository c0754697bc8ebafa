#include "models/llm/layout.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace tokenworks::llm {
namespace {

double split(std::int64_t whole, std::int64_t parts) { return static_cast<double>((whole + parts - 1) / parts); }

std::vector<Matrix> network(double hidden, double width, std::int64_t matrices) {
  return {{hidden, static_cast<double>(matrices - 1) * width}, {width, hidden}};
}

AttentionPart place(const GroupedAttention& attention, std::int64_t tensor, double hidden) {
  const double head_dim = static_cast<double>(attention.head_dim);
  const double value_dim = static_cast<double>(attention.value_dim > 0 ? attention.value_dim : attention.head_dim);
  const double heads = split(attention.heads, tensor);
  const double kv_heads = split(attention.kv_heads, tensor);
  const double queries = heads * head_dim;
  const double keys_and_values = kv_heads * (head_dim + (attention.shared_key_value ? 0.0 : value_dim));
  const double gate = attention.output_gate ? heads * value_dim : 0.0;

  AttentionPart part;
  part.kind = AttentionPart::Kind::grouped;
  part.layers = static_cast<double>(attention.layers);
  part.heads = heads;
  part.kv_heads = kv_heads;
  part.head_dim = head_dim;
  part.window_tokens = static_cast<double>(attention.window_tokens);
  part.compression = static_cast<double>(attention.compression);
  part.selected_tokens = static_cast<double>(attention.selected_tokens);
  part.kv_values_per_token = keys_and_values;
  part.prompt_values_per_pair = part.decode_values_per_pair = heads * (head_dim + value_dim);
  part.rotated_values = queries + keys_and_values;
  const double query_rank = static_cast<double>(attention.query_rank);
  if (query_rank > 0) {
    part.matrices = {{hidden, query_rank + keys_and_values + gate}, {query_rank, queries}};
  } else {
    part.matrices = {{hidden, queries + keys_and_values + gate}};
  }
  if (attention.output_rank > 0) {
    const double groups = split(std::max<std::int64_t>(attention.output_groups, 1), tensor);
    const double ranks = groups * static_cast<double>(attention.output_rank);
    part.matrices.push_back({heads * value_dim / groups, ranks});
    part.matrices.push_back({ranks, hidden});
  } else {
    part.matrices.push_back({heads * value_dim, hidden});
  }
  if (attention.index_dim > 0) {
    part.index_values_per_token = static_cast<double>(attention.index_dim);
    part.index_values_per_pair = static_cast<double>(attention.index_heads * attention.index_dim);
    part.matrices.push_back({query_rank > 0 ? query_rank : hidden, part.index_values_per_pair});
    part.matrices.push_back({hidden, part.index_values_per_token});
  }
  return part;
}

AttentionPart place(const LatentAttention& attention, std::int64_t tensor, double hidden) {
  const double query_rank = static_cast<double>(attention.query_rank);
  const double kv_rank = static_cast<double>(attention.kv_rank);
  const double rope = static_cast<double>(attention.rope_dim);
  const double nope = static_cast<double>(attention.nope_dim);
  const double value = static_cast<double>(attention.value_dim);
  const double heads = split(attention.heads, tensor);

  AttentionPart part;
  part.kind = AttentionPart::Kind::latent;
  part.layers = static_cast<double>(attention.layers);
  part.heads = heads;
  part.kv_heads = 1.0;
  part.head_dim = kv_rank + rope;
  part.selected_tokens = static_cast<double>(attention.selected_tokens);
  part.rotated_values = heads * (nope + rope) + kv_rank + rope;
  // Compression of queries and latent is replicated. The expansion of the latent is a prompt's keys and values, and the
  // same two products are absorbed into query and output when decoding: equal in operations and bytes.
  part.matrices = {{hidden, query_rank + kv_rank + rope},
                   {query_rank, heads * (nope + rope)},
                   {kv_rank, heads * (nope + value)},
                   {heads * value, hidden}};
  part.kv_values_per_token = kv_rank + rope;
  part.kv_position_values = rope;
  part.prompt_values_per_pair = heads * (nope + rope + value);
  part.decode_values_per_pair = heads * (2.0 * kv_rank + rope);
  return part;
}

/// The same layer with an indexer of its own: queries from the compressed query, a key and a weight a head from the
/// input.
AttentionPart with_indexer(AttentionPart part, const LatentAttention& attention, double hidden) {
  const double heads = static_cast<double>(attention.index_heads);
  const double values = static_cast<double>(attention.index_dim);
  part.layers = static_cast<double>(attention.index_layers);
  part.index_values_per_token = values;
  part.index_values_per_pair = heads * values;
  part.matrices.push_back({static_cast<double>(attention.query_rank), heads * values});
  part.matrices.push_back({hidden, values + heads});
  return part;
}

AttentionPart place(const LinearAttention& attention, std::int64_t tensor, double hidden) {
  AttentionPart part;
  part.kind = AttentionPart::Kind::linear;
  part.layers = static_cast<double>(attention.layers);
  part.heads = split(attention.value_heads, tensor);
  part.kv_heads = split(attention.key_heads, tensor);
  part.head_dim = static_cast<double>(attention.value_dim);
  const double key_dim = static_cast<double>(attention.key_dim);
  const double values = part.heads * part.head_dim;
  part.rotated_values = 2.0 * part.kv_heads * key_dim + values;
  part.state_values = values * key_dim;
  part.state_bytes_per_value = attention.state_bytes_per_value;
  if (attention.convolution > 0) {
    part.convolution_values = static_cast<double>(attention.convolution - 1) * part.rotated_values;
  }
  part.matrices = {{hidden, split(attention.projected_values, tensor)}, {values, hidden}};
  return part;
}

NetworkPart place(const DenseNetwork& dense, std::int64_t tensor, double hidden) {
  NetworkPart part;
  part.layers = static_cast<double>(dense.layers);
  part.activated_values = split(dense.intermediate, tensor);
  part.matrices = network(hidden, part.activated_values, dense.matrices);
  return part;
}

NetworkPart place(const Experts& experts, const Parallelism& parallelism, double hidden) {
  ExpertPart routed;
  routed.router = {hidden, static_cast<double>(experts.count)};
  routed.count = static_cast<double>(experts.count);
  routed.active = static_cast<double>(experts.active);
  routed.intermediate = static_cast<double>(experts.intermediate);
  routed.here = split(experts.count, parallelism.expert);
  routed.width = experts.width > 0 ? static_cast<double>(experts.width) : hidden;
  routed.inner = split(experts.intermediate, parallelism.gpus_per_stage() / parallelism.expert);
  routed.matrices = static_cast<double>(experts.matrices);
  routed.values = routed.matrices * routed.width * routed.inner;

  NetworkPart part;
  part.layers = static_cast<double>(experts.layers);
  part.experts = routed;
  if (experts.shared_intermediate > 0) {
    part.activated_values = split(experts.shared_intermediate, parallelism.tensor);
    part.matrices = network(hidden, part.activated_values, experts.matrices);
  }
  if (experts.width > 0) {
    const double latent = split(experts.width, parallelism.tensor);
    part.matrices.push_back({hidden, latent});
    part.matrices.push_back({latent, hidden});
  }
  return part;
}

template <class Kind>
std::int64_t layers_of(const std::vector<Kind>& kinds) {
  std::int64_t sum = 0;
  for (const Kind& kind : kinds) sum += kind.layers;
  return sum;
}

}  // namespace

void require_consistent(const LlmSpec& model) {
  const auto refuse = [&](const std::string& reason) {
    throw std::invalid_argument("model '" + model.title + "': " + reason);
  };
  const std::int64_t attentions =
      layers_of(model.grouped_attention) + layers_of(model.latent_attention) + layers_of(model.linear_attention);
  const std::int64_t networks = layers_of(model.dense_networks) + layers_of(model.experts);
  const std::string of_layers = " of its " + std::to_string(model.layers) + " layers";
  if (model.layers < 1) refuse("needs at least 1 layer");
  if (attentions > model.layers) refuse("has attention in " + std::to_string(attentions) + of_layers);
  if (networks > model.layers) refuse("has a network in " + std::to_string(networks) + of_layers);
  if (attentions + networks < model.layers) {
    refuse("has attention in " + std::to_string(attentions) + " and a network in " + std::to_string(networks) +
           of_layers + ": some have neither");
  }
  for (const GroupedAttention& attention : model.grouped_attention) {
    if (attention.compression > 0 && attention.window_tokens == 0) refuse("compresses context beside no window");
  }
  for (const LatentAttention& attention : model.latent_attention) {
    if (attention.index_layers > attention.layers) {
      refuse("has an indexer in " + std::to_string(attention.index_layers) + " of " + std::to_string(attention.layers) +
             " layers of latent attention");
    }
    const bool indexed = attention.index_layers > 0 && attention.index_heads > 0 && attention.index_dim > 0;
    if ((attention.selected_tokens > 0) != indexed) {
      refuse("needs selected_tokens, index_heads, index_dim and index_layers together or none of them");
    }
  }
  for (const Experts& experts : model.experts) {
    if (experts.active > experts.count) {
      refuse("visits " + std::to_string(experts.active) + " of " + std::to_string(experts.count) + " experts");
    }
  }
  if (model.drafters.size() > 1) refuse("has " + std::to_string(model.drafters.size()) + " drafters; at most 1");
}

GpuLayout gpu_layout(const LlmSpec& model, const Parallelism& parallelism) {
  require_consistent(model);
  if (parallelism.tensor < 1 || parallelism.expert < 1 || parallelism.attention_data < 1 || parallelism.pipeline < 1) {
    throw std::invalid_argument("parallelism: tensor, expert, attention_data and pipeline are at least 1");
  }
  if (parallelism.pipeline > model.layers) {
    throw std::invalid_argument("parallelism: pipeline " + std::to_string(parallelism.pipeline) + " exceeds the " +
                                std::to_string(model.layers) + " layers of model '" + model.title + "'");
  }
  const std::int64_t gpus = parallelism.gpus_per_stage();
  if (gpus % parallelism.expert != 0) {
    throw std::invalid_argument("parallelism: expert " + std::to_string(parallelism.expert) + " does not divide the " +
                                std::to_string(gpus) + " GPUs of a stage");
  }
  std::int64_t most_groups = 1;
  for (const Experts& experts : model.experts) most_groups = std::max(most_groups, experts.count);
  if (parallelism.expert > most_groups) {
    throw std::invalid_argument("parallelism: expert " + std::to_string(parallelism.expert) +
                                " exceeds the experts of model '" + model.title + "'");
  }

  GpuLayout gpu;
  const double hidden = static_cast<double>(model.hidden);
  gpu.layers = static_cast<double>(model.layers);
  gpu.head = {hidden, split(model.vocabulary, parallelism.tensor)};
  gpu.stage_share = split(model.layers, parallelism.pipeline) / gpu.layers;
  for (const GroupedAttention& attention : model.grouped_attention) {
    gpu.attention.push_back(place(attention, parallelism.tensor, hidden));
  }
  for (const LatentAttention& attention : model.latent_attention) {
    AttentionPart part = place(attention, parallelism.tensor, hidden);
    if (attention.index_layers > 0) gpu.attention.push_back(with_indexer(part, attention, hidden));
    part.layers -= static_cast<double>(attention.index_layers);
    if (part.layers > 0) gpu.attention.push_back(part);
  }
  for (const LinearAttention& attention : model.linear_attention) {
    gpu.attention.push_back(place(attention, parallelism.tensor, hidden));
  }
  for (const DenseNetwork& dense : model.dense_networks) {
    gpu.networks.push_back(place(dense, parallelism.tensor, hidden));
  }
  for (const Experts& experts : model.experts) gpu.networks.push_back(place(experts, parallelism, hidden));
  return gpu;
}

}  // namespace tokenworks::llm
