// A service of a small model with made-up kernels in a small factory, for tests of what moves for it.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "models/llm/step_model.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "tests/models/made_up_kernels.hpp"
#include "tests/resources/small_factory.hpp"

namespace tokenworks::tests {

class ServiceInFactory {
 public:
  struct Options {
    std::optional<std::int64_t> in_service{};  ///< of the replicas, at the start; absent: all
    std::optional<std::int64_t> max_sequences{};
  };
  ServiceInFactory(SmallFactory& factory, jobs::RunEnd& run_end,
                   const std::vector<std::vector<placement::Slice>>& replicas, Options options)
      : kernels_(made_up_kernels()), board_(catalog_entry<compute::GpuSpec>("gpus", "h100_sxm5")) {
    board_.ratings = made_up_ratings();
    model_.layers = 10;
    model_.hidden = 1024;
    model_.vocabulary = 32768;
    model_.context_tokens = 65536;
    model_.grouped_attention = {{.layers = 10, .heads = 8, .kv_heads = 8, .head_dim = 128}};
    model_.dense_networks = {{.layers = 10, .intermediate = 4096}};
    jobs::LlmService::Setup setup;
    setup.name = "chat";
    setup.pools.emplace_back().model = make_model(65536, options.max_sequences);
    setup.pools.back().replicas = replicas;
    setup.pools.back().in_service = options.in_service;
    setup.router = Choice<routing::RouterOption>(routing::router_options(), "round_robin")
                       ->make({.candidates = std::vector<routing::Candidate>(replicas.size())});
    setup.series_interval = kPicosecondsPerSecond;
    service = std::make_unique<jobs::LlmService>(factory.simulation, factory.facility, run_end, std::move(setup));
  }

  ServiceInFactory(SmallFactory& factory, jobs::RunEnd& run_end,
                   const std::vector<std::vector<placement::Slice>>& replicas)
      : ServiceInFactory(factory, run_end, replicas, {}) {}

  std::unique_ptr<jobs::ServedModel> make_model(std::int64_t context_tokens,
                                                std::optional<std::int64_t> max_sequences = {}) {
    jobs::ServedModel::Setup served;
    if (max_sequences) served.profile.max_sequences = *max_sequences;
    served.step_model = std::make_unique<llm::StepModel>(
        llm::StepModel::Setup{.gpu = board_,
                              .kernels = {&kernels_},
                              .model = model_,
                              .precision = llm::Precision::bf16,
                              .kv_format = llm::KvFormat::bf16,
                              .parallelism = {},
                              .variant = {.kernel_library = "tensorrt_llm", .collective_libraries = {"nccl"}},
                              .host = {},
                              .fabric = std::nullopt},
        notes_);
    served.kv_pool_tokens = 1 << 20;
    served.context_tokens = context_tokens;
    return std::make_unique<jobs::ServedModel>(std::move(served));
  }

 private:
  ValidityNotes notes_;
  compute::KernelSpec kernels_;
  compute::GpuSpec board_;
  llm::LlmSpec model_;

 public:
  std::unique_ptr<jobs::LlmService> service;
};

}  // namespace tokenworks::tests
