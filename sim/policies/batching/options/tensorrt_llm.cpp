#include "sim/policies/batching/options/options.hpp"

namespace tokenworks::batching {
namespace {

/// Source: NVIDIA/TensorRT-LLM, tensorrt_llm/llmapi/llm_args.py and its guide to runtime flags, 2025-2026: share of free
/// memory, GUARANTEED_NO_EVICT. Batch size, token budget and block size are remembered (R).
class TensorRtLlm final : public EngineOption {
 public:
  void visit(FieldVisitor& v) override {
    visit_version(v, settings_);
    visit_scheduler(v, settings_);
    field(v, "batch_wait_token_share", batch_wait_token_share_,
          "Prompts are held until their tokens fill this share of max_batch_tokens; 0: never held", rule().share());
    field(v, "batch_wait_steps", batch_wait_steps_, "Decode steps after which held prompts are taken all the same",
          rule().at_least(0).at_most(1000));
    visit_host_overhead(v, settings_);
  }
  EngineProfile profile(const compute::GpuSpec&) const override {
    EngineProfile profile = resolve(settings_, {.max_batch_tokens = 8192,
                                                .max_sequences = 2048,
                                                .kv_block_tokens = 32,
                                                .memory_share = 0.90});
    profile.mixing = StepMixing::mixed;
    profile.chunked_prompts = false;
    profile.reserves_full_length = true;
    profile.share_of_free_memory = true;
    profile.batch_wait_token_share = batch_wait_token_share_;
    profile.batch_wait_steps = batch_wait_steps_;
    profile.kernels.collective_libraries = {"tensorrt_llm", "nccl"};
    profile.kernels.fused_quantisation = is_version_from(settings_, "1.1.0rc0");
    settle_kernels(settings_, profile.kernels);
    return profile;
  }

 private:
  EngineSettings settings_;
  double batch_wait_token_share_ = 0.0;
  std::int64_t batch_wait_steps_ = 0;
};

}  // namespace

std::unique_ptr<EngineOption> make_tensorrt_llm() { return std::make_unique<TensorRtLlm>(); }

}  // namespace tokenworks::batching
