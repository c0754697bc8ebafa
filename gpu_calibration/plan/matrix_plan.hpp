// Which matrix products are measured, and in which order: the products of real layers, each shape once.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace tokenworks::gpu_calibration {

/// A weight matrix of one GPU: `columns` outputs of `inner` inputs.
struct WeightShape {
  std::int64_t columns = 0, inner = 0;
  auto operator<=>(const WeightShape&) const = default;
};

/// Projections, dense feed-forward, shared expert, router and head of all measured architectures, split over 1, 2, 4
/// and 8 GPUs as Megatron-LM splits them; without duplicates, sorted by size.
std::vector<WeightShape> layer_weights();

struct MatrixPoint {
  std::int64_t rows = 0, columns = 0, inner = 0;
  auto operator<=>(const MatrixPoint&) const = default;
};

/// Points in passes; a run that ends early has finished passes for all shapes. The first pass has few rows a shape,
/// the later ones fill in between; together rows go from 1 to 16384 in powers of 2.
std::vector<std::vector<MatrixPoint>> matrix_passes();

struct BatchedPoint {
  std::int64_t batches = 0, rows = 0, columns = 0, inner = 0;
};

/// Small products in a batch, one a head: what absorbs the up-projections of latent attention in decoding.
std::vector<BatchedPoint> batched_points();

struct ExpertPoint {
  std::int64_t tokens = 0, hidden = 0, intermediate = 0, experts = 0, active = 0, tensor = 1, expert = 1;
  std::string distribution;  ///< "balanced" or "power_law_1.2"
};

/// Expert blocks in passes, as above. `intermediate` is that of the model; one GPU holds intermediate / tensor of
/// experts / expert experts.
std::vector<std::vector<ExpertPoint>> expert_passes();

/// The experts of each token, token by token, `active` different ones each. Balanced: every expert is drawn equally
/// often, give or take one. Power law: expert i has the weight (i + 1)^-exponent in a shuffled order. The same seed
/// gives the same answer. Throws std::invalid_argument for an unknown distribution.
std::vector<std::int32_t> routed_experts(const ExpertPoint& point, std::uint64_t seed);

}  // namespace tokenworks::gpu_calibration
