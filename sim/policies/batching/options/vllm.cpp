#include <algorithm>

#include "sim/policies/batching/options/options.hpp"

namespace tokenworks::batching {
namespace {

/// Source: vllm-project/vllm, vllm/config and vllm/engine/arg_utils.py, 2026: budget of the API server, sequences and
/// memory share; host overhead: InferenceX runs fitted by step time (pooled over engines).
class Vllm final : public EngineOption {
 public:
  Vllm() {
    settings_.host_per_sequence = Seconds(12e-6);
    settings_.dense_prompt_launch = Seconds(0.30e-3);
    settings_.latent_prompt_launch = Seconds(1.1e-3);
  }
  void visit(FieldVisitor& v) override {
    visit_version(v, settings_);
    visit_scheduler(v, settings_);
    visit_preemption(v, settings_);
    visit_prefix_cache(v, settings_);
    visit_chunking(v, settings_);
    visit_host_overhead(v, settings_);
  }
  EngineProfile profile(const compute::GpuSpec& gpu, std::int64_t copies) const override {
    const bool large_gpu = gpu.memory >= kLargeGpuMemory;
    EngineProfile profile = resolve(settings_, {.max_batch_tokens = copies * (large_gpu ? 8192 : 2048),
                                                .max_sequences = copies * (large_gpu ? 1024 : 256),
                                                .kv_block_tokens = 16,
                                                .memory_share = 0.92,
                                                .runtime_reserve = std::min(Bytes(4e9), gpu.memory * kReserveShare)});
    profile.mixing = StepMixing::mixed;
    profile.copy_choice = CopyChoice::least_loaded;
    profile.chunked_prompts = settings_.chunked_prompts.value_or(true);
    profile.kernels.collective_libraries = {"vllm", "nccl"};
    // Recipes for Blackwell switch the fusion of norms, activations and quantisation on.
    profile.kernels.fused_quantisation = has_fp4_units(gpu);
    settle_kernels(settings_, profile.kernels);
    return profile;
  }

 private:
  /// A log of vLLM 0.19.0 on an RTX 4090 (41,408 tokens of Llama 3.1 8B in bf16) leaves 1.24 GB beside the weights.
  static constexpr double kReserveShare = 0.05;
  static constexpr Bytes kLargeGpuMemory{70.0 * 1073741824.0};
  EngineSettings settings_;
};

}  // namespace

std::unique_ptr<EngineOption> make_vllm() { return std::make_unique<Vllm>(); }

}  // namespace tokenworks::batching
