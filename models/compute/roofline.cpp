#include "models/compute/roofline.hpp"

#include <algorithm>

namespace tokenworks::compute {
namespace {

KernelCost roofline(const GpuSpec& gpu, double fixed, double memory_time, double arithmetic_time) {
  const double seconds = fixed + std::max(memory_time, arithmetic_time);
  return {seconds, seconds * blended_power_w(gpu, arithmetic_time / seconds)};
}

}  // namespace

double blended_power_w(const GpuSpec& gpu, double arithmetic_share) {
  const double memory = gpu.power.memory_bound.value;
  const double compute = gpu.power.compute_bound.value;
  return memory + (compute - memory) * std::clamp(arithmetic_share, 0.0, 1.0);
}

KernelCost matrix_product(const GpuSpec& gpu, const ComputeRate& rate, const MatrixProduct& product) {
  const double weights = product.columns * product.inner;
  const double bytes = weights * product.bytes_per_weight +
                       product.rows * (product.inner * product.bytes_per_activation + product.columns * 2.0);
  const double operations = 2.0 * weights * (product.rows + rate.half_rate_tokens);
  return roofline(gpu, rate.fixed.value, bytes / (gpu.memory_bandwidth.value * rate.weight_bandwidth_share),
                  operations / (rate.peak_flop_per_s * rate.achieved_share));
}

KernelCost expert_block(const GpuSpec& gpu, const ComputeRate& rate, const ExpertBlock& block) {
  const double bytes = block.experts_met * block.values_per_expert * block.bytes_per_weight;
  const double operations =
      2.0 * block.values_per_expert * (block.visits + block.experts_met * gpu.expert_half_rate_tokens);
  return roofline(gpu, gpu.smallest_expert_block.value,
                  bytes / (gpu.memory_bandwidth.value * gpu.expert_bandwidth_share),
                  operations / (rate.peak_flop_per_s * gpu.expert_compute_share));
}

KernelCost elementwise_kernel(const GpuSpec& gpu, double bytes) {
  const double seconds =
      gpu.elementwise_kernel.value + bytes / (gpu.memory_bandwidth.value * gpu.elementwise_bandwidth_share);
  return {seconds, seconds * gpu.power.memory_bound.value};
}

}  // namespace tokenworks::compute
