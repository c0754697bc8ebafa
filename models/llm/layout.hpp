// Question   which matrices does one GPU of a replica hold, and what does a token of context take in its memory
// Equation   heads, inner widths and vocabulary are divided over `tensor` GPUs, rounded up; keys and values are
//            replicated when there are fewer of their heads than GPUs, the latent of MLA always; experts are spread
//            over `expert` groups and split inside a group; all but routed experts is held once a copy of the attention
// Source     Shoeybi et al., Megatron-LM, 2019 (tensor split); DeepSeek-AI, DeepSeek-V3 technical report, 2024
// (experts,
//            latent attention, data-parallel attention)
// Valid for  decoder-only transformers whose layers differ in window and in dense or expert network only
// Checked by tests/models/llm/memory_capacity_test.cpp (parameter counts against published totals)
#pragma once

#include <cstdint>
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

/// What one GPU of a replica holds of a model.
struct GpuLayout {
  double layers = 0, dense_layers = 0, expert_layers = 0, full_layers = 0, window_layers = 0;
  std::vector<Matrix> attention;      ///< of every layer
  std::vector<Matrix> dense;          ///< of a layer with a dense network
  std::vector<Matrix> shared_expert;  ///< of a layer with experts
  Matrix router;                      ///< of a layer with experts
  double experts = 0;                 ///< routed experts of a layer that this GPU has a part of
  double expert_values = 0;           ///< of its part of one of them
  double expert_width = 0;            ///< inner width of that part
  Matrix head;
  double rotated_values = 0;  ///< queries, keys and values of a token in a layer
  double dense_width = 0, shared_width = 0;

  double query_heads = 0;
  double kv_values_per_token = 0;     ///< in the cache, a layer and token
  double prompt_values_per_pair = 0;  ///< multiplied for a query and a key in prompt attention (scores and values)
  double decode_values_per_pair = 0;  ///< the same in decode attention; MLA works on the latent there
};

/// Throws std::invalid_argument when the model has not exactly one kind of attention, or the experts cannot be spread
/// so.
GpuLayout gpu_layout(const LlmSpec& model, const Parallelism& parallelism);

}  // namespace tokenworks::llm
