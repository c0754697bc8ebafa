#include "models/llm/lora.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "models/compute/clock.hpp"
#include "models/compute/kernel_time.hpp"
#include "models/llm/layout.hpp"

namespace tokenworks::llm {
namespace {

constexpr double kActivationBytes = 2.0;
constexpr double kBetweenBytes = 4.0;   // what shrink hands to expand
constexpr double kComputeShare = 0.25;  // of the bf16 rate (E)
constexpr double kLeastTile = 16.0;

}  // namespace

std::vector<LoraModel::Module> LoraModel::modules(const LlmSpec& model, const Parallelism& parallelism,
                                                  LoraTargets targets) {
  const GpuLayout gpu = gpu_layout(model, parallelism);
  std::vector<Module> list;
  const auto add = [&](double layers, double slices, const Matrix& matrix) {
    if (layers > 0.0 && matrix.values() > 0.0) list.push_back({layers, slices, matrix.inner, matrix.columns});
  };
  if (targets.attention) {
    std::size_t grouped = 0;
    for (const AttentionPart& part : gpu.attention) {
      switch (part.kind) {
        case AttentionPart::Kind::grouped: {
          const GroupedAttention& attention = model.grouped_attention[grouped++];
          std::size_t matrix = 0;
          add(part.layers, attention.shared_key_value ? 2.0 : 3.0, part.matrices[matrix++]);
          if (attention.query_rank > 0) add(part.layers, 1.0, part.matrices[matrix++]);
          add(part.layers, 1.0, part.matrices[matrix++]);
          if (attention.output_rank > 0) add(part.layers, 1.0, part.matrices[matrix]);
          break;
        }
        case AttentionPart::Kind::latent:  // compressed query and latent, queries, output; not the latent's expansion
          add(part.layers, 2.0, part.matrices[0]);
          add(part.layers, 1.0, part.matrices[1]);
          add(part.layers, 1.0, part.matrices[3]);
          break;
        case AttentionPart::Kind::linear:
          add(part.layers, 1.0, part.matrices[0]);
          add(part.layers, 1.0, part.matrices[1]);
          break;
      }
    }
  }
  if (targets.network) {
    for (std::size_t i = 0; i < gpu.networks.size(); ++i) {
      const NetworkPart& part = gpu.networks[i];
      if (part.activated_values <= 0.0) continue;
      const std::size_t dense = model.dense_networks.size();
      const std::int64_t matrices = i < dense ? model.dense_networks[i].matrices : model.experts[i - dense].matrices;
      add(part.layers, static_cast<double>(matrices - 1), part.matrices[0]);
      add(part.layers, 1.0, part.matrices[1]);
    }
  }
  return list;
}

double LoraModel::values(const std::vector<Module>& modules, double rank) {
  double sum = 0.0;
  for (const Module& module : modules) {
    sum += module.layers * rank * (module.slices * module.inner + module.columns);
  }
  return sum;
}

LoraModel::LoraModel(const compute::GpuSpec& gpu, const LlmSpec& model, const Parallelism& parallelism,
                     std::int64_t rank, LoraTargets targets)
    : gpu_(gpu),
      rank_(static_cast<double>(rank)),
      groups_(static_cast<double>(parallelism.attention_data * parallelism.pipeline)),
      modules_(modules(model, parallelism, targets)) {
  if (rank < 1) throw std::invalid_argument("LoRA: an adapter has at least rank 1, not " + std::to_string(rank));
  if (modules_.empty()) throw std::invalid_argument("LoRA: no target in model '" + model.title + "'");
  parameters_ = values(modules(model, Parallelism{}, targets), rank_);
  bytes_per_gpu_ = gpu_layout(model, parallelism).stage_share * values(modules_, rank_) * kBytes;
}

StepPart LoraModel::step(std::int64_t tokens, std::int64_t distinct, double clock_share) const {
  if (tokens < 0 || distinct < 0) {
    throw std::invalid_argument("LoRA: " + std::to_string(tokens) + " tokens with " + std::to_string(distinct) +
                                " adapters");
  }
  if (tokens == 0 || distinct == 0) return {};
  const double rows = std::ceil(static_cast<double>(tokens) / groups_);
  const double read = std::min(static_cast<double>(distinct), rows);
  const double bandwidth = gpu_.elementwise_bandwidth_share * gpu_.ratings.memory_bandwidth.value;
  const double rate = kComputeShare * gpu_.ratings.bf16_flop_per_s;
  const double tile = std::max(rank_, kLeastTile);
  double seconds = 0.0, joules = 0.0;
  const auto launch = [&](double layers, double bytes, double operations) {
    const double kernel_s = gpu_.elementwise_kernel.value + std::max(bytes / bandwidth, operations / rate);
    const compute::KernelRun run =
        compute::run_at_clock(gpu_.power, compute::OperatorClass::expert_block,
                              {.seconds = kernel_s, .bytes = bytes, .operations = operations},
                              gpu_.ratings.memory_bandwidth, gpu_.ratings.bf16_flop_per_s, clock_share);
    seconds += layers * run.seconds;
    joules += layers * run.seconds * run.watts;
  };
  for (const Module& module : modules_) {
    const double between = rows * module.slices * rank_ * kBetweenBytes;
    launch(module.layers,
           read * module.slices * rank_ * module.inner * kBytes + rows * module.inner * kActivationBytes + between,
           2.0 * rows * module.slices * tile * module.inner);
    launch(module.layers,
           read * rank_ * module.columns * kBytes + between + 2.0 * rows * module.columns * kActivationBytes,
           2.0 * rows * tile * module.columns);
  }
  return {.duration_ps = std::llround(seconds * 1e12), .gpu_energy_j = joules};
}

}  // namespace tokenworks::llm
