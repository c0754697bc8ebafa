// Question   how much longer does a step over the stages of a pipeline take than with its tokens dealt out evenly
// Equation   p micro-batches go round p stages, each with a p-th of the decoding sequences; prompt chunks go whole,
//            longest first, to the micro-batch with the fewest tokens. A cycle of them lasts
//                max(sum over micro-batches of stage time, largest of p * stage time + hops) = largest of V,
//                V = tokens(p * prompt tokens of the micro-batch + decode tokens) + p * attention of its chunks,
//            the whole model for one micro-batch: p micro-batches sum to at most p times the largest. Bubble: V less
//            the even step, tokens(all) + attention of all chunks; at least 0
// Source     Huang et al., GPipe, 2019 (a single micro-batch keeps 1 of p stages busy: (p - 1) / (m + p - 1) with m =
// 1);
//            vLLM RFC 11945, Pipeline-Parallelism for vLLM V1, 2025 (as many batches in flight as stages, one
//            scheduler; prompts are cut by the token budget of a batch alone)
// Valid for  stages of equal work; what waits from step to step the same way as in this one; heads and host as if even.
//            Energy: waiting power; the work is taken as that of the even step
// Checked by tests/models/llm/pipeline_bubble_test.cpp
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "models/llm/step_model.hpp"

namespace tokenworks::llm {

/// Tokens start .. end of one prompt, 0 <= start < end.
struct PromptChunk {
  std::int64_t start = 0, end = 0;
  std::int64_t tokens() const { return end - start; }
};

/// Not thread-safe. An answer costs a look-up in the step model for each micro-batch that has chunks.
class PipelineBubble {
 public:
  /// `steps` outlives this. `micro_batch_tokens`: token budget of one micro-batch of one copy of the attention, at
  /// least 1; decoding sequences come first, chunks longer than the rest of it are cut.
  explicit PipelineBubble(StepModel& steps, std::int64_t micro_batch_tokens = std::numeric_limits<std::int64_t>::max());

  /// What a step with these chunks and `decode_tokens` tokens of decoding sequences takes beyond the sum of the step
  /// model's parts. Nothing without stages or without chunks: the step model itself rounds a micro-batch's sequences
  /// up.
  StepPart of(std::span<const PromptChunk> chunks, std::int64_t decode_tokens);

 private:
  struct MicroBatch {
    std::int64_t prompt_tokens = 0;
    std::int64_t attention_ps = 0;  // of its chunks, as the step model counts them
  };
  void cut(std::span<const PromptChunk> chunks, std::int64_t decode_tokens);

  StepModel& steps_;
  std::int64_t stages_, micro_batch_tokens_;
  std::vector<PromptChunk> pieces_;        // of the step in hand, longest first
  std::vector<MicroBatch> micro_batches_;  // of the step in hand
};

}  // namespace tokenworks::llm
