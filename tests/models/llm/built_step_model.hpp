// Step models for tests, with all that they refer to.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/llm/step_model.hpp"
#include "tests/models/catalog_entry.hpp"
#include "tests/models/kernel_entries.hpp"
#include "tests/models/made_up_kernels.hpp"

namespace tokenworks::tests {

inline llm::LlmSpec model(const std::string& id) { return catalog_entry<llm::LlmSpec>("models", id); }
inline compute::GpuSpec gpu(const std::string& id) { return catalog_entry<compute::GpuSpec>("gpus", id); }

inline const llm::HostOverhead kHost{.per_step_s = 1e-4, .per_sequence_s = 5e-6};

/// A step model with what it refers to.
struct Built {
  Built(compute::GpuSpec board_in, std::vector<const compute::KernelSpec*> kernels, llm::LlmSpec spec_in,
        llm::Precision precision, llm::Parallelism parallelism,
        std::optional<network::FabricLinks> fabric = std::nullopt, double clock_share = 1.0)
      : board(std::move(board_in)),
        spec(std::move(spec_in)),
        step({.gpu = board,
              .kernels = std::move(kernels),
              .model = spec,
              .precision = precision,
              .kv_format = llm::usual_kv_format(precision),
              .parallelism = parallelism,
              .variant = {.kernel_library = "tensorrt_llm", .collective_libraries = {"tensorrt_llm", "nccl"}},
              .host = kHost,
              .fabric = fabric,
              .clock_share = clock_share},
             notes) {}
  Built(const std::string& gpu_id, llm::LlmSpec spec_in, llm::Precision precision, llm::Parallelism parallelism,
        std::optional<network::FabricLinks> fabric = std::nullopt, double clock_share = 1.0)
      : Built(gpu(gpu_id), kernel_entries(gpu(gpu_id)), std::move(spec_in), precision, parallelism, fabric,
              clock_share) {}

  ValidityNotes notes;
  compute::GpuSpec board;
  llm::LlmSpec spec;
  llm::StepModel step;
};

/// 10 layers of 1,024 values, 8 heads of 128 over 8 KV heads, inner width 4,096, 32,768 tokens.
inline llm::LlmSpec small_model() {
  llm::LlmSpec spec;
  spec.title = "small";
  spec.layers = 10;
  spec.hidden = 1024;
  spec.vocabulary = 32768;
  spec.context_tokens = 65536;
  spec.grouped_attention = {{.layers = 10, .heads = 8, .kv_heads = 8, .head_dim = 128}};
  spec.dense_networks = {{.layers = 10, .intermediate = 4096}};
  return spec;
}

inline compute::GpuSpec made_up_gpu() {
  compute::GpuSpec board = gpu("h100_sxm5");
  board.ratings = made_up_ratings();
  board.elementwise_bandwidth_share = 1.0;
  board.elementwise_kernel = Seconds(1e-6);
  return board;
}

}  // namespace tokenworks::tests
