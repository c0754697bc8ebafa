// The models whose layers decide which shapes are measured.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tokenworks::gpu_calibration {

/// Latent attention (MLA); all zero in a model without.
struct LatentSizes {
  std::int64_t query_rank = 0, kv_rank = 0, rope_dim = 0, nope_dim = 0, value_dim = 0;
};

/// Routed experts; all zero in a dense model.
struct ExpertSizes {
  std::int64_t count = 0, active = 0, intermediate = 0;
};

struct MeasuredArchitecture {
  std::string_view name;    ///< catalog id
  std::string_view source;  ///< where its sizes stand
  std::int64_t hidden = 0, intermediate = 0, vocabulary = 0;
  std::int64_t heads = 0, kv_heads = 0, head_dim = 0;
  LatentSizes latent;
  ExpertSizes experts;
};

/// All of them, the smallest first.
std::span<const MeasuredArchitecture> measured_architectures();

}  // namespace tokenworks::gpu_calibration
