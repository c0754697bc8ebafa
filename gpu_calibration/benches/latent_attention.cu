// Question: how long does latent attention (MLA) take? Decoding works on the absorbed form, all heads over one cached
// row of 576 numbers; prompts on the multiplied-out one (measure_latent_prompts). Projections are products and not
// counted.
#include "gpu_calibration/benches/attention_launch.cuh"
#include "gpu_calibration/kernels/check_case.hpp"
#include "gpu_calibration/plan/attention_plan.hpp"

namespace tokenworks::gpu_calibration {

void measure_latent_prompts(Workbench& bench);

namespace {

using Bf16 = __nv_bfloat16;
constexpr int kKeyDim = LatentTile::kKeyDim, kValueDim = LatentTile::kValueDim;
const float kScale = 1.0f / std::sqrt(192.0f);  // of the dimensions before absorption

/// Few heads in tiles of 16, many in tiles of 64.
void launch(cudaStream_t stream, int sequences, const Bf16* query, const Bf16* cache, const int* pages, Bf16* output,
            const SplitParts& parts, const LatentSizes576& sizes) {
  if (sizes.heads <= 16) {
    launch_latent_decode<1, 4>(stream, sequences, query, cache, pages, output, parts, sizes);
  } else {
    launch_latent_decode<4, 2>(stream, sequences, query, cache, pages, output, parts, sizes);
  }
}

void check_latent(Workbench& bench, int heads, int splits) {
  const AttentionCase c{2, 1, 299, heads, 1, kKeyDim, kValueDim, 0, kScale};
  const int context = c.prefix + 1;
  const auto query = random_elements<Bf16>(static_cast<std::size_t>(c.sequences * heads * kKeyDim), 1);
  const auto key = random_elements<Bf16>(static_cast<std::size_t>(c.sequences) * context * kKeyDim, 2);
  const auto cache = paged(key, c.sequences, context, kKeyDim, kPageTokens, 4);
  const DeviceMemory on_device[] = {uploaded(query), uploaded(cache.cache), uploaded(cache.pages)};
  const std::size_t results = static_cast<std::size_t>(c.sequences * heads * kValueDim);
  const DeviceMemory output(results * sizeof(Bf16)), parts(split_part_bytes(c.sequences * heads, splits, kValueDim));
  launch(bench.stopwatch.stream(), c.sequences, on_device[0].as<Bf16>(), on_device[1].as<Bf16>(),
         on_device[2].as<int>(), output.as<Bf16>(),
         split_parts(parts.as<void>(), c.sequences * heads, splits, kValueDim),
         {context, heads, splits, (context + kPageTokens - 1) / kPageTokens, kScale});
  TOKENWORKS_CUDA(cudaStreamSynchronize(bench.stopwatch.stream()));
  const auto wide = widened_elements(key);
  std::vector<float> value;
  for (std::size_t row = 0; row < wide.size(); row += kKeyDim) {
    value.insert(value.end(), wide.begin() + static_cast<std::ptrdiff_t>(row),
                 wide.begin() + static_cast<std::ptrdiff_t>(row + kValueDim));
  }
  require_small_error("latent decode attention",
                      largest_error(widened_elements(downloaded(output.as<Bf16>(), results)),
                                    attention_answer(c, widened_elements(query), wide, value)),
                      kAllowedError);
}

void measure_point(Workbench& bench, const LatentDecodePoint& point) {
  const std::int64_t pages = (point.context + kPageTokens - 1) / kPageTokens, heads = point.sequences * point.heads;
  const Rotation caches(bench.operands, static_cast<std::size_t>(2 * point.sequences * pages * kPageTokens * kKeyDim));
  const std::int64_t tiles_of_heads = point.heads <= 16 ? 1 : (point.heads + 63) / 64;
  const int splits = static_cast<int>(
      decode_splits(point.context, point.sequences * tiles_of_heads, std::int64_t{2} * bench.device.multiprocessors));
  const std::size_t query_bytes = static_cast<std::size_t>(2 * heads * kKeyDim);
  if (!caches.fits() || query_bytes > bench.inputs.bytes() ||
      query_bytes + split_part_bytes(heads, splits, kValueDim) > bench.results.bytes())
    return;
  const DeviceMemory table = random_pages(point.sequences, pages);
  const SplitParts parts = split_parts(bench.results.bytes_at(query_bytes), heads, splits, kValueDim);
  const LatentSizes576 sizes{static_cast<int>(point.context), static_cast<int>(point.heads), splits,
                             static_cast<int>(pages), kScale};
  const Timing timing = bench.stopwatch.measure([&](cudaStream_t stream, int round) {
    launch(stream, static_cast<int>(point.sequences), bench.inputs.as<Bf16>(), caches.slice<Bf16>(round),
           table.as<int>(), bench.results.as<Bf16>(), parts, sizes);
  });
  bench.session.record("latent_decode_attention", {"tokenworks_split", "bf16", "bf16"},
                       {point.sequences, point.context, point.heads}, timing);
}

}  // namespace

void measure_latent_attention(Workbench& bench) {
  if (allow_shared_memory(latent_decode<1, 4>, LatentTile::shared_bytes<1>(), bench.device) &&
      allow_shared_memory(latent_decode<4, 2>, LatentTile::shared_bytes<4>(), bench.device)) {
    for (const int splits : {1, 3}) {
      check_latent(bench, 16, splits);
      check_latent(bench, 128, splits);
    }
    fill_random(bench.operands.as<void>(), bench.operands.bytes(), "bf16", 1);
    fill_random(bench.inputs.as<void>(), bench.inputs.bytes(), "bf16", 2);
    for (const LatentDecodePoint& point : latent_decode_points()) {
      if (!bench.session.time_left()) return;
      attempt(bench, "latent decode attention", [&] { measure_point(bench, point); });
    }
  } else {
    bench.session.note("latent decode attention not measured: too little shared memory");
  }
  measure_latent_prompts(bench);
}

}  // namespace tokenworks::gpu_calibration
