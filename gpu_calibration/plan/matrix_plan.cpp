#include "gpu_calibration/plan/matrix_plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>

#include "gpu_calibration/plan/architectures.hpp"

namespace tokenworks::gpu_calibration {
namespace {

constexpr std::int64_t kSplits[] = {1, 2, 4, 8};

/// fp8 and fp4 kernels want multiples of 16 and 32; engines pad the odd ones (2880 / 8 = 360) in the same way.
std::int64_t padded(std::int64_t size) { return (size + 31) / 32 * 32; }

void add_attention(const MeasuredArchitecture& model, std::int64_t split, std::vector<WeightShape>& weights) {
  const std::int64_t hidden = padded(model.hidden);
  if (model.latent.kv_rank > 0) {
    const LatentSizes& latent = model.latent;
    const std::int64_t heads = model.heads / split;
    weights.push_back({padded(latent.query_rank + latent.kv_rank + latent.rope_dim), hidden});
    weights.push_back({heads * (latent.nope_dim + latent.rope_dim), latent.query_rank});
    weights.push_back({heads * (latent.nope_dim + latent.value_dim), latent.kv_rank});
    weights.push_back({hidden, heads * latent.value_dim});
    return;
  }
  const std::int64_t heads = model.heads / split;
  const std::int64_t kv_heads = std::max<std::int64_t>(1, model.kv_heads / split);
  weights.push_back({(heads + 2 * kv_heads) * model.head_dim, hidden});
  weights.push_back({hidden, heads * model.head_dim});
}

void add_feed_forward(const MeasuredArchitecture& model, std::int64_t split, std::vector<WeightShape>& weights) {
  const std::int64_t hidden = padded(model.hidden);
  const bool has_shared_expert = model.latent.kv_rank > 0;
  for (const std::int64_t width : {model.intermediate, has_shared_expert ? model.experts.intermediate : 0}) {
    if (width == 0) continue;
    weights.push_back({2 * padded(width / split), hidden});
    weights.push_back({hidden, padded(width / split)});
  }
}

std::vector<std::int64_t> rows_of_pass(int pass) {
  if (pass == 0) return {1, 16, 64, 256, 1024, 4096, 16384};
  if (pass == 1) return {8, 128, 512, 2048, 8192};
  return {2, 4, 32};
}

double work(const WeightShape& shape) { return static_cast<double>(shape.columns) * static_cast<double>(shape.inner); }

std::vector<std::int32_t> balanced(const ExpertPoint& point, std::mt19937_64& random) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(point.experts));
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  std::vector<std::int32_t> chosen;
  for (std::int64_t i = 0; i < point.tokens * point.active; ++i) {
    chosen.push_back(order[static_cast<std::size_t>(i % point.experts)]);
  }
  return chosen;
}

/// Efraimidis and Spirakis (2006): the `active` largest of log(u) / weight are a weighted draw without replacement.
std::vector<std::int32_t> by_power_law(const ExpertPoint& point, double exponent, std::mt19937_64& random) {
  const auto experts = static_cast<std::size_t>(point.experts);
  std::vector<std::int32_t> order(experts);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  std::uniform_real_distribution<double> uniform(1e-12, 1.0);
  std::vector<std::pair<double, std::int32_t>> keys(experts);
  std::vector<std::int32_t> chosen;
  for (std::int64_t token = 0; token < point.tokens; ++token) {
    for (std::size_t i = 0; i < experts; ++i) {
      keys[i] = {-std::log(uniform(random)) * std::pow(static_cast<double>(i + 1), exponent), order[i]};
    }
    std::partial_sort(keys.begin(), keys.begin() + point.active, keys.end());
    for (std::int64_t k = 0; k < point.active; ++k) chosen.push_back(keys[static_cast<std::size_t>(k)].second);
  }
  return chosen;
}

}  // namespace

std::vector<WeightShape> layer_weights() {
  std::vector<WeightShape> weights;
  for (const MeasuredArchitecture& model : measured_architectures()) {
    for (const std::int64_t split : kSplits) {
      add_attention(model, split, weights);
      add_feed_forward(model, split, weights);
    }
    weights.push_back({padded(model.vocabulary / 8), padded(model.hidden)});                      // head, of 8 GPUs
    if (model.experts.count > 0) weights.push_back({model.experts.count, padded(model.hidden)});  // router
  }
  std::sort(weights.begin(), weights.end(),
            [](const WeightShape& a, const WeightShape& b) { return work(a) != work(b) ? work(a) < work(b) : a < b; });
  weights.erase(std::unique(weights.begin(), weights.end()), weights.end());
  return weights;
}

std::vector<std::vector<MatrixPoint>> matrix_passes() {
  const std::vector<WeightShape> weights = layer_weights();
  std::vector<std::vector<MatrixPoint>> passes;
  for (int pass = 0; pass < 3; ++pass) {
    std::vector<MatrixPoint> points;
    for (const std::int64_t rows : rows_of_pass(pass)) {
      for (const WeightShape& shape : weights) points.push_back({rows, shape.columns, shape.inner});
    }
    passes.push_back(std::move(points));
  }
  return passes;
}

std::vector<BatchedPoint> batched_points() {
  std::vector<BatchedPoint> points;
  for (const MeasuredArchitecture& model : measured_architectures()) {
    if (model.latent.kv_rank == 0) continue;
    for (const std::int64_t split : kSplits) {
      for (const std::int64_t rows : {1, 8, 32, 128, 512}) {
        points.push_back({model.heads / split, rows, model.latent.kv_rank, model.latent.nope_dim});
        points.push_back({model.heads / split, rows, model.latent.value_dim, model.latent.kv_rank});
      }
    }
  }
  return points;
}

std::vector<std::vector<ExpertPoint>> expert_passes() {
  std::vector<std::vector<ExpertPoint>> passes(2);
  for (const MeasuredArchitecture& model : measured_architectures()) {
    if (model.experts.count == 0) continue;
    const ExpertSizes& experts = model.experts;
    const auto add = [&](std::size_t pass, std::int64_t tokens, std::int64_t tensor, std::int64_t expert,
                         const char* distribution) {
      passes[pass].push_back(
          {tokens, model.hidden, experts.intermediate, experts.count, experts.active, tensor, expert, distribution});
    };
    for (const std::int64_t tokens : {1, 8, 64, 512, 4096}) {
      add(0, tokens, 4, 1, "power_law_1.2");
      add(0, tokens, 1, 8, "balanced");
    }
    for (const std::int64_t tokens : {4, 32, 256, 2048, 16384}) add(1, tokens, 4, 1, "power_law_1.2");
    for (const std::int64_t tokens : {1, 16, 128, 1024, 8192}) {
      add(1, tokens, 8, 1, "power_law_1.2");
      add(1, tokens, 8, 1, "balanced");
    }
  }
  return passes;
}

std::vector<std::int32_t> routed_experts(const ExpertPoint& point, std::uint64_t seed) {
  if (point.active < 1 || point.active > point.experts) {
    throw std::invalid_argument("active experts must be from 1 to " + std::to_string(point.experts) + ", not " +
                                std::to_string(point.active));
  }
  std::mt19937_64 random(seed);
  if (point.distribution == "balanced") return balanced(point, random);
  if (point.distribution == "power_law_1.2") return by_power_law(point, 1.2, random);
  throw std::invalid_argument("there is no distribution " + point.distribution +
                              "; there are: balanced, power_law_1.2");
}

}  // namespace tokenworks::gpu_calibration
