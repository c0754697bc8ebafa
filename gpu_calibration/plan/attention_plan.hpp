// Which attention shapes are measured, in passes: a run that ends early has finished the first pass of all.
#pragma once

#include <cstdint>
#include <vector>

namespace tokenworks::gpu_calibration {

/// `window` 0: every earlier token is seen.
struct PromptPoint {
  std::int64_t sequences = 1, tokens = 0, prefix = 0, heads = 0, kv_heads = 0, head_dim = 0, window = 0;
};

struct DecodePoint {
  std::int64_t sequences = 1, context = 0, heads = 0, kv_heads = 0, head_dim = 0, window = 0;
};

struct LatentPromptPoint {
  std::int64_t sequences = 1, tokens = 0, prefix = 0, heads = 0;
};

struct LatentDecodePoint {
  std::int64_t sequences = 1, context = 0, heads = 0;
};

std::vector<std::vector<PromptPoint>> prompt_passes();
std::vector<std::vector<DecodePoint>> decode_passes();
std::vector<LatentPromptPoint> latent_prompt_points();
std::vector<LatentDecodePoint> latent_decode_points();

/// Splits of a decode over the context: enough blocks for `blocks_wanted` on the device, at least 256 tokens a split,
/// at most 64. Throws std::invalid_argument when an argument is below 1.
std::int64_t decode_splits(std::int64_t context, std::int64_t blocks_of_one_split, std::int64_t blocks_wanted);

}  // namespace tokenworks::gpu_calibration
