// Question   which matrices does one GPU of a replica hold, and what does a token of context take in its memory
// Equation   heads, inner widths and vocabulary are divided over `tensor` GPUs, rounded up; keys and values are
//            replicated when there are fewer of their heads than GPUs, the latent of MLA always; experts are spread
//            over `expert` groups and split inside a group; all but routed experts is held once a copy of the
//            attention; layers are divided over `pipeline` stages, rounded up
// Source     Shoeybi et al., Megatron-LM, 2019 (tensor split); Huang et al., GPipe, 2019 (stages); DeepSeek-AI,
//            DeepSeek-V3 technical report, 2024 (experts, latent attention, data-parallel attention)
// Valid for  decoder-only models of the kinds of layers in architecture.hpp
// Checked by tests/models/llm/memory_capacity_test.cpp (parameter counts against published totals)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/llm/architecture.hpp"
#include "models/llm/parallelism.hpp"

namespace tokenworks::llm {

/// A weight matrix as one GPU holds it.
struct Matrix {
  double inner = 0.0;    ///< values that go in
  double columns = 0.0;  ///< values that come out
  double values() const { return inner * columns; }
};

/// Attention layers of one kind on one GPU; counts are those of the whole model, not of a stage.
struct AttentionPart {
  enum class Kind { grouped, latent, linear };
  Kind kind = Kind::grouped;
  double layers = 0;
  std::vector<Matrix> matrices;  ///< of a layer
  double heads = 0, kv_heads = 0, head_dim = 0;  ///< on this GPU (linear: value heads, key heads, value_dim)
  double window_tokens = 0;           ///< 0: all of the context
  double selected_tokens = 0;         ///< sparse: a query meets at most so many; 0: all
  double index_values_per_pair = 0;   ///< sparse: multiplied for a query and every key to select
  double kv_values_per_token = 0;     ///< in the cache, a layer and token (0: linear)
  double prompt_values_per_pair = 0;  ///< multiplied for a query and a key in prompt attention (scores and values)
  double decode_values_per_pair = 0;  ///< the same in decode attention; MLA works on the latent there
  double state_values = 0;            ///< linear: kept for a sequence and layer, on this GPU
  double state_bytes_per_value = 0;
  double rotated_values = 0;          ///< queries, keys and values of a token in a layer
};

/// Routed experts of one layer on one GPU.
struct ExpertPart {
  Matrix router;
  double count = 0, active = 0;  ///< of the whole layer
  double here = 0;               ///< routed experts that this GPU has a part of
  double width = 0;              ///< values of a token that go in and come out
  double inner = 0;              ///< inner width of this GPU's part of an expert
  double matrices = 3;
  double values = 0;             ///< of its part of one of them
};

/// Network layers of one kind on one GPU.
struct NetworkPart {
  double layers = 0;
  std::vector<Matrix> matrices;   ///< of what every token passes: a dense network, shared experts, latent projections
  double activated_values = 0;    ///< inner width of what every token passes
  std::optional<ExpertPart> experts;
};

/// What one GPU of a replica holds of a model. With pipeline stages: the whole model's layers, of which a stage holds
/// 1/stages (`stage_share`, of the fullest).
struct GpuLayout {
  std::vector<AttentionPart> attention;
  std::vector<NetworkPart> networks;
  double layers = 0;
  Matrix head;
  double stage_share = 1.0;
};

/// Throws std::invalid_argument when the model has no layers, more attentions or networks than layers, or the experts
/// cannot be spread so.
GpuLayout gpu_layout(const LlmSpec& model, const Parallelism& parallelism);

}  // namespace tokenworks::llm
