// Causal attention of new tokens over a cached prefix and themselves, on tensor cores with an online softmax.
//
// One block takes 128 queries of one head, in four warps of 32; it walks over the keys in tiles of 64, two tiles in
// flight. Key and value heads are shared by heads / kv_heads query heads. Layouts: query [sequence][token][head][dim],
// key and value [sequence][prefix + token][kv head][dim], output like query with the dimension of values.
#pragma once

#include "gpu_calibration/kernels/device.cuh"

namespace tokenworks::gpu_calibration {

struct PromptSizes {
  int tokens = 0, prefix = 0, heads = 0, kv_heads = 0;
  int window = 0;      ///< last keys that a query sees; 0: all
  float scale = 0.0f;  ///< of scores, 1 / sqrt(dim) as a rule
};

struct PromptTile {
  static constexpr int kThreads = 128;
  static constexpr int kQueries = 128;
  static constexpr int kKeys = 64;
  template <int kQueryDim, int kValueDim>
  static constexpr int shared_bytes() {
    return 2 * (kQueries * kQueryDim + 2 * kKeys * (kQueryDim + kValueDim));
  }
};

/// Rows of `kDim` elements of 16 bits into a tile of shared memory; rows from `valid_rows` on become zero.
template <int kRows, int kDim>
__device__ void load_rows(unsigned char* tile, const __nv_bfloat16* source, long stride, int valid_rows) {
  constexpr int kChunks = kDim / 8;
  for (int i = threadIdx.x; i < kRows * kChunks; i += blockDim.x) {
    const int row = i / kChunks, chunk = i % kChunks;
    const bool valid = row < valid_rows;
    copy_async(tile + chunk_offset<2 * kDim>(row, chunk), source + (valid ? row * stride : 0) + chunk * 8, valid);
  }
}

template <int kQueryDim, int kValueDim>
__global__ void __launch_bounds__(PromptTile::kThreads)
    prompt_attention(const __nv_bfloat16* query, const __nv_bfloat16* key, const __nv_bfloat16* value,
                     __nv_bfloat16* output, PromptSizes sizes) {
  constexpr int kQueries = PromptTile::kQueries, kKeys = PromptTile::kKeys;
  constexpr int kStageBytes = 2 * kKeys * (kQueryDim + kValueDim);
  auto* query_tile = dynamic_shared<unsigned char>();
  unsigned char* stages = query_tile + 2 * kQueries * kQueryDim;

  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int head = blockIdx.y, kv_head = head / (sizes.heads / sizes.kv_heads);
  const long sequence = blockIdx.z;
  const int first_query = static_cast<int>(gridDim.x - 1 - blockIdx.x) * kQueries;  // the longest first
  const int total = sizes.prefix + sizes.tokens;
  const int end_key = min(total, sizes.prefix + first_query + kQueries);
  const int first_key = sizes.window > 0 ? max(0, sizes.prefix + first_query - sizes.window + 1) : 0;

  const long key_stride = static_cast<long>(sizes.kv_heads) * kQueryDim;
  const long value_stride = static_cast<long>(sizes.kv_heads) * kValueDim;
  const long query_stride = static_cast<long>(sizes.heads) * kQueryDim;
  query += (sequence * sizes.tokens + first_query) * query_stride + head * kQueryDim;
  key += sequence * total * key_stride + kv_head * kQueryDim;
  value += sequence * total * value_stride + kv_head * kValueDim;

  const auto load_stage = [&](int tile) {
    unsigned char* stage = stages + (tile & 1) * kStageBytes;
    const int from = tile * kKeys;
    load_rows<kKeys, kQueryDim>(stage, key + from * key_stride, key_stride, total - from);
    load_rows<kKeys, kValueDim>(stage + 2 * kKeys * kQueryDim, value + from * value_stride, value_stride, total - from);
    commit_copies();
  };

  const int first_tile = first_key / kKeys, end_tile = (end_key + kKeys - 1) / kKeys;
  load_rows<kQueries, kQueryDim>(query_tile, query, query_stride, sizes.tokens - first_query);
  load_stage(first_tile);

  float result[2][kValueDim / 8][4] = {};
  float highest[2][2] = {{kLowestScore, kLowestScore}, {kLowestScore, kLowestScore}};
  float weight_sum[2][2] = {};
  const float scale = sizes.scale * kLog2E;

  for (int tile = first_tile; tile < end_tile; ++tile) {
    if (tile + 1 < end_tile) {
      load_stage(tile + 1);
      wait_for_copies<1>();
    } else {
      wait_for_copies<0>();
    }
    __syncthreads();
    const unsigned char* key_tile = stages + (tile & 1) * kStageBytes;
    const unsigned char* value_tile = key_tile + 2 * kKeys * kQueryDim;

    float score[2][kKeys / 8][4] = {};
#pragma unroll
    for (int step = 0; step < kQueryDim / 16; ++step) {
      std::uint32_t a[2][4];
      for (int m = 0; m < 2; ++m) {
        load_matrices(a[m],
                      query_tile + chunk_offset<2 * kQueryDim>(warp * 32 + m * 16 + lane % 16, step * 2 + lane / 16));
      }
#pragma unroll
      for (int n = 0; n < kKeys / 16; ++n) {
        std::uint32_t b[4];
        load_matrices(
            b, key_tile + chunk_offset<2 * kQueryDim>(n * 16 + lane / 16 * 8 + lane % 8, step * 2 + lane / 8 % 2));
        for (int m = 0; m < 2; ++m) {
          multiply_add(score[m][2 * n], a[m], b[0], b[1], __nv_bfloat16());
          multiply_add(score[m][2 * n + 1], a[m], b[2], b[3], __nv_bfloat16());
        }
      }
    }

#pragma unroll
    for (int m = 0; m < 2; ++m) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int position = sizes.prefix + first_query + warp * 32 + m * 16 + half * 8 + lane / 4;
        const int oldest = sizes.window > 0 ? position - sizes.window + 1 : 0;
        float top = kLowestScore;
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
          for (int e = 0; e < 2; ++e) {
            const int at = tile * kKeys + n * 8 + 2 * (lane % 4) + e;
            float& cell = score[m][n][2 * half + e];
            cell = at <= position && at >= oldest && at < total ? cell * scale : -INFINITY;
            top = fmaxf(top, cell);
          }
        }
        top = fmaxf(highest[m][half], maximum_over_lanes<4>(top));
        const float shrink = exp2f(highest[m][half] - top);
        highest[m][half] = top;
        float sum = 0.0f;
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
          for (int e = 0; e < 2; ++e) {
            float& cell = score[m][n][2 * half + e];
            cell = exp2f(cell - top);
            sum += cell;
          }
        }
        weight_sum[m][half] = weight_sum[m][half] * shrink + sum;
#pragma unroll
        for (int n = 0; n < kValueDim / 8; ++n) {
          result[m][n][2 * half] *= shrink;
          result[m][n][2 * half + 1] *= shrink;
        }
      }
    }

#pragma unroll
    for (int step = 0; step < kKeys / 16; ++step) {
      std::uint32_t a[2][4];
      for (int m = 0; m < 2; ++m) {
        for (int i = 0; i < 4; ++i) {
          const float* cells = &score[m][2 * step + i / 2][2 * (i % 2)];
          a[m][i] = packed(cells[0], cells[1], __nv_bfloat16());
        }
      }
#pragma unroll
      for (int n = 0; n < kValueDim / 16; ++n) {
        std::uint32_t b[4];
        load_matrices_transposed(b, value_tile + chunk_offset<2 * kValueDim>(step * 16 + lane % 16, n * 2 + lane / 16));
        for (int m = 0; m < 2; ++m) {
          multiply_add(result[m][2 * n], a[m], b[0], b[1], __nv_bfloat16());
          multiply_add(result[m][2 * n + 1], a[m], b[2], b[3], __nv_bfloat16());
        }
      }
    }
    __syncthreads();
  }

#pragma unroll
  for (int m = 0; m < 2; ++m) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float share = 1.0f / sum_over_lanes<4>(weight_sum[m][half]);
      const int token = first_query + warp * 32 + m * 16 + half * 8 + lane / 4;
      if (token >= sizes.tokens) continue;
      __nv_bfloat16* row = output + ((sequence * sizes.tokens + token) * sizes.heads + head) * kValueDim;
#pragma unroll
      for (int n = 0; n < kValueDim / 8; ++n) {
        *reinterpret_cast<std::uint32_t*>(row + n * 8 + 2 * (lane % 4)) =
            packed(result[m][n][2 * half] * share, result[m][n][2 * half + 1] * share, __nv_bfloat16());
      }
    }
  }
}

}  // namespace tokenworks::gpu_calibration
