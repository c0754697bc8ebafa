#include "gpu_calibration/plan/attention_plan.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace tokenworks::gpu_calibration {
namespace {

/// Heads of one GPU and where they occur.
struct HeadShape {
  std::int64_t heads, kv_heads, head_dim;
};

// Llama 3.1 8B; 70B and Qwen3 32B on 2, 4 and 8 GPUs; Qwen3 235B on 4; gpt-oss 120B on 1 and 8 (config.json of each).
constexpr HeadShape kFirst[] = {{32, 8, 128}, {8, 1, 128}, {64, 8, 64}};
constexpr HeadShape kSecond[] = {{32, 4, 128}, {16, 2, 128}, {16, 1, 128}, {8, 1, 64}};

void add_prompts(const HeadShape& shape, bool fine, std::vector<PromptPoint>& points) {
  const auto add = [&](std::int64_t sequences, std::int64_t tokens, std::int64_t prefix, std::int64_t window) {
    points.push_back({sequences, tokens, prefix, shape.heads, shape.kv_heads, shape.head_dim, window});
  };
  for (const std::int64_t tokens : {128, 512, 2048, 8192, 32768}) add(1, tokens, 0, 0);
  for (const std::int64_t prefix : {1024, 8192, 32768}) add(1, 1024, prefix, 0);
  add(16, 512, 0, 0);
  if (shape.head_dim == 64) {
    for (const std::int64_t tokens : {512, 4096, 16384}) add(1, tokens, 0, 128);  // gpt-oss slides over 128 tokens
  }
  if (!fine) return;
  for (const std::int64_t tokens : {256, 1024, 4096, 16384}) add(1, tokens, 0, 0);
  add(4, 2048, 0, 0);
  add(1, 256, 16384, 0);
}

void add_decodes(const HeadShape& shape, bool fine, std::vector<DecodePoint>& points) {
  const auto add = [&](std::int64_t sequences, std::int64_t context, std::int64_t window) {
    points.push_back({sequences, context, shape.heads, shape.kv_heads, shape.head_dim, window});
  };
  for (const std::int64_t sequences : {1, 8, 64, 256}) {
    for (const std::int64_t context : {128, 1024, 4096, 16384, 65536}) {
      if (sequences * context <= (1 << 20)) add(sequences, context, 0);
    }
  }
  if (shape.head_dim == 64) {
    for (const std::int64_t sequences : {1, 64}) add(sequences, 8192, 128);
  }
  if (!fine) return;
  for (const std::int64_t sequences : {4, 16, 32, 128}) {
    for (const std::int64_t context : {512, 2048, 8192, 32768}) {
      if (sequences * context <= (1 << 20)) add(sequences, context, 0);
    }
  }
}

}  // namespace

std::vector<std::vector<PromptPoint>> prompt_passes() {
  std::vector<std::vector<PromptPoint>> passes(2);
  for (const HeadShape& shape : kFirst) add_prompts(shape, false, passes[0]);
  for (const HeadShape& shape : kSecond) add_prompts(shape, true, passes[1]);
  return passes;
}

std::vector<std::vector<DecodePoint>> decode_passes() {
  std::vector<std::vector<DecodePoint>> passes(2);
  for (const HeadShape& shape : kFirst) add_decodes(shape, false, passes[0]);
  for (const HeadShape& shape : kSecond) add_decodes(shape, true, passes[1]);
  return passes;
}

std::vector<LatentPromptPoint> latent_prompt_points() {
  std::vector<LatentPromptPoint> points;
  for (const std::int64_t heads : {16, 128}) {  // DeepSeek R1 on 8 GPUs, and with data-parallel attention
    for (const std::int64_t tokens : {256, 1024, 4096, 16384}) points.push_back({1, tokens, 0, heads});
    points.push_back({1, 1024, 8192, heads});
  }
  return points;
}

std::vector<LatentDecodePoint> latent_decode_points() {
  std::vector<LatentDecodePoint> points;
  for (const std::int64_t heads : {16, 64, 128}) {
    for (const std::int64_t sequences : {1, 8, 64, 128}) {
      for (const std::int64_t context : {512, 2048, 8192, 32768}) {
        if (sequences * context <= (1 << 20)) points.push_back({sequences, context, heads});
      }
    }
  }
  return points;
}

std::int64_t decode_splits(std::int64_t context, std::int64_t blocks_of_one_split, std::int64_t blocks_wanted) {
  if (context < 1 || blocks_of_one_split < 1 || blocks_wanted < 1) {
    throw std::invalid_argument("splits of context " + std::to_string(context) + ", blocks " +
                                std::to_string(blocks_of_one_split) + " and " + std::to_string(blocks_wanted) +
                                ": each must be at least 1");
  }
  const std::int64_t by_blocks = (blocks_wanted + blocks_of_one_split - 1) / blocks_of_one_split;
  const std::int64_t by_context = (context + 255) / 256;
  return std::clamp<std::int64_t>(std::min(by_blocks, by_context), 1, 64);
}

}  // namespace tokenworks::gpu_calibration
