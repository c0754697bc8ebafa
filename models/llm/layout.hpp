// Question   which matrices does one GPU of a replica hold, and what does a token of context take in its memory
// Equation   heads, inner widths and vocabulary are divided over `tensor` GPUs, rounded up; keys and values are
//            replicated when there are fewer of their heads than GPUs, the latent of MLA and the indexer of sparse
//            attention always; experts are spread over `expert` groups and split inside a group; all but routed experts
//            is held once a copy of the attention; layers are divided over `pipeline` stages, rounded up
// Source     Shoeybi et al., Megatron-LM, 2019 (tensor split); Huang et al., GPipe, 2019 (stages); DeepSeek-AI,
//            DeepSeek-V3 technical report, 2024 (experts, latent attention, data-parallel attention) and
//            DeepSeek-V3.2-Exp, 2025 (indexer); Dao and Gu, Mamba 2, 2024, and Yang et al., Gated Delta Networks, 2024
// Valid for  decoder-only models of the kinds of layers in architecture.hpp; every stage is taken to hold its share of
//            each kind of layer
// Checked by tests/models/llm/layout_test.cpp, memory_capacity_test.cpp (parameter counts against published totals)
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
  std::vector<Matrix> matrices;                  ///< of a layer
  double heads = 0, kv_heads = 0, head_dim = 0;  ///< on this GPU (linear: value heads, key heads, value_dim)
  double window_tokens = 0;                      ///< 0: all of the context
  double compression = 0;             ///< beside the window: tokens of context that one key stands for; 0: no such key
  double selected_tokens = 0;         ///< sparse: a query meets at most so many; 0: all
  double index_values_per_token = 0;  ///< sparse: of the key that selects, kept a layer and token
  double index_values_per_pair = 0;   ///< sparse: multiplied for a query and every key to select
  double kv_values_per_token = 0;     ///< in the cache, a layer and token (0: linear)
  double kv_position_values = 0;      ///< of these, kept in bf16 whatever the cache's format (rotary part of a latent)
  double prompt_values_per_pair = 0;  ///< multiplied for a query and a key in prompt attention (scores and values)
  double decode_values_per_pair = 0;  ///< the same in decode attention; MLA works on the latent there
  double state_values = 0;            ///< linear: kept for a sequence and layer
  double state_bytes_per_value = 0;   ///< linear
  double convolution_values = 0;      ///< linear: kept for a sequence and layer, in bf16
  double rotated_values = 0;          ///< queries, keys and values of a token in a layer

  bool sees_all_context() const { return kind != Kind::linear && (window_tokens == 0 || compression > 0); }
  /// Keys kept for a token of context that lies far back, in layers that see it.
  double keys_per_token() const { return compression > 0 ? 1.0 / compression : 1.0; }
};

/// Routed experts of one layer on one GPU.
struct ExpertPart {
  Matrix router;
  double count = 0, active = 0;  ///< of the whole layer
  double intermediate = 0;       ///< inner width of a whole expert
  double here = 0;               ///< routed experts that this GPU has a part of
  double width = 0;              ///< values of a token that go in and come out
  double inner = 0;              ///< inner width of this GPU's part of an expert
  double matrices = 3;
  double values = 0;  ///< of its part of one of them
};

/// Network layers of one kind on one GPU.
struct NetworkPart {
  double layers = 0;
  std::vector<Matrix> matrices;  ///< of what every token passes: a dense network, shared experts, latent projections
  double activated_values = 0;   ///< inner width of what every token passes
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

/// Throws std::invalid_argument that says what contradicts what: counts of layers that do not fit together, more active
/// experts than there are, a selection without an indexer, two drafters.
void require_consistent(const LlmSpec& model);

/// Throws std::invalid_argument when the model is not consistent, there are more stages than layers, or the experts
/// cannot be spread so.
GpuLayout gpu_layout(const LlmSpec& model, const Parallelism& parallelism);

}  // namespace tokenworks::llm
