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

/// Replicas on nodes of their own.
struct PoolInFactory {
  jobs::PoolRole role = jobs::PoolRole::serve;
  std::int64_t replicas = 1, first_node = 0, gpus = 1;  ///< GPUs of each
  std::optional<std::int64_t> in_service{};             ///< of the replicas, at the start; absent: all
  std::int64_t context_tokens = 65536;
  std::int64_t kv_tokens = 1 << 20;
  double kv_bytes_per_token = 10 * 2 * 8 * 128 * 2;  ///< of the model
  batching::EngineProfile profile;
  bool keeps_prefixes = false;
  jobs::KvTiers tiers;
};

class ServiceInFactory {
 public:
  /// The model: 10 layers of 8 heads of 128.
  class Model {
   public:
    Model() : kernels_(made_up_kernels()), board_(catalog_entry<compute::GpuSpec>("gpus", "h100_sxm5")) {
      board_.ratings = made_up_ratings();
      model_.layers = 10;
      model_.hidden = 1024;
      model_.vocabulary = 32768;
      model_.context_tokens = 65536;
      model_.grouped_attention = {{.layers = 10, .heads = 8, .kv_heads = 8, .head_dim = 128}};
      model_.dense_networks = {{.layers = 10, .intermediate = 4096}};
    }
    /// What it returns must not outlive this.
    std::unique_ptr<jobs::ServedModel> served(const PoolInFactory& pool) {
      jobs::ServedModel::Setup served;
      served.at_clock = [this](double clock_share) {
        jobs::StepModels models;
        models.steps = std::make_unique<llm::StepModel>(
            llm::StepModel::Setup{.gpu = board_,
                                  .kernels = {&kernels_},
                                  .model = model_,
                                  .precision = llm::Precision::bf16,
                                  .kv_format = llm::KvFormat::bf16,
                                  .parallelism = {},
                                  .variant = {.kernel_library = "tensorrt_llm", .collective_libraries = {"nccl"}},
                                  .host = {},
                                  .fabric = std::nullopt,
                                  .clock_share = clock_share},
            notes_);
        return models;
      };
      served.step_model = served.at_clock(1.0).steps;
      served.profile = pool.profile;
      served.kv_pool_tokens = pool.kv_tokens;
      served.context_tokens = pool.context_tokens;
      served.kv_bytes_per_token = Bytes(pool.kv_bytes_per_token);
      served.layers = 10;
      return std::make_unique<jobs::ServedModel>(std::move(served));
    }

   private:
    ValidityNotes notes_;
    compute::KernelSpec kernels_;
    compute::GpuSpec board_;
    llm::LlmSpec model_;
  };

  ServiceInFactory(SmallFactory& factory, jobs::RunEnd& run_end,
                   const std::vector<std::vector<placement::Slice>>& replicas, bool exact_iterations = false) {
    jobs::LlmService::Setup setup;
    setup.exact_iterations = exact_iterations;
    add_pool(setup, {}, replicas);
    make(factory, run_end, std::move(setup));
  }

  /// `setup` without pools and routers; these take replicas in turn.
  ServiceInFactory(SmallFactory& factory, jobs::RunEnd& run_end, const std::vector<PoolInFactory>& pools,
                   jobs::LlmService::Setup setup) {
    for (const PoolInFactory& pool : pools) {
      std::vector<std::vector<placement::Slice>> replicas;
      for (std::int64_t i = 0; i < pool.replicas; ++i)
        replicas.push_back({{.node = pool.first_node + i, .gpus = pool.gpus}});
      add_pool(setup, pool, replicas);
    }
    setup.fabric = &factory.fabric;
    make(factory, run_end, std::move(setup));
  }

  /// Another model for its replicas, of the same arithmetic.
  std::unique_ptr<jobs::ServedModel> served(const PoolInFactory& pool) { return model_.served(pool); }

 private:
  void add_pool(jobs::LlmService::Setup& setup, const PoolInFactory& pool,
                const std::vector<std::vector<placement::Slice>>& replicas) {
    jobs::PoolSetup& added = setup.pools.emplace_back();
    added.role = pool.role;
    added.model = model_.served(pool);
    added.replicas = replicas;
    added.in_service = pool.in_service;
    added.keeps_prefixes = pool.keeps_prefixes;
    added.tiers = pool.tiers;
  }

  void make(SmallFactory& factory, jobs::RunEnd& run_end, jobs::LlmService::Setup setup) {
    std::vector<routing::Candidate> entry, decode;
    for (std::size_t p = 0; p < setup.pools.size(); ++p) {
      std::vector<routing::Candidate>& list = setup.pools[p].role == jobs::PoolRole::decode ? decode : entry;
      list.insert(list.end(), setup.pools[p].replicas.size(), {.pool = static_cast<std::int32_t>(p)});
    }
    const Choice<routing::RouterOption> router(routing::router_options(), "round_robin");
    setup.name = "chat";
    setup.router = router->make({.candidates = entry});
    if (!decode.empty()) setup.decode_router = router->make({.candidates = decode});
    setup.series_interval = kPicosecondsPerSecond;
    service = std::make_unique<jobs::LlmService>(factory.simulation, factory.facility, run_end, std::move(setup));
  }

  Model model_;

 public:
  std::unique_ptr<jobs::LlmService> service;
};

}  // namespace tokenworks::tests
