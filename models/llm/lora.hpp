// Question   what do LoRA adapters take in a GPU's memory, and what do they add to a step
// Equation   an adapter of rank r adds x A B to each target, A: inputs x r, B: r x outputs, in bf16. Under tensor
//            parallelism the A of what is split by columns and the B of what is split by rows are on each GPU whole,
//            the other half is split as its target. A step launches two grouped products a target and layer, shrink and
//            expand: T = sum over layers and targets of 2 floors + max(bytes / (s B), operations / (0.25 F)), bytes: A
//            and B of the distinct adapters, inputs, outputs read and written, r fp32 values between, twice
// Source     Hu et al., LoRA, 2021; Chen et al., Punica, 2023 (grouped products SGMV and BGMV); Sheng et al., S-LoRA,
//            2023; vLLM documentation of vllm.lora.layers and lora_shrink_op, 0.11 to 0.18 (queries, keys and values as
//            slices of one launch, gate and up too; which half is split, unless fully_sharded_loras). Floor and s:
//            those of the GPU's elementwise kernels; a quarter of the bf16 rate, ranks below 16 as 16, the least tile:
//            E
// Valid for  attention and dense networks, shared experts among them; not routed experts, indexers, embeddings, nor the
//            expansion of a latent, which decoding absorbs. Replayed graphs: no time on the host. Without
//            fully_sharded_loras; padding of ranks to an engine's largest is up to the caller's rank
// Checked by tests/models/llm/lora_test.cpp: parameters against published sizes of adapters, time against Punica's 2 ms
#pragma once

#include <cstdint>
#include <vector>

#include "models/compute/gpu.hpp"
#include "models/core/units.hpp"
#include "models/llm/architecture.hpp"
#include "models/llm/parallelism.hpp"
#include "models/llm/step_model.hpp"

namespace tokenworks::llm {

struct LoraTargets {
  bool attention = true;  ///< queries, keys, values, output; projections of layers with a state
  bool network = true;    ///< gate, up, down
};

/// Adapters of one rank on one service's model.
class LoraModel {
 public:
  /// Throws std::invalid_argument when rank < 1, no target is left, or the model cannot be spread so.
  LoraModel(const compute::GpuSpec& gpu, const LlmSpec& model, const Parallelism& parallelism, std::int64_t rank,
            LoraTargets targets);

  double parameters() const { return parameters_; }              ///< of one adapter, whole
  Bytes bytes() const { return Bytes(parameters_ * kBytes); }    ///< of one adapter, whole
  Bytes bytes_per_gpu() const { return Bytes(bytes_per_gpu_); }  ///< of one adapter, on the fullest GPU

  /// What a step takes beyond that of the model when `tokens` of its tokens belong to sequences with an adapter, of
  /// `distinct` adapters together, dealt out over copies of the attention and micro-batches as the step model's.
  /// 0 of either cost nothing. `clock_share` as the step model's.
  StepPart step(std::int64_t tokens, std::int64_t distinct, double clock_share = 1.0) const;

  /// Time to bring one adapter from host memory to its GPUs, each over its own link of `host_link`, all of it used.
  Seconds load(BytesPerSecond host_link) const { return bytes_per_gpu() / host_link; }

 private:
  static constexpr double kBytes = 2.0;
  /// Targets that engines launch together, in layers of one kind, on one GPU.
  struct Module {
    double layers = 0.0;
    double slices = 1.0;  ///< targets, each with its own A
    double inner = 0.0, columns = 0.0;
  };
  static std::vector<Module> modules(const LlmSpec& model, const Parallelism& parallelism, LoraTargets targets);
  static double values(const std::vector<Module>& modules, double rank);

  compute::GpuSpec gpu_;
  double rank_, groups_;
  std::vector<Module> modules_;
  double parameters_ = 0.0, bytes_per_gpu_ = 0.0;
};

}  // namespace tokenworks::llm
