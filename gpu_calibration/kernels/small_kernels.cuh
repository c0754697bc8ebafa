// Norm, rotation, activation, sampling, embedding and quantisation: one pass over memory each, as engines fuse them.
#pragma once

#include "gpu_calibration/kernels/device.cuh"

namespace tokenworks::gpu_calibration {

/// Eight bf16 numbers as they lie in memory.
struct alignas(16) EightNumbers {
  __nv_bfloat162 pairs[4];
};

/// The sum (or maximum) over a block of at most 32 warps, in all threads.
__device__ inline float block_sum(float value) {
  __shared__ float warps[32];
  value = sum_over_lanes<32>(value);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = value;
  __syncthreads();
  float sum = 0.0f;
  for (int w = 0; w < static_cast<int>(blockDim.x) / 32; ++w) sum += warps[w];
  __syncthreads();
  return sum;
}
__device__ inline float block_maximum(float value) {
  __shared__ float warps[32];
  value = maximum_over_lanes<32>(value);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = value;
  __syncthreads();
  float top = warps[0];
  for (int w = 1; w < static_cast<int>(blockDim.x) / 32; ++w) top = fmaxf(top, warps[w]);
  __syncthreads();
  return top;
}

/// residual += input; output = residual / rms(residual) * weight. One block a row; width a multiple of 8.
static __global__ void add_rms_norm(const __nv_bfloat16* input, __nv_bfloat16* residual, const __nv_bfloat16* weight,
                                    __nv_bfloat16* output, int width) {
  const auto* in = reinterpret_cast<const EightNumbers*>(input + static_cast<long>(blockIdx.x) * width);
  auto* kept = reinterpret_cast<EightNumbers*>(residual + static_cast<long>(blockIdx.x) * width);
  auto* out = reinterpret_cast<EightNumbers*>(output + static_cast<long>(blockIdx.x) * width);
  const auto* scale = reinterpret_cast<const EightNumbers*>(weight);
  float squares = 0.0f;
  for (int i = threadIdx.x; i < width / 8; i += blockDim.x) {
    EightNumbers sum = kept[i];
    const EightNumbers added = in[i];
    for (int p = 0; p < 4; ++p) {
      const float2 a = __bfloat1622float2(sum.pairs[p]), b = __bfloat1622float2(added.pairs[p]);
      sum.pairs[p] = __floats2bfloat162_rn(a.x + b.x, a.y + b.y);
      const float2 rounded = __bfloat1622float2(sum.pairs[p]);
      squares += rounded.x * rounded.x + rounded.y * rounded.y;
    }
    kept[i] = sum;
  }
  const float factor = 1.0f / sqrtf(block_sum(squares) / width + 1e-5f);
  for (int i = threadIdx.x; i < width / 8; i += blockDim.x) {
    const EightNumbers row = kept[i], by = scale[i];
    EightNumbers result;
    for (int p = 0; p < 4; ++p) {
      const float2 a = __bfloat1622float2(row.pairs[p]), b = __bfloat1622float2(by.pairs[p]);
      result.pairs[p] = __floats2bfloat162_rn(a.x * factor * b.x, a.y * factor * b.y);
    }
    out[i] = result;
  }
}

/// Rotates pairs (i, i + head_dim / 2) of every head by angles[position][i] (cosine, sine), in place.
/// One block a row; `width` is heads * head_dim.
static __global__ void rotate_heads(__nv_bfloat16* rows, const float2* angles, int width, int head_dim) {
  __nv_bfloat16* row = rows + static_cast<long>(blockIdx.x) * width;
  const int half = head_dim / 2;
  for (int i = threadIdx.x; i < width / 2; i += blockDim.x) {
    const int head = i / half, at = i % half;
    const float2 angle = angles[static_cast<long>(blockIdx.x) * half + at];
    __nv_bfloat16& low = row[head * head_dim + at];
    __nv_bfloat16& high = row[head * head_dim + half + at];
    const float x = __bfloat162float(low), y = __bfloat162float(high);
    low = __float2bfloat16(x * angle.x - y * angle.y);
    high = __float2bfloat16(y * angle.x + x * angle.y);
  }
}

/// output[row][i] = silu(gate) up of rows [gate | up]; `width` is that of the output, a multiple of 8.
static __global__ void gated_activation(const __nv_bfloat16* gate_and_up, __nv_bfloat16* output, long rows, int width) {
  const auto* in = reinterpret_cast<const EightNumbers*>(gate_and_up);
  auto* out = reinterpret_cast<EightNumbers*>(output);
  const int chunks = width / 8;
  for (long i = blockIdx.x * static_cast<long>(blockDim.x) + threadIdx.x; i < rows * chunks;
       i += static_cast<long>(gridDim.x) * blockDim.x) {
    const long row = i / chunks, chunk = i % chunks;
    const EightNumbers gate = in[row * 2 * chunks + chunk], up = in[row * 2 * chunks + chunks + chunk];
    EightNumbers result;
    for (int p = 0; p < 4; ++p) {
      const float2 g = __bfloat1622float2(gate.pairs[p]), u = __bfloat1622float2(up.pairs[p]);
      result.pairs[p] =
          __floats2bfloat162_rn(g.x / (1.0f + exp2f(-g.x * kLog2E)) * u.x, g.y / (1.0f + exp2f(-g.y * kLog2E)) * u.y);
    }
    out[i] = result;
  }
}

/// Rows of an embedding table; one block a token, width a multiple of 8.
static __global__ void gather_embeddings(const __nv_bfloat16* table, const int* tokens, __nv_bfloat16* output,
                                         int width) {
  const auto* from = reinterpret_cast<const EightNumbers*>(table + static_cast<long>(tokens[blockIdx.x]) * width);
  auto* to = reinterpret_cast<EightNumbers*>(output + static_cast<long>(blockIdx.x) * width);
  for (int i = threadIdx.x; i < width / 8; i += blockDim.x) to[i] = from[i];
}

/// Divides each row by its largest magnitude / 448 (the largest e4m3 number) and writes e4m3 and that scale.
/// One block a row, width a multiple of 8.
static __global__ void quantise_rows(const __nv_bfloat16* input, __nv_fp8_e4m3* output, float* scales, int width) {
  const auto* in = reinterpret_cast<const EightNumbers*>(input + static_cast<long>(blockIdx.x) * width);
  __nv_fp8_e4m3* out = output + static_cast<long>(blockIdx.x) * width;
  float top = 1e-12f;
  for (int i = threadIdx.x; i < width / 8; i += blockDim.x) {
    const EightNumbers numbers = in[i];
    for (int p = 0; p < 4; ++p) {
      const float2 pair = __bfloat1622float2(numbers.pairs[p]);
      top = fmaxf(top, fmaxf(fabsf(pair.x), fabsf(pair.y)));
    }
  }
  const float scale = block_maximum(top) / 448.0f;
  if (threadIdx.x == 0) scales[blockIdx.x] = scale;
  for (int i = threadIdx.x; i < width / 8; i += blockDim.x) {
    const EightNumbers numbers = in[i];
    alignas(8) __nv_fp8_e4m3 narrow[8];
    for (int p = 0; p < 4; ++p) {
      const float2 pair = __bfloat1622float2(numbers.pairs[p]);
      narrow[2 * p] = __nv_fp8_e4m3(pair.x / scale);
      narrow[2 * p + 1] = __nv_fp8_e4m3(pair.y / scale);
    }
    *reinterpret_cast<uint2*>(out + i * 8) = *reinterpret_cast<const uint2*>(narrow);
  }
}

/// Draws one token a row from the most likely ones that together have the share `top_p`; `uniform` is in [0, 1).
/// Logits within 1/16 of each other count as equal at the boundary. One block of at most 1024 threads a row; three
/// passes over its logits.
static __global__ void sample_top_p(const float* logits, const float* uniform, int* tokens, int vocabulary,
                                    float top_p) {
  constexpr int kBins = 256;  // 16 nats below the top, each later token has less than 2e-7 of its weight
  constexpr float kBinsPerNat = 16.0f;
  __shared__ float bins[kBins];
  __shared__ float thread_mass[1024];
  __shared__ float wanted;
  __shared__ int boundary, owner;
  const float* row = logits + static_cast<long>(blockIdx.x) * vocabulary;
  for (int i = threadIdx.x; i < kBins; i += blockDim.x) bins[i] = 0.0f;
  float top = kLowestScore;
  for (int i = threadIdx.x; i < vocabulary; i += blockDim.x) top = fmaxf(top, row[i]);
  top = block_maximum(top);
  const auto weight_of = [&](float logit) { return exp2f((logit - top) * kLog2E); };
  const auto bin_of = [&](float logit) { return min(kBins - 1, static_cast<int>((top - logit) * kBinsPerNat)); };
  for (int i = threadIdx.x; i < vocabulary; i += blockDim.x) atomicAdd(&bins[bin_of(row[i])], weight_of(row[i]));
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0.0f, kept = 0.0f;
    for (int bin = 0; bin < kBins; ++bin) total += bins[bin];
    int bin = 0;
    for (; bin < kBins - 1; ++bin) {
      kept += bins[bin];
      if (kept >= top_p * total) break;
    }
    boundary = bin;
  }
  __syncthreads();
  float mass = 0.0f;
  for (int i = threadIdx.x; i < vocabulary; i += blockDim.x) {
    if (bin_of(row[i]) <= boundary) mass += weight_of(row[i]);
  }
  thread_mass[threadIdx.x] = mass;
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0.0f;
    for (int t = 0; t < static_cast<int>(blockDim.x); ++t) total += thread_mass[t];
    float left = uniform[blockIdx.x] * total;
    int last = 0, t = 0;
    for (; t < static_cast<int>(blockDim.x); ++t) {
      if (thread_mass[t] > 0.0f) last = t;
      if (left < thread_mass[t]) break;
      left -= thread_mass[t];
    }
    owner = last;  // rounding may lead past the end: then the last thread that has any
    wanted = left;
  }
  __syncthreads();
  if (static_cast<int>(threadIdx.x) != owner) return;
  float left = wanted;
  int chosen = 0;
  for (int i = threadIdx.x; i < vocabulary; i += blockDim.x) {
    if (bin_of(row[i]) > boundary) continue;
    chosen = i;
    left -= weight_of(row[i]);
    if (left < 0.0f) break;
  }
  tokens[blockIdx.x] = chosen;
}

}  // namespace tokenworks::gpu_calibration
