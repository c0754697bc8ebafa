// A small kernel entry with round numbers, for examples that are computed by hand: 1 TB/s, 100 TFLOP/s in bf16, 200 in
// fp8, links of 100 GB/s.
#pragma once

#include "models/compute/gpu.hpp"
#include "models/compute/kernel_time.hpp"

namespace tokenworks::tests {

inline compute::GpuRatings made_up_ratings() {
  compute::GpuRatings ratings;
  ratings.memory_bandwidth = BytesPerSecond(1e12);
  ratings.bf16_flop_per_s = 100e12;
  ratings.fp8_flop_per_s = 200e12;
  ratings.scale_up_bandwidth = BytesPerSecond(100e9);
  return ratings;
}

/// Physical form without losses: 1 us, all of the bandwidth, all of the rate, the longer of both.
inline compute::PhysicalForm lossless_form() { return {Seconds(1e-6), 1.0, 1.0, 64.0}; }

inline compute::KernelSpec made_up_kernels() {
  compute::KernelSpec kernels;
  kernels.title = "made up";
  kernels.gpu = "made_up";
  kernels.library = "tensorrt_llm";
  kernels.version = "1";
  kernels.ratings = made_up_ratings();
  const std::vector<double> sizes = {256, 1024, 4096, 16384, 65536};
  compute::MatrixProductTable products{"bf16", "made up", lossless_form(), {1, 64, 4096}, sizes, sizes, {}};
  for (const double rows : products.rows) {
    for (const double columns : products.columns) {
      for (const double inner : products.inner) {
        products.time_s.push_back(
            compute::physical_matrix_product_s(products, kernels.ratings, {rows, columns, inner}));
      }
    }
  }
  kernels.matrix_products = {products};
  // 10 us and a microsecond for each head and 1,024 tokens; for others by the square.
  kernels.prompt_attention = {{"bf16", "bf16", 128, 0, {1, 1024}, {128, 1024, 2048, 4096}, {}}};
  for (const double heads : {1.0, 1024.0}) {
    for (const double tokens : kernels.prompt_attention.front().tokens) {
      kernels.prompt_attention.front().time_s.push_back(10e-6 + 1e-6 * heads * (tokens / 1024) * (tokens / 1024));
    }
  }
  // 5 us and a nanosecond for each KV head and token.
  kernels.decode_attention = {
      {"bf16",
       128,
       0,
       {1, 16},
       {1, 1000},
       {0, 1000, 100000},
       {5e-6, 6e-6, 105e-6, 5e-6, 1005e-6, 100005e-6, 5e-6, 6e-6, 105e-6, 5e-6, 1005e-6, 100005e-6}}};
  compute::ExpertTable experts{"bf16", "made up", lossless_form(), 0.0, {1, 64, 4096}, {}};
  compute::ExpertCurve curve{1024, 512, 8, 2, 1, 1, {}};
  for (const double tokens : experts.tokens) {
    curve.time_s.push_back(compute::physical_expert_s(experts, kernels.ratings, {1024, 512, 8, 2, 1, 1}, tokens));
  }
  experts.curves = {curve};
  kernels.experts = {experts};
  kernels.collectives = {{"tensorrt_llm", "all_reduce", 4, {1e3, 1e5, 1e6}, {1e-6, 1e-5, 4e-5}},
                         {"nccl", "all_reduce", 4, {1e3, 1e5, 1e6}, {5e-6, 6e-6, 5e-5}}};
  return kernels;
}

}  // namespace tokenworks::tests
