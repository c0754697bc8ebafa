// Question: how long does one new token a sequence take over a paged cache, in bf16 and in fp8?
//
// Our kernel splits the context over blocks; a second pass combines (counted in). The cache is cold, the queries warm.
#include <algorithm>
#include <numeric>
#include <random>

#include "gpu_calibration/benches/attention_launch.cuh"
#include "gpu_calibration/kernels/check_case.hpp"
#include "gpu_calibration/plan/attention_plan.hpp"

namespace tokenworks::gpu_calibration {
namespace {

template <class Cached>
const char* format_of() {
  return sizeof(Cached) == 2 ? "bf16" : "fp8";
}

template <class Cached, int kDim>
void check_decode(Workbench& bench, int splits) {
  AttentionCase c{3, 1, 699, 16, 4, kDim, kDim, 0, 1.0f / std::sqrt(static_cast<float>(kDim))};
  const int context = c.prefix + 1, row = c.kv_heads * kDim;
  const auto query = random_elements<__nv_bfloat16>(static_cast<std::size_t>(c.sequences * c.heads * kDim), 1);
  const auto key = random_elements<Cached>(static_cast<std::size_t>(c.sequences) * context * row, 2);
  const auto value = random_elements<Cached>(static_cast<std::size_t>(c.sequences) * context * row, 3);
  const auto keys = paged(key, c.sequences, context, row, kPageTokens, 4);
  const auto values = paged(value, c.sequences, context, row, kPageTokens, 4);
  const DeviceMemory on_device[] = {uploaded(query), uploaded(keys.cache), uploaded(values.cache),
                                    uploaded(keys.pages)};
  const DeviceMemory output(query.size() * sizeof(__nv_bfloat16));
  const DeviceMemory part_memory(split_part_bytes(c.sequences * c.heads, splits, kDim));
  const DecodeSizes sizes{context, c.heads, c.kv_heads, 0, splits, (context + kPageTokens - 1) / kPageTokens, c.scale};
  launch_decode_attention<Cached, kDim>(
      bench.stopwatch.stream(), c.sequences, on_device[0].as<__nv_bfloat16>(), on_device[1].as<Cached>(),
      on_device[2].as<Cached>(), on_device[3].as<int>(), output.as<__nv_bfloat16>(),
      split_parts(part_memory.as<void>(), c.sequences * c.heads, splits, kDim), sizes);
  TOKENWORKS_CUDA(cudaStreamSynchronize(bench.stopwatch.stream()));
  const auto actual = widened_elements(downloaded(output.as<__nv_bfloat16>(), query.size()));
  const auto expected = attention_answer(c, widened_elements(query), widened_elements(key), widened_elements(value));
  require_small_error(std::string("decode attention over ") + format_of<Cached>(), largest_error(actual, expected),
                      kAllowedError);
}

template <class Cached, int kDim>
void measure_decode(Workbench& bench, const DecodePoint& point) {
  const std::int64_t pages = (point.context + kPageTokens - 1) / kPageTokens;
  const std::size_t cache =
      static_cast<std::size_t>(point.sequences * pages * kPageTokens * point.kv_heads * kDim) * sizeof(Cached);
  const std::int64_t seen = point.window > 0 ? std::min(point.window, point.context) : point.context;
  const std::int64_t splits =
      decode_splits(seen, point.sequences * point.kv_heads, std::int64_t{3} * bench.device.multiprocessors);
  const std::size_t query_bytes = static_cast<std::size_t>(point.sequences * point.heads * kDim) * 2;
  const std::size_t part_bytes = split_part_bytes(point.sequences * point.heads, static_cast<int>(splits), kDim);
  const Rotation caches(bench.operands, 2 * cache);
  if (!caches.fits() || query_bytes > bench.inputs.bytes() || query_bytes + part_bytes > bench.results.bytes()) return;
  const DeviceMemory table = random_pages(point.sequences, pages);
  const auto* query = bench.inputs.as<__nv_bfloat16>();
  auto* output = bench.results.as<__nv_bfloat16>();
  const SplitParts parts =
      split_parts(bench.results.bytes_at(query_bytes), point.sequences * point.heads, static_cast<int>(splits), kDim);
  const DecodeSizes sizes{static_cast<int>(point.context),
                          static_cast<int>(point.heads),
                          static_cast<int>(point.kv_heads),
                          static_cast<int>(point.window),
                          static_cast<int>(splits),
                          static_cast<int>(pages),
                          1.0f / std::sqrt(static_cast<float>(kDim))};
  const Timing timing = bench.stopwatch.measure([&](cudaStream_t stream, int round) {
    const auto* slice = caches.slice<char>(round);
    launch_decode_attention<Cached, kDim>(
        stream, static_cast<int>(point.sequences), query, reinterpret_cast<const Cached*>(slice),
        reinterpret_cast<const Cached*>(slice + cache), table.as<int>(), output, parts, sizes);
  });
  bench.session.record("decode_attention", {"tokenworks_split", "bf16", format_of<Cached>()},
                       {point.sequences, point.context, point.heads, point.kv_heads, point.head_dim, point.window},
                       timing);
}

template <class Cached>
void prepare_and_check(Workbench& bench) {
  if (!allow_shared_memory(decode_attention<Cached, 64>, DecodeTile::shared_bytes<Cached, 64>(), bench.device) ||
      !allow_shared_memory(decode_attention<Cached, 128>, DecodeTile::shared_bytes<Cached, 128>(), bench.device)) {
    throw DeviceError("the GPU has too little shared memory for decode attention");
  }
  for (const int splits : {1, 5}) {
    check_decode<Cached, 64>(bench, splits);
    check_decode<Cached, 128>(bench, splits);
  }
}

template <class Cached>
void measure_pass(Workbench& bench, const std::vector<DecodePoint>& points) {
  fill_random(bench.operands.as<void>(), bench.operands.bytes(), format_of<Cached>(), 1);
  fill_random(bench.inputs.as<void>(), bench.inputs.bytes(), "bf16", 2);
  for (const DecodePoint& point : points) {
    if (!bench.session.time_left()) return;
    attempt(bench, "decode attention", [&] {
      point.head_dim == 64 ? measure_decode<Cached, 64>(bench, point) : measure_decode<Cached, 128>(bench, point);
    });
  }
}

}  // namespace

DeviceMemory random_pages(std::int64_t sequences, std::int64_t pages) {
  std::vector<int> order(static_cast<std::size_t>(sequences * pages));
  std::iota(order.begin(), order.end(), 0);
  std::mt19937_64 random(7);
  std::shuffle(order.begin(), order.end(), random);
  return uploaded(order);
}

void measure_decode_attention(Workbench& bench) {
  prepare_and_check<__nv_bfloat16>(bench);
  prepare_and_check<__nv_fp8_e4m3>(bench);
  const auto passes = decode_passes();
  for (std::size_t pass = 0; pass < bench.session.passes(passes.size()); ++pass) {
    measure_pass<__nv_bfloat16>(bench, passes[pass]);
    measure_pass<__nv_fp8_e4m3>(bench, passes[pass]);
  }
}

}  // namespace tokenworks::gpu_calibration
