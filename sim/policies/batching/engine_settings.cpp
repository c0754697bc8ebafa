#include <algorithm>
#include <vector>

#include "sim/policies/batching/options/options.hpp"

namespace tokenworks::batching {

void visit_version(FieldVisitor& v, EngineSettings& settings) {
  field(v, "version", settings.version,
        "Version of the engine, such as 0.18.0: chooses kernels and defaults; the newest known when absent");
  field(v, "kernel_library", settings.kernel_library,
        "Library whose kernel times go first, such as vllm; by engine, version and GPU when absent");
  field(v, "fused_quantisation", settings.fused_quantisation,
        "Activations are quantised inside the kernel before; by engine, version and GPU when absent");
  field(v, "streaming_experts", settings.streaming_experts,
        "Routed experts run a kernel that streams the experts met, faster than those tabulated; by engine, version and "
        "GPU when absent");
}

void visit_scheduler(FieldVisitor& v, EngineSettings& settings) {
  field(
      v, "max_batch_tokens", settings.max_batch_tokens,
      "Most tokens of one step, shared evenly by copies of the attention; of a pipeline, of each of its micro-batches, "
      "one a stage in flight; when absent the engine's default, which vllm and tensorrt_llm have for each copy",
      rule().at_least(1).at_most(262144));
  field(
      v, "max_sequences", settings.max_sequences,
      "Most requests running at once, shared evenly by copies of the attention; when absent the engine's default, for "
      "each copy",
      rule().at_least(1).at_most(65536));
  field(v, "kv_block_tokens", settings.kv_block_tokens,
        "Tokens of one KV cache block; the engine's default when absent", rule().at_least(1).at_most(256));
  field(v, "memory_share", settings.memory_share,
        "Share of GPU memory for the engine (tensorrt_llm: of what weights leave free); its default when absent",
        rule().above(0).at_most(1));
  scaled_field(v, "runtime_reserve_gb", settings.runtime_reserve, 1e9,
               "Memory of a GPU for activations and libraries; when absent 4 GB, less on small GPUs under vllm",
               rule().at_least(0));
  field(v, "max_waiting", settings.max_waiting,
        "Requests waiting at one replica beyond which more are rejected; 0: no limit", rule().at_least(0));
}

constexpr std::string_view kPreemptions[] = {"recompute", "swap"};

void visit_preemption(FieldVisitor& v, EngineSettings& settings) {
  field(
      v, "preemption", settings.preemption,
      "What becomes of the keys and values of a request that is preempted while it decodes: it computes them again, or "
      "they go to host memory and come back (vLLM until 0.10; here for every engine)",
      rule().one_of(kPreemptions));
  scaled_field(v, "swap_gb", settings.swap_room, 1e9,
               "Host memory of a replica for preempted requests; those that do not fit compute again", rule().above(0));
}

void visit_prefix_cache(FieldVisitor& v, EngineSettings& settings) {
  field(v, "prefix_cache", settings.prefix_cache,
        "Blocks of prompts and answers are kept, least recently used ones leave first, and prompts that begin alike "
        "share them; acts on workloads that say what their prompts have in common");
}

void visit_chunking(FieldVisitor& v, EngineSettings& settings) {
  field(v, "chunked_prompts", settings.chunked_prompts, "A prompt may be split over steps; on when absent");
  field(v, "max_prompt_chunk_tokens", settings.max_prompt_chunk_tokens,
        "Longest piece of one prompt in a step, or micro-batch of a pipeline; the engine's default when absent",
        rule().at_least(1).at_most(262144));
}

void visit_host_overhead(FieldVisitor& v, EngineSettings& settings) {
  field(v, "host_per_step_s", settings.host_per_step,
        "Host time of every step; when absent 0.1 ms (pooled fit to 1,229 InferenceX points), longer in old versions",
        rule().at_least(0).at_most(1));
  field(v, "host_per_sequence_s", settings.host_per_sequence, "Host time of a step for each sequence in it",
        rule().at_least(0).at_most(1).default_from(
            'E', "by engine: InferenceX fits 6 to 15 us, steps of ML.ENERGY with hundreds of sequences up to 40 us"));
  field(v, "request_overhead_s", settings.request_overhead, "Request path outside the engine, before the first step",
        rule().at_least(0).at_most(60).default_from('E', "pooled fit to InferenceX points, not identified: 0.4-26 ms"));
  const std::string_view source = "by engine, fitted to TTFT of InferenceX runs on B200";
  field(v, "dense_prompt_launch_s", settings.dense_prompt_launch,
        "Host work for a new prompt, a layer of a model without experts",
        rule().at_least(0).at_most(1).default_from('E', source));
  field(v, "expert_prompt_launch_s", settings.expert_prompt_launch, "The same for a model with experts",
        rule().at_least(0).at_most(1).default_from('C', source));
  field(v, "latent_prompt_launch_s", settings.latent_prompt_launch,
        "The same for a model with experts and latent attention",
        rule().at_least(0).at_most(1).default_from('C', source));
  field(v, "eager_step_per_layer_s", settings.eager_step_per_layer,
        "Shortest step with a prompt, a layer of the model, where its kernels are launched one by one; when absent 0, "
        "longer in old versions",
        rule().at_least(0).at_most(1));
}

namespace {
/// The numbers of a version, a release candidate below its release: "1.2.0rc6.post2" is {1, 2, 0, -1, 6, 2}.
std::vector<std::int64_t> numbers_of(std::string_view version) {
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < version.size();) {
    if (version.substr(i, 2) == "rc") {
      numbers.resize(std::max<std::size_t>(numbers.size(), 3), 0);
      numbers.push_back(-1);
      i += 2;
      continue;
    }
    if (version[i] < '0' || version[i] > '9') {
      ++i;
      continue;
    }
    std::int64_t number = 0;
    for (; i < version.size() && version[i] >= '0' && version[i] <= '9'; ++i) {
      number = std::min<std::int64_t>(10 * number + (version[i] - '0'), 1'000'000'000);
    }
    numbers.push_back(number);
  }
  return numbers;
}
}  // namespace

bool is_version_from(const EngineSettings& settings, std::string_view first) {
  if (!settings.version || settings.version->empty()) return true;
  const char begin = settings.version->front();
  if (begin < '0' || begin > '9') return true;  // a build of the main branch
  const std::vector<std::int64_t> have = numbers_of(*settings.version), wanted = numbers_of(first);
  const std::size_t length = std::max(have.size(), wanted.size());
  for (std::size_t i = 0; i < length; ++i) {
    const std::int64_t a = i < have.size() ? have[i] : 0, b = i < wanted.size() ? wanted[i] : 0;
    if (a != b) return a > b;
  }
  return true;
}

void settle_kernels(const EngineSettings& settings, llm::KernelVariant& kernels) {
  if (settings.kernel_library) kernels.kernel_library = *settings.kernel_library;
  if (settings.fused_quantisation) kernels.fused_quantisation = *settings.fused_quantisation;
  if (!settings.streaming_experts) return;
  kernels.streaming_formats.clear();
  kernels.streaming_needs_latent = false;
  if (!*settings.streaming_experts) return;
  for (const std::string_view format : compute::kNumberFormatNames) {
    kernels.streaming_formats.push_back(compute::number_format_from_name(format));
  }
}

bool has_fp4_units(const compute::GpuSpec& gpu) { return gpu.ratings.fp4_flop_per_s > 0; }

EngineProfile resolve(const EngineSettings& settings, const EngineDefaults& defaults) {
  EngineProfile profile;
  profile.max_batch_tokens = settings.max_batch_tokens.value_or(defaults.max_batch_tokens);
  profile.max_sequences = settings.max_sequences.value_or(defaults.max_sequences);
  profile.kv_block_tokens = settings.kv_block_tokens.value_or(defaults.kv_block_tokens);
  profile.max_prompt_chunk_tokens = settings.max_prompt_chunk_tokens.value_or(0);
  profile.memory_share = settings.memory_share.value_or(defaults.memory_share);
  profile.runtime_reserve = settings.runtime_reserve.value_or(defaults.runtime_reserve);
  profile.max_waiting = settings.max_waiting;
  profile.prefix_cache = settings.prefix_cache;
  profile.swaps = settings.preemption == "swap";
  profile.swap_room = settings.swap_room.value_or(Bytes(0));
  profile.host_per_step_s = settings.host_per_step ? settings.host_per_step->value : defaults.host_per_step_s;
  profile.host_per_sequence_s = settings.host_per_sequence.value;
  profile.request_overhead_s = settings.request_overhead.value;
  profile.prompt_launch = {settings.dense_prompt_launch.value, settings.expert_prompt_launch.value,
                           settings.latent_prompt_launch.value};
  profile.eager_step_per_layer_s =
      settings.eager_step_per_layer ? settings.eager_step_per_layer->value : defaults.eager_step_per_layer_s;
  return profile;
}

}  // namespace tokenworks::batching
