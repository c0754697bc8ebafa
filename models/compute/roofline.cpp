#include "models/compute/roofline.hpp"

#include <algorithm>

namespace tokenworks::compute {
namespace {

KernelCost with_energy(const GpuSpec& gpu, OperatorClass operator_class, const KernelLoad& load, double peak) {
  const UnitUse use = unit_use(load, gpu.memory_bandwidth, peak);
  return {load.seconds, load.seconds * board_power_w(gpu.power, operator_class, use)};
}

}  // namespace

KernelCost matrix_product(const GpuSpec& gpu, const ComputeRate& rate, const MatrixProduct& product) {
  const double weights = product.columns * product.inner;
  const double bytes = weights * product.bytes_per_weight +
                       product.rows * (product.inner * product.bytes_per_activation + product.columns * 2.0);
  const double memory_time = bytes / (gpu.memory_bandwidth.value * rate.weight_bandwidth_share);
  const double arithmetic_time =
      2.0 * weights * (product.rows + rate.half_rate_tokens) / (rate.peak_flop_per_s * rate.achieved_share);
  return with_energy(gpu, OperatorClass::matrix_product,
                     {.seconds = rate.fixed.value + std::max(memory_time, arithmetic_time),
                      .bytes = bytes,
                      .operations = 2.0 * weights * product.rows},
                     rate.peak_flop_per_s);
}

KernelCost expert_block(const GpuSpec& gpu, const ComputeRate& rate, const ExpertBlock& block) {
  const double bytes = block.experts_met * block.values_per_expert * block.bytes_per_weight;
  const double memory_time = bytes / (gpu.memory_bandwidth.value * gpu.expert_bandwidth_share);
  const double arithmetic_time = 2.0 * block.values_per_expert *
                                 (block.visits + block.experts_met * gpu.expert_half_rate_tokens) /
                                 (rate.peak_flop_per_s * gpu.expert_compute_share);
  return with_energy(gpu, OperatorClass::expert_block,
                     {.seconds = gpu.smallest_expert_block.value + std::max(memory_time, arithmetic_time),
                      .bytes = bytes,
                      .operations = 2.0 * block.values_per_expert * block.visits},
                     rate.peak_flop_per_s);
}

KernelCost elementwise_kernel(const GpuSpec& gpu, double bytes) {
  const double seconds =
      gpu.elementwise_kernel.value + bytes / (gpu.memory_bandwidth.value * gpu.elementwise_bandwidth_share);
  return with_energy(gpu, OperatorClass::elementwise, {.seconds = seconds, .bytes = bytes}, gpu.bf16.peak_flop_per_s);
}

}  // namespace tokenworks::compute
