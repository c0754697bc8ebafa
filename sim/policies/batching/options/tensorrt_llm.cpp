#include "sim/policies/batching/options/options.hpp"

namespace tokenworks::batching {
namespace {

/// Source: NVIDIA/TensorRT-LLM, tensorrt_llm/llmapi/llm_args.py and its guide to runtime flags, 2025-2026: share of
/// free memory, GUARANTEED_NO_EVICT. Batch size, token budget and block size are remembered (R).
class TensorRtLlm final : public EngineOption {
 public:
  TensorRtLlm() {
    settings_.expert_prompt_launch = Seconds(0.50e-3);
    settings_.latent_prompt_launch = Seconds(2.0e-3);
  }
  void visit(FieldVisitor& v) override {
    visit_version(v, settings_);
    visit_scheduler(v, settings_);
    visit_preemption(v, settings_);
    visit_prefix_cache(v, settings_);
    field(v, "batch_wait_token_share", batch_wait_token_share_,
          "Prompts are held until their tokens fill this share of max_batch_tokens; 0: never held. Acts without several "
          "copies of the attention alone",
          rule().share());
    field(v, "batch_wait_steps", batch_wait_steps_, "Decode steps after which held prompts are taken all the same",
          rule().at_least(0).at_most(1000));
    field(v, "prompt_balance_steps", prompt_balance_steps_,
          "With several copies of the attention: prompts wait until each copy has one, but no longer than so many steps "
          "(attention_dp_config: enable_balance, timeout_iters); 0: they do not wait",
          rule().at_least(0).at_most(10'000));
    field(v, "prompt_batch_steps", prompt_batch_steps_,
          "Steps for which they wait for more when each copy has one (batching_wait_iters); acts with "
          "prompt_balance_steps alone",
          rule().at_least(0).at_most(10'000));
    visit_host_overhead(v, settings_);
  }
  EngineProfile profile(const compute::GpuSpec& gpu, std::int64_t copies) const override {
    // Before 1.1 the host and the GPU took turns, and steps with prompts were launched kernel by kernel: both times
    // fitted to 118 runs of Llama 3.1 8B under 1.0.0rc3 (NVIDIA gap analysis).
    const bool overlaps = is_version_from(settings_, "1.1.0rc0");
    EngineProfile profile = resolve(settings_, {.max_batch_tokens = copies * 8192,
                                                .max_sequences = copies * 2048,
                                                .kv_block_tokens = 32,
                                                .memory_share = 0.90,
                                                .host_per_step_s = overlaps ? 0.10e-3 : 0.40e-3,
                                                .eager_step_per_layer_s = overlaps ? 0.0 : 0.60e-3});
    profile.shares_when_scheduled = false;
    profile.mixing = StepMixing::mixed;
    profile.copy_choice = CopyChoice::fewest_tokens;
    profile.chunked_prompts = false;
    profile.reserves_full_length = true;
    profile.share_of_free_memory = true;
    profile.batch_wait_token_share = batch_wait_token_share_;
    profile.batch_wait_steps = copies > 1 ? 0 : batch_wait_steps_;  // _torch/pyexecutor: not with attention copies
    profile.prompt_balance_steps = prompt_balance_steps_;
    profile.prompt_batch_steps = prompt_batch_steps_;
    profile.kernels.collective_libraries = {"tensorrt_llm", "nccl"};
    profile.kernels.fused_quantisation = overlaps;
    if (has_fp4_units(gpu) && is_version_from(settings_, "1.2.0rc0")) {
      profile.kernels.streaming_formats = {
          compute::NumberFormat::fp8_block};  // R1 in fp8 got faster by 30 % there (E: inferred)
    }
    settle_kernels(settings_, profile.kernels);
    return profile;
  }

 private:
  EngineSettings settings_;
  double batch_wait_token_share_ = 0.0;
  std::int64_t batch_wait_steps_ = 0, prompt_balance_steps_ = 0, prompt_batch_steps_ = 0;
};

}  // namespace

std::unique_ptr<EngineOption> make_tensorrt_llm() { return std::make_unique<TensorRtLlm>(); }

}  // namespace tokenworks::batching
