// Kernels that do nothing but move memory.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace tokenworks::gpu_calibration {

/// Four loads of 16 bytes are under way in each thread.
inline constexpr int kLoadsInFlight = 4;

static __global__ void read_stream(const float4* from, float* sink, std::size_t count) {
  const std::size_t stride = std::size_t{gridDim.x} * blockDim.x;
  float sum = 0.0f;
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count; i += kLoadsInFlight * stride) {
    float4 loaded[kLoadsInFlight] = {};
#pragma unroll
    for (int k = 0; k < kLoadsInFlight; ++k) {
      if (i + k * stride < count) loaded[k] = from[i + k * stride];
    }
#pragma unroll
    for (int k = 0; k < kLoadsInFlight; ++k) sum += loaded[k].x + loaded[k].y + loaded[k].z + loaded[k].w;
  }
  if (sum == -1.2345e30f) *sink = sum;  // never: keeps the loads
}

static __global__ void copy_stream(const float4* from, float4* to, std::size_t count) {
  const std::size_t stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count; i += kLoadsInFlight * stride) {
    float4 loaded[kLoadsInFlight];
#pragma unroll
    for (int k = 0; k < kLoadsInFlight; ++k) {
      if (i + k * stride < count) loaded[k] = from[i + k * stride];
    }
#pragma unroll
    for (int k = 0; k < kLoadsInFlight; ++k) {
      if (i + k * stride < count) to[i + k * stride] = loaded[k];
    }
  }
}

static __global__ void triad_stream(const float4* a, const float4* b, float4* to, float factor, std::size_t count) {
  const std::size_t stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count; i += stride) {
    const float4 x = a[i], y = b[i];
    to[i] = {x.x + factor * y.x, x.y + factor * y.y, x.z + factor * y.z, x.w + factor * y.w};
  }
}

/// Blocks of 512 threads for `count` pieces of 16 bytes, at most what fills the GPU.
inline unsigned stream_blocks(std::size_t count, int multiprocessors) {
  const std::size_t needed = (count + 511) / 512, filling = 8 * static_cast<std::size_t>(multiprocessors);
  return static_cast<unsigned>(needed < filling ? needed : filling);
}

}  // namespace tokenworks::gpu_calibration
