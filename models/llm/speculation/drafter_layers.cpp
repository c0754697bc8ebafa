#include "models/llm/speculation/drafter_layers.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "models/llm/layout.hpp"

namespace tokenworks::llm {
namespace {

/// Of several kinds the first that sees all of the context, else the first.
void add_attention(const LlmSpec& model, std::int64_t layers, LlmSpec& drafter) {
  if (!model.latent_attention.empty()) {
    LatentAttention attention = model.latent_attention.front();
    attention.layers = layers;
    attention.index_layers = std::min(attention.index_layers, layers);
    drafter.latent_attention.push_back(attention);
  } else if (!model.grouped_attention.empty()) {
    const auto& kinds = model.grouped_attention;
    const auto open = std::find_if(kinds.begin(), kinds.end(),
                                   [](const GroupedAttention& attention) { return attention.window_tokens == 0; });
    GroupedAttention attention = open != kinds.end() ? *open : kinds.front();
    attention.layers = layers;
    drafter.grouped_attention.push_back(attention);
  } else if (!model.linear_attention.empty()) {
    LinearAttention attention = model.linear_attention.front();
    attention.layers = layers;
    drafter.linear_attention.push_back(attention);
  }
}

/// Values of the matrices that a token meets in all layers of the drafter built so far.
double values_met(const LlmSpec& drafter) {
  const GpuLayout whole = gpu_layout(drafter, Parallelism{});
  double sum = 0.0;
  for (const AttentionPart& part : whole.attention) {
    for (const Matrix& matrix : part.matrices) sum += part.layers * matrix.values();
  }
  for (const NetworkPart& part : whole.networks) {
    for (const Matrix& matrix : part.matrices) sum += part.layers * matrix.values();
    if (part.experts)
      sum += part.layers * (part.experts->router.values() + part.experts->active * part.experts->values);
  }
  return sum;
}

}  // namespace

LlmSpec drafter_as_model(const LlmSpec& model) {
  if (model.drafters.empty()) throw std::invalid_argument("model '" + model.title + "' has no drafter");
  const Drafter& head = model.drafters.front();
  LlmSpec drafter = model;
  drafter.title = "drafter of " + model.title;
  drafter.layers = head.layers;
  drafter.drafters.clear();
  drafter.grouped_attention.clear();
  drafter.latent_attention.clear();
  drafter.linear_attention.clear();
  drafter.dense_networks.clear();
  drafter.experts.clear();
  add_attention(model, head.layers, drafter);

  // Inner width of one network with so many matrices that holds what a token meets beyond all else.
  const auto width_of_rest = [&](std::int64_t matrices) {
    const double values_a_width = static_cast<double>(matrices * head.layers * model.hidden);
    return std::max<std::int64_t>(0, std::llround((head.active_parameters - values_met(drafter)) / values_a_width));
  };
  if (head.parameters > 1.1 * head.active_parameters && !model.experts.empty()) {
    Experts experts = model.experts.back();
    experts.layers = head.layers;
    experts.shared_intermediate = 0;
    drafter.experts.push_back(experts);
    drafter.experts.back().shared_intermediate = width_of_rest(experts.matrices);
  } else {
    DenseNetwork network;
    network.layers = head.layers;
    network.intermediate = std::max<std::int64_t>(1, width_of_rest(network.matrices));
    drafter.dense_networks.push_back(network);
  }
  return drafter;
}

LlmSpec model_with_drafter(const LlmSpec& model) {
  if (model.drafters.empty()) return model;
  const LlmSpec drafter = drafter_as_model(model);
  const auto append = [](auto& list, const auto& more) { list.insert(list.end(), more.begin(), more.end()); };
  LlmSpec both = model;
  both.layers += drafter.layers;
  append(both.grouped_attention, drafter.grouped_attention);
  append(both.latent_attention, drafter.latent_attention);
  append(both.linear_attention, drafter.linear_attention);
  append(both.dense_networks, drafter.dense_networks);
  append(both.experts, drafter.experts);
  return both;
}

}  // namespace tokenworks::llm
