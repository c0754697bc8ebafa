#include "sim/policies/batching/options/options.hpp"

namespace tokenworks::batching {
namespace {

/// Source: sgl-project/sglang, server_args.py and docs, 2026: prompt budget, which copies of the attention share, page
/// size, memory share. The chunk size
/// follows the GPU's memory there; 8,192 for large GPUs is remembered (R).
class Sglang final : public EngineOption {
 public:
  Sglang() {
    settings_.host_per_sequence = Seconds(12e-6);
    settings_.expert_prompt_launch = Seconds(3.0e-3);
  }
  void visit(FieldVisitor& v) override {
    visit_version(v, settings_);
    visit_scheduler(v, settings_);
    visit_preemption(v, settings_);
    visit_prefix_cache(v, settings_);
    visit_chunking(v, settings_);
    field(v, "poll_interval_steps", poll_interval_steps_, "Decode steps between two looks for new requests",
          rule().at_least(1).at_most(1000).default_from('V', "sgl-project/sglang, server_args.py, 2026"));
    visit_host_overhead(v, settings_);
  }
  EngineProfile profile(const compute::GpuSpec& gpu, std::int64_t copies) const override {
    EngineProfile profile = resolve(
        settings_,
        {.max_batch_tokens = 16384, .max_sequences = copies * 1024, .kv_block_tokens = 1, .memory_share = 0.90});
    profile.shares_when_scheduled = false;
    profile.mixing = StepMixing::prompt_first;
    profile.copy_choice = CopyChoice::round_robin;
    profile.chunked_prompts = settings_.chunked_prompts.value_or(true);
    profile.poll_interval_steps = poll_interval_steps_;
    if (!settings_.max_prompt_chunk_tokens) profile.max_prompt_chunk_tokens = 8192;
    profile.kernels.collective_libraries = {"sglang", "nccl"};
    profile.kernels.fused_quantisation = has_fp4_units(gpu);
    // Its grouped products for DeepSeek models are DeepGEMM's or FlashInfer's (server_args.py, moe_runner_backend).
    profile.kernels.streaming_formats = {compute::NumberFormat::fp8_block, compute::NumberFormat::nvfp4};
    settle_kernels(settings_, profile.kernels);
    return profile;
  }

 private:
  EngineSettings settings_;
  std::int64_t poll_interval_steps_ = 1;
};

}  // namespace

std::unique_ptr<EngineOption> make_sglang() { return std::make_unique<Sglang>(); }

}  // namespace tokenworks::batching
