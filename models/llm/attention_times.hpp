// Question   how long does the attention of one layer take on one GPU, for prompts and for decoding sequences
// Equation   grouped: the kernel tables, with at most `window` or `selected` keys a query; beyond them each further
// token
//            of a prompt costs the slope of the whole-context curve there
//            latent: the whole block with its projections where a kernel entry has the model's dimensions, else the
//            kernel linear: the kernels between the projections, else the bytes of the state (decoding) and 6
//            operations a token and value of the state at a quarter of the bf16 rate (prompts, E) sparse layers scan an
//            index over all keys: the longer of bytes / (0.8 B) and operations / (0.5 F)
// Source     kernel entries of the catalog; sparse selection: DeepSeek-AI, DeepSeek-V3.2-Exp, 2025
// Valid for  the axes of the kernel tables; notes say when beyond
// Checked by tests/models/llm/step_model_test.cpp
#pragma once

#include <vector>

#include "models/compute/kernel_times.hpp"
#include "models/llm/layout.hpp"

namespace tokenworks::llm {

class AttentionTimes {
 public:
  /// Prompt tokens at which an attention kernel fills the GPU.
  static constexpr double kFilledKernelTokens = 8192.0;

  /// `kernels` and `model` outlive this.
  AttentionTimes(const compute::KernelTimes& kernels, const LlmSpec& model, bool fp8_cache,
                 compute::NumberFormat layer_format);

  /// Whether a kernel entry has the whole latent block, projections included, in this model's dimensions.
  bool has_block(const AttentionPart& part) const;
  /// Whether a part's decode time follows all of the context (others follow the window).
  bool follows_context(const AttentionPart& part) const;
  /// Contexts between which decode attention of a part that follows all of the context is linear, rising.
  std::vector<double> context_nodes(const AttentionPart& part) const;

  /// Decode attention of one layer: `sequences` sequences, each with `context` tokens.
  double decode_s(const AttentionPart& part, double sequences, double context) const;
  /// Attention of one layer for a whole prompt: its share of a well-filled kernel, launch left out.
  double prompt_s(const AttentionPart& part, double length) const;
  /// Launch of prompt attention of one layer.
  double prompt_launch_s(const AttentionPart& part) const;
  /// The scan by which sparse layers select.
  compute::KernelLoad selection(const AttentionPart& part, double queries_times_keys) const;
  double selection_s(const AttentionPart& part, double queries_times_keys) const {
    return selection(part, queries_times_keys).seconds;
  }

  static bool is_sparse(const AttentionPart& part) { return part.selected_tokens > 0; }
  /// Keys that a query meets when `context` tokens are held.
  static double keys_met(const AttentionPart& part, double context);

 private:
  compute::AttentionShape grouped_shape(const AttentionPart& part) const;
  compute::LatentShape latent_shape(const AttentionPart& part, bool block) const;
  bool has_latent_kernel(const AttentionPart& part) const;
  double slope_at(const AttentionPart& part, double reach) const;

  const compute::KernelTimes& kernels_;
  const LlmSpec& model_;
  bool fp8_cache_;
  compute::NumberFormat layer_format_;
};

}  // namespace tokenworks::llm
