// Decoding with latent attention (MLA) after absorption: all heads share one cached row of 512 + 64 numbers, of which
// the first 512 also are the values.
//
// A block takes 16 kRowTiles heads and its part of the context in tiles of 32 tokens, two in flight. Its warps are a
// grid: row tiles of 16 heads times kColumns groups, which divide the keys of a tile in the first product and the 512
// dimensions in the second; weights pass through shared memory between the two. Layouts: query [sequence][head][576],
// cache [page][token in page][576], output [sequence][head][512].
#pragma once

#include "gpu_calibration/kernels/decode_attention.cuh"

namespace tokenworks::gpu_calibration {

struct LatentSizes576 {
  int context = 0, heads = 0;
  int splits = 1;
  int pages = 0;       ///< entries of one sequence in the page table
  float scale = 0.0f;  ///< of scores, 1 / sqrt(192): the dimensions before absorption
};

struct LatentTile {
  static constexpr int kKeys = 32;
  static constexpr int kKeyDim = 576;
  static constexpr int kValueDim = 512;
  template <int kRowTiles, int kColumns>
  static constexpr int threads() {
    return 32 * kRowTiles * kColumns;
  }
  template <int kRowTiles>
  static constexpr int shared_bytes() {
    return 2 * (16 * kRowTiles * kKeyDim + 2 * kKeys * kKeyDim + 16 * kRowTiles * kKeys);
  }
};

template <int kRowTiles, int kColumns>
__global__ void __launch_bounds__(LatentTile::threads<kRowTiles, kColumns>())
    latent_decode(const __nv_bfloat16* query, const __nv_bfloat16* cache, const int* pages, __nv_bfloat16* output,
                  float* part_values, SplitState* part_states, LatentSizes576 sizes) {
  constexpr int kKeys = LatentTile::kKeys, kKeyDim = LatentTile::kKeyDim, kValueDim = LatentTile::kValueDim;
  constexpr int kRows = 16 * kRowTiles, kRowBytes = 2 * kKeyDim, kTileBytes = kKeys * kRowBytes;
  constexpr int kKeyTiles = kKeys / 8 / kColumns;        // products of 8 keys a warp
  constexpr int kValueTiles = kValueDim / 8 / kColumns;  // products of 8 dimensions a warp
  static_assert(kKeyTiles * 8 * kColumns == kKeys && kValueTiles % 2 == 0);
  auto* query_tile = dynamic_shared<unsigned char>();
  unsigned char* stages = query_tile + kRows * kRowBytes;
  unsigned char* weight_tile = stages + 2 * kTileBytes;
  __shared__ float tops[kColumns][kRows];

  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int row_tile = warp % kRowTiles, column = warp / kRowTiles;
  const int split = blockIdx.x, first_head = static_cast<int>(blockIdx.y) * kRows;
  const long sequence = blockIdx.z;
  const KeyRange range = keys_of_split(0, sizes.context, split, sizes.splits, kKeys);
  const int tiles = (range.end - range.begin + kKeys - 1) / kKeys;
  const float scale = sizes.scale * kLog2E;

  pages += sequence * sizes.pages;
  const auto load_stage = [&](int tile) {
    const int from = range.begin + tile * kKeys;
    load_paged_rows<kKeys, kRowBytes>(stages + (tile & 1) * kTileBytes, reinterpret_cast<const unsigned char*>(cache),
                                      pages, kRowBytes, from, range.end - from);
    commit_copies();
  };
  const __nv_bfloat16* queries = query + (sequence * sizes.heads + first_head) * kKeyDim;
  for (int i = threadIdx.x; i < kRows * kKeyDim / 8; i += blockDim.x) {
    const int row = i / (kKeyDim / 8), chunk = i % (kKeyDim / 8);
    const bool valid = first_head + row < sizes.heads;
    copy_async(query_tile + chunk_offset<kRowBytes>(row, chunk), queries + (valid ? row * kKeyDim : 0) + chunk * 8,
               valid);
  }
  commit_copies();
  if (tiles > 0) load_stage(0);

  float result[kValueTiles][4] = {};
  float highest[2] = {kLowestScore, kLowestScore};
  float weight_sum[2] = {};
  for (int tile = 0; tile < tiles; ++tile) {
    if (tile + 1 < tiles) {
      load_stage(tile + 1);
      wait_for_copies<1>();
    } else {
      wait_for_copies<0>();
    }
    __syncthreads();
    const unsigned char* stage = stages + (tile & 1) * kTileBytes;

    float score[kKeyTiles][4] = {};
#pragma unroll 6
    for (int step = 0; step < kKeyDim / 32; ++step) {  // 32 dimensions: two products
      std::uint32_t a0[4], a1[4];
      const int row = row_tile * 16 + lane % 16;
      load_matrices(a0, query_tile + chunk_offset<kRowBytes>(row, step * 4 + lane / 16));
      load_matrices(a1, query_tile + chunk_offset<kRowBytes>(row, step * 4 + 2 + lane / 16));
#pragma unroll
      for (int n = 0; n < kKeyTiles; ++n) {
        std::uint32_t b[4];
        const int key = (column * kKeyTiles + n) * 8 + lane % 8;
        load_matrices(b, stage + chunk_offset<kRowBytes>(key, step * 4 + lane / 8));
        multiply_add(score[n], a0, b[0], b[1], __nv_bfloat16());
        multiply_add(score[n], a1, b[2], b[3], __nv_bfloat16());
      }
    }

#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float top = kLowestScore;
      for (int n = 0; n < kKeyTiles; ++n) {
        for (int e = 0; e < 2; ++e) {
          const int at = range.begin + tile * kKeys + (column * kKeyTiles + n) * 8 + 2 * (lane % 4) + e;
          float& cell = score[n][2 * half + e];
          cell = at < range.end ? cell * scale : -INFINITY;
          top = fmaxf(top, cell);
        }
      }
      top = maximum_over_lanes<4>(top);
      if (lane % 4 == 0) tops[column][row_tile * 16 + half * 8 + lane / 4] = top;
    }
    __syncthreads();
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = row_tile * 16 + half * 8 + lane / 4;
      float top = highest[half];
      for (int c = 0; c < kColumns; ++c) top = fmaxf(top, tops[c][row]);
      const float shrink = exp2f(highest[half] - top);
      highest[half] = top;
      float sum = 0.0f;
      for (int n = 0; n < kKeyTiles; ++n) {
        float* cells = &score[n][2 * half];
        for (int e = 0; e < 2; ++e) {
          cells[e] = exp2f(cells[e] - top);
          sum += cells[e];
        }
        const int offset = chunk_offset<2 * kKeys>(row, column * kKeyTiles + n) + 4 * (lane % 4);
        *reinterpret_cast<std::uint32_t*>(weight_tile + offset) = packed(cells[0], cells[1], __nv_bfloat16());
      }
      weight_sum[half] = weight_sum[half] * shrink + sum;
#pragma unroll
      for (int n = 0; n < kValueTiles; ++n) {
        result[n][2 * half] *= shrink;
        result[n][2 * half + 1] *= shrink;
      }
    }
    __syncthreads();

#pragma unroll
    for (int step = 0; step < kKeys / 16; ++step) {
      std::uint32_t a[4];
      load_matrices(a, weight_tile + chunk_offset<2 * kKeys>(row_tile * 16 + lane % 16, step * 2 + lane / 16));
#pragma unroll
      for (int n = 0; n < kValueTiles / 2; ++n) {
        std::uint32_t b[4];
        const int chunk = column * kValueTiles + 2 * n + lane / 16;
        load_matrices_transposed(b, stage + chunk_offset<kRowBytes>(step * 16 + lane % 16, chunk));
        multiply_add(result[2 * n], a, b[0], b[1], __nv_bfloat16());
        multiply_add(result[2 * n + 1], a, b[2], b[3], __nv_bfloat16());
      }
    }
    __syncthreads();
  }
  wait_for_copies<0>();

  // The sums of weights of the groups meet where the tops were.
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float sum = sum_over_lanes<4>(weight_sum[half]);
    if (lane % 4 == 0) tops[column][row_tile * 16 + half * 8 + lane / 4] = sum;
  }
  __syncthreads();
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = row_tile * 16 + half * 8 + lane / 4;
    if (first_head + row >= sizes.heads) continue;
    float sum = 0.0f;
    for (int c = 0; c < kColumns; ++c) sum += tops[c][row];
    const long head = sequence * sizes.heads + first_head + row;
    const long part = head * sizes.splits + split;
    if (sizes.splits > 1 && column == 0 && lane % 4 == 0) part_states[part] = {highest[half], sum};
#pragma unroll
    for (int n = 0; n < kValueTiles; ++n) {
      const int dim = (column * kValueTiles + n) * 8 + 2 * (lane % 4);
      for (int e = 0; e < 2; ++e) {
        const float value = result[n][2 * half + e];
        if (sizes.splits == 1) {
          output[head * kValueDim + dim + e] = __float2bfloat16(value / sum);
        } else {
          part_values[part * kValueDim + dim + e] = value;
        }
      }
    }
  }
}

}  // namespace tokenworks::gpu_calibration
