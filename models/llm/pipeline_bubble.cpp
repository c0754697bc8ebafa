#include "models/llm/pipeline_bubble.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <tuple>

namespace tokenworks::llm {

PipelineBubble::PipelineBubble(StepModel& steps, std::int64_t micro_batch_tokens)
    : steps_(steps), stages_(steps.parallelism().pipeline), micro_batch_tokens_(micro_batch_tokens) {
  if (micro_batch_tokens < 1) {
    throw std::invalid_argument("pipeline bubble: a micro-batch of " + std::to_string(micro_batch_tokens) + " tokens");
  }
}

void PipelineBubble::cut(std::span<const PromptChunk> chunks, std::int64_t decode_tokens) {
  const std::int64_t shares = stages_ * steps_.parallelism().attention_data;
  const std::int64_t decodes = (decode_tokens + shares - 1) / shares;
  const std::int64_t room = std::max<std::int64_t>(1, micro_batch_tokens_ - decodes);
  pieces_.clear();
  for (const PromptChunk& chunk : chunks) {
    for (std::int64_t start = chunk.start; start < chunk.end;) {
      const std::int64_t end = start + std::min(room, chunk.end - start);
      pieces_.push_back({start, end});
      start = end;
    }
  }
  std::sort(pieces_.begin(), pieces_.end(), [](const PromptChunk& a, const PromptChunk& b) {
    return std::make_tuple(-a.tokens(), a.start) < std::make_tuple(-b.tokens(), b.start);
  });
}

StepPart PipelineBubble::of(std::span<const PromptChunk> chunks, std::int64_t decode_tokens) {
  if (decode_tokens < 0) {
    throw std::invalid_argument("pipeline bubble: " + std::to_string(decode_tokens) + " tokens of decoding sequences");
  }
  if (stages_ == 1 || chunks.empty()) return {};
  cut(chunks, decode_tokens);
  micro_batches_.assign(static_cast<std::size_t>(stages_), {});
  MicroBatch all;
  for (const PromptChunk& piece : pieces_) {
    const std::int64_t attention_ps = steps_.prompt_attention(piece.start, piece.end).duration_ps;
    const auto least =
        std::min_element(micro_batches_.begin(), micro_batches_.end(),
                         [](const MicroBatch& a, const MicroBatch& b) { return a.prompt_tokens < b.prompt_tokens; });
    for (MicroBatch* sum : {&*least, &all}) {
      sum->prompt_tokens += piece.tokens();
      sum->attention_ps += attention_ps;
    }
  }

  const StepPart& even = steps_.tokens(all.prompt_tokens + decode_tokens);
  StepPart longest{.duration_ps = even.duration_ps + all.attention_ps, .fabric_ps = even.fabric_ps};
  const std::int64_t even_ps = longest.duration_ps;
  for (const MicroBatch& batch : micro_batches_) {
    if (batch.prompt_tokens == 0) continue;
    const StepPart& alone = steps_.tokens(stages_ * batch.prompt_tokens + decode_tokens);
    const std::int64_t duration_ps = alone.duration_ps + stages_ * batch.attention_ps;
    if (duration_ps > longest.duration_ps) longest = {.duration_ps = duration_ps, .fabric_ps = alone.fabric_ps};
  }
  StepPart bubble = steps_.waiting(longest.duration_ps - even_ps);
  bubble.fabric_ps = std::clamp<std::int64_t>(longest.fabric_ps - even.fabric_ps, 0, bubble.duration_ps);
  return bubble;
}

}  // namespace tokenworks::llm
