// Question: how long does causal attention of a prompt take, with and without a cached prefix or a sliding window?
//
// Our kernel runs on the tensor cores by mma.sync; production kernels of Hopper and later (wgmma, tcgen05) are faster:
// production_attention.py records one beside it.
#include "gpu_calibration/benches/attention_launch.cuh"
#include "gpu_calibration/kernels/check_case.hpp"
#include "gpu_calibration/plan/attention_plan.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using Bf16 = __nv_bfloat16;

template <int kQueryDim, int kValueDim>
void check_prompt(Workbench& bench, int window) {
  AttentionCase c{2, 300, 77, 4, 2, kQueryDim, kValueDim, window, 1.0f / std::sqrt(static_cast<float>(kQueryDim))};
  const std::size_t keys = static_cast<std::size_t>(c.sequences) * (c.prefix + c.tokens) * c.kv_heads;
  const std::size_t queries = static_cast<std::size_t>(c.sequences) * c.tokens * c.heads;
  const auto query = random_elements<Bf16>(queries * kQueryDim, 1);
  const auto key = random_elements<Bf16>(keys * kQueryDim, 2);
  const auto value = random_elements<Bf16>(keys * kValueDim, 3);
  const DeviceMemory on_device[] = {uploaded(query), uploaded(key), uploaded(value)};
  const DeviceMemory output(queries * kValueDim * sizeof(Bf16));
  launch_prompt_attention<kQueryDim, kValueDim>(bench.stopwatch.stream(), c.sequences, on_device[0].as<Bf16>(),
                                                on_device[1].as<Bf16>(), on_device[2].as<Bf16>(), output.as<Bf16>(),
                                                {c.tokens, c.prefix, c.heads, c.kv_heads, window, c.scale});
  TOKENWORKS_CUDA(cudaStreamSynchronize(bench.stopwatch.stream()));
  const auto actual = widened_elements(downloaded(output.as<Bf16>(), queries * kValueDim));
  const auto expected = attention_answer(c, widened_elements(query), widened_elements(key), widened_elements(value));
  require_small_error("prompt attention of dimension " + std::to_string(kQueryDim), largest_error(actual, expected),
                      kAllowedError);
}

template <int kQueryDim, int kValueDim>
bool prepare_and_check(Workbench& bench) {
  if (!allow_shared_memory(prompt_attention<kQueryDim, kValueDim>, PromptTile::shared_bytes<kQueryDim, kValueDim>(),
                           bench.device)) {
    bench.session.note("prompt attention of dimension " + std::to_string(kQueryDim) +
                       " not measured: too little shared memory");
    return false;
  }
  check_prompt<kQueryDim, kValueDim>(bench, 0);
  check_prompt<kQueryDim, kValueDim>(bench, 100);
  return true;
}

/// The time of one shape; none when it does not fit into memory.
template <int kQueryDim, int kValueDim>
bool time_prompt(Workbench& bench, const PromptPoint& point, Timing& timing) {
  const std::int64_t total = point.prefix + point.tokens;
  const std::size_t key_bytes = static_cast<std::size_t>(2 * point.sequences * total * point.kv_heads * kQueryDim);
  const std::size_t value_bytes = static_cast<std::size_t>(2 * point.sequences * total * point.kv_heads * kValueDim);
  const std::size_t query_bytes =
      static_cast<std::size_t>(2 * point.sequences * point.tokens * point.heads * kQueryDim);
  const Rotation caches(bench.operands, key_bytes + value_bytes);
  if (!caches.fits() || query_bytes > bench.inputs.bytes() || query_bytes > bench.results.bytes()) return false;
  const PromptSizes sizes{static_cast<int>(point.tokens), static_cast<int>(point.prefix),
                          static_cast<int>(point.heads),  static_cast<int>(point.kv_heads),
                          static_cast<int>(point.window), 1.0f / std::sqrt(static_cast<float>(kQueryDim))};
  timing = bench.stopwatch.measure([&](cudaStream_t stream, int round) {
    const char* slice = caches.slice<char>(round);
    launch_prompt_attention<kQueryDim, kValueDim>(
        stream, static_cast<int>(point.sequences), bench.inputs.as<Bf16>(), reinterpret_cast<const Bf16*>(slice),
        reinterpret_cast<const Bf16*>(slice + key_bytes), bench.results.as<Bf16>(), sizes);
  });
  return true;
}

void fill_operands(Workbench& bench) {
  fill_random(bench.operands.as<void>(), bench.operands.bytes(), "bf16", 1);
  fill_random(bench.inputs.as<void>(), bench.inputs.bytes(), "bf16", 2);
}

}  // namespace

void measure_prompt_attention(Workbench& bench) {
  const bool has_64 = prepare_and_check<64, 64>(bench), has_128 = prepare_and_check<128, 128>(bench);
  fill_operands(bench);
  const auto passes = prompt_passes();
  for (std::size_t pass = 0; pass < bench.session.passes(passes.size()); ++pass) {
    for (const PromptPoint& point : passes[pass]) {
      if (!bench.session.time_left()) return;
      if (!(point.head_dim == 64 ? has_64 : has_128)) continue;
      attempt(bench, "prompt attention", [&] {
        Timing timing;
        if (!(point.head_dim == 64 ? time_prompt<64, 64>(bench, point, timing)
                                   : time_prompt<128, 128>(bench, point, timing))) {
          return;
        }
        bench.session.record(
            "prompt_attention", {"tokenworks_mma", "bf16", "bf16"},
            {point.sequences, point.tokens, point.prefix, point.heads, point.kv_heads, point.head_dim, point.window},
            timing);
      });
    }
  }
}

/// Prompts of latent attention are multiplied out: 192 dimensions of keys and 128 of values for every head.
void measure_latent_prompts(Workbench& bench) {
  if (!prepare_and_check<192, 128>(bench)) return;
  fill_operands(bench);
  for (const LatentPromptPoint& point : latent_prompt_points()) {
    if (!bench.session.time_left()) return;
    attempt(bench, "latent prompt attention", [&] {
      Timing timing;
      const PromptPoint same{point.sequences, point.tokens, point.prefix, point.heads, point.heads, 192, 0};
      if (!time_prompt<192, 128>(bench, same, timing)) return;
      bench.session.record("latent_prompt_attention", {"tokenworks_mma", "bf16", "bf16"},
                           {point.sequences, point.tokens, point.prefix, point.heads}, timing);
    });
  }
}

}  // namespace tokenworks::gpu_calibration
