// One new token a sequence over a paged cache: the context is split over blocks, a second pass puts the parts together.
//
// A block takes all query heads of one key head (at most 16, the rows of a tensor-core product) and its part of the
// context in tiles of 64 keys, 16 a warp, two tiles in flight. The cache is bf16, or fp8 (e4m3) that is widened to fp16
// in registers. Layouts: query and output [sequence][head][dim], caches [page][token in page][kv head][dim], pages
// [sequence][page of the sequence].
#pragma once

#include "gpu_calibration/kernels/device.cuh"

namespace tokenworks::gpu_calibration {

struct DecodeSizes {
  int context = 0, heads = 0, kv_heads = 0;
  int window = 0;  ///< last keys that are seen; 0: all
  int splits = 1;
  int pages = 0;       ///< entries of one sequence in the page table
  float scale = 0.0f;  ///< of scores
};

/// What one split leaves for the second pass, beside its sums of values.
struct SplitState {
  float highest, weight_sum;
};

inline constexpr int kPageTokens = 16;

struct DecodeTile {
  static constexpr int kThreads = 128;
  static constexpr int kRows = 16;
  static constexpr int kKeys = 64;
  template <class Cached, int kDim>
  static constexpr int shared_bytes() {
    return 4 * kKeys * kDim * static_cast<int>(sizeof(Cached));
  }
};

/// How 16 keys of a warp become fragments, by the format of the cache. `Product` is what the tensor cores multiply.
template <class Cached, int kDim>
struct CacheFragments;

template <int kDim>
struct CacheFragments<__nv_bfloat16, kDim> {
  using Product = __nv_bfloat16;

  /// Dimension of element `e` of a query fragment's register (columns 2t, 2t + 1, then 8 further).
  __device__ static int query_dim(int step, int lane, int upper, int e) {
    return step * 16 + upper * 8 + 2 * (lane % 4) + e;
  }
  /// Dimension that column `column` of the product n with values stands for.
  __device__ static int value_dim(int n, int column) { return n * 8 + column; }

  template <class Use>
  __device__ static void for_keys(const unsigned char* tile, int first_row, int lane, int step, const Use& use) {
    std::uint32_t b[4];
    load_matrices(b, tile + chunk_offset<2 * kDim>(first_row + lane / 16 * 8 + lane % 8, step * 2 + lane / 8 % 2));
    use(0, b[0], b[1]);
    use(1, b[2], b[3]);
  }

  template <class Use>
  __device__ static void for_values(const unsigned char* tile, int first_row, int lane, const Use& use) {
#pragma unroll
    for (int n = 0; n < kDim / 16; ++n) {
      std::uint32_t b[4];
      load_matrices_transposed(b, tile + chunk_offset<2 * kDim>(first_row + lane % 16, n * 2 + lane / 16));
      use(2 * n, b[0], b[1]);
      use(2 * n + 1, b[2], b[3]);
    }
  }
};

/// The sum over dimensions and the order of output columns may be permuted: each lane then reads whole words.
template <int kDim>
struct CacheFragments<__nv_fp8_e4m3, kDim> {
  using Product = __half;
  static constexpr int kLaneDims = kDim / 8;  // dimensions of values that a lane widens

  __device__ static int query_dim(int step, int lane, int upper, int e) {
    return step * 16 + 4 * (lane % 4) + 2 * upper + e;
  }
  __device__ static int value_dim(int n, int column) { return column * kLaneDims + n; }

  template <class Use>
  __device__ static void for_keys(const unsigned char* tile, int first_row, int lane, int step, const Use& use) {
    for (int n = 0; n < 2; ++n) {
      const int offset = chunk_offset<kDim>(first_row + n * 8 + lane / 4, step) + 4 * (lane % 4);
      const std::uint32_t word = *reinterpret_cast<const std::uint32_t*>(tile + offset);
      use(n, widened(word & 0xffff), widened(word >> 16));
    }
  }

  template <class Use>
  __device__ static void for_values(const unsigned char* tile, int first_row, int lane, const Use& use) {
    constexpr int kWords = kLaneDims / 4;
    std::uint32_t words[4][kWords];
    const int first_byte = lane / 4 * kLaneDims;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int row = first_row + 2 * (lane % 4) + i % 2 + i / 2 * 8;
      const unsigned char* from = tile + chunk_offset<kDim>(row, first_byte / 16) + first_byte % 16;
      if constexpr (kWords == 4) {
        const uint4 loaded = *reinterpret_cast<const uint4*>(from);
        words[i][0] = loaded.x, words[i][1] = loaded.y, words[i][2] = loaded.z, words[i][3] = loaded.w;
      } else {
        const uint2 loaded = *reinterpret_cast<const uint2*>(from);
        words[i][0] = loaded.x, words[i][1] = loaded.y;
      }
    }
#pragma unroll
    for (int w = 0; w < kWords; ++w) {
      // Bytes of two keys side by side: (first, second) of dimension 4w and 4w + 1, then of 4w + 2 and 4w + 3.
      const std::uint32_t a0 = __byte_perm(words[0][w], words[1][w], 0x5140);
      const std::uint32_t a1 = __byte_perm(words[2][w], words[3][w], 0x5140);
      const std::uint32_t b0 = __byte_perm(words[0][w], words[1][w], 0x7362);
      const std::uint32_t b1 = __byte_perm(words[2][w], words[3][w], 0x7362);
      use(4 * w, widened(a0 & 0xffff), widened(a1 & 0xffff));
      use(4 * w + 1, widened(a0 >> 16), widened(a1 >> 16));
      use(4 * w + 2, widened(b0 & 0xffff), widened(b1 & 0xffff));
      use(4 * w + 3, widened(b0 >> 16), widened(b1 >> 16));
    }
  }
};

/// Rows of a paged cache into a tile; rows from `valid_rows` on become zero.
template <int kRows, int kRowBytes>
__device__ void load_paged_rows(unsigned char* tile, const unsigned char* cache, const int* pages, long token_bytes,
                                int first_token, int valid_rows) {
  constexpr int kChunks = kRowBytes / 16;
  for (int i = threadIdx.x; i < kRows * kChunks; i += blockDim.x) {
    const int row = i / kChunks, chunk = i % kChunks;
    const bool valid = row < valid_rows;
    const int token = first_token + (valid ? row : 0);
    const long cached = static_cast<long>(pages[token / kPageTokens]) * kPageTokens + token % kPageTokens;
    copy_async(tile + chunk_offset<kRowBytes>(row, chunk), cache + cached * token_bytes + chunk * 16, valid);
  }
}

/// Keys [begin, end) of one split, whole tiles but for the last.
struct KeyRange {
  int begin, end;
};
__device__ inline KeyRange keys_of_split(int first, int context, int split, int splits, int tile) {
  const int tiles = (context - first + tile - 1) / tile;
  const int each = (tiles + splits - 1) / splits;
  return {min(context, first + split * each * tile), min(context, first + (split + 1) * each * tile)};
}

template <class Cached, int kDim>
__global__ void __launch_bounds__(DecodeTile::kThreads)
    decode_attention(const __nv_bfloat16* query, const Cached* key_cache, const Cached* value_cache, const int* pages,
                     __nv_bfloat16* output, float* part_values, SplitState* part_states, DecodeSizes sizes) {
  using Fragments = CacheFragments<Cached, kDim>;
  using Product = typename Fragments::Product;
  constexpr int kRows = DecodeTile::kRows, kKeys = DecodeTile::kKeys;
  constexpr int kRowBytes = kDim * static_cast<int>(sizeof(Cached)), kTileBytes = kKeys * kRowBytes;
  auto* stages = dynamic_shared<unsigned char>();
  __shared__ SplitState warp_states[4][kRows];

  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int split = blockIdx.x, kv_head = blockIdx.y;
  const long sequence = blockIdx.z;
  const int group = sizes.heads / sizes.kv_heads;
  const int first = sizes.window > 0 ? max(0, sizes.context - sizes.window) : 0;
  const KeyRange range = keys_of_split(first, sizes.context, split, sizes.splits, kKeys);
  const int tiles = (range.end - range.begin + kKeys - 1) / kKeys;
  const float scale = sizes.scale * kLog2E;

  pages += sequence * sizes.pages;
  const long token_bytes = static_cast<long>(sizes.kv_heads) * kRowBytes;
  const auto* keys = reinterpret_cast<const unsigned char*>(key_cache) + kv_head * kRowBytes;
  const auto* values = reinterpret_cast<const unsigned char*>(value_cache) + kv_head * kRowBytes;
  const auto load_stage = [&](int tile) {
    unsigned char* stage = stages + (tile & 1) * 2 * kTileBytes;
    const int from = range.begin + tile * kKeys;
    load_paged_rows<kKeys, kRowBytes>(stage, keys, pages, token_bytes, from, range.end - from);
    load_paged_rows<kKeys, kRowBytes>(stage + kTileBytes, values, pages, token_bytes, from, range.end - from);
    commit_copies();
  };
  if (tiles > 0) load_stage(0);

  const __nv_bfloat16* queries = query + (sequence * sizes.heads + kv_head * group) * kDim;
  std::uint32_t a[kDim / 16][4];
#pragma unroll
  for (int step = 0; step < kDim / 16; ++step) {
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + i % 2 * 8;
      float pair[2] = {0.0f, 0.0f};
      for (int e = 0; e < 2; ++e) {
        if (row < group) {
          pair[e] = __bfloat162float(queries[row * kDim + Fragments::query_dim(step, lane, i / 2, e)]);
        }
      }
      a[step][i] = packed(pair[0], pair[1], Product());
    }
  }

  float result[kDim / 8][4] = {};
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
    const unsigned char* stage = stages + (tile & 1) * 2 * kTileBytes;
    float score[2][4] = {};
#pragma unroll
    for (int step = 0; step < kDim / 16; ++step) {
      Fragments::for_keys(stage, warp * 16, lane, step, [&](int n, std::uint32_t b0, std::uint32_t b1) {
        multiply_add(score[n], a[step], b0, b1, Product());
      });
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float top = kLowestScore;
      for (int n = 0; n < 2; ++n) {
        for (int e = 0; e < 2; ++e) {
          const int at = range.begin + tile * kKeys + warp * 16 + n * 8 + 2 * (lane % 4) + e;
          float& cell = score[n][2 * half + e];
          cell = at < range.end ? cell * scale : -INFINITY;
          top = fmaxf(top, cell);
        }
      }
      top = fmaxf(highest[half], maximum_over_lanes<4>(top));
      const float shrink = exp2f(highest[half] - top);
      highest[half] = top;
      float sum = 0.0f;
      for (int n = 0; n < 2; ++n) {
        for (int e = 0; e < 2; ++e) {
          float& cell = score[n][2 * half + e];
          cell = exp2f(cell - top);
          sum += cell;
        }
      }
      weight_sum[half] = weight_sum[half] * shrink + sum;
#pragma unroll
      for (int n = 0; n < kDim / 8; ++n) {
        result[n][2 * half] *= shrink;
        result[n][2 * half + 1] *= shrink;
      }
    }
    const std::uint32_t weights[4] = {
        packed(score[0][0], score[0][1], Product()), packed(score[0][2], score[0][3], Product()),
        packed(score[1][0], score[1][1], Product()), packed(score[1][2], score[1][3], Product())};
    Fragments::for_values(stage + kTileBytes, warp * 16, lane, [&](int n, std::uint32_t b0, std::uint32_t b1) {
      multiply_add(result[n], weights, b0, b1, Product());
    });
    __syncthreads();
  }

  // The four warps' parts meet in shared memory, where the tiles were.
  auto* warp_values = reinterpret_cast<float*>(stages);
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = half * 8 + lane / 4;
    const float sum = sum_over_lanes<4>(weight_sum[half]);
    if (lane % 4 == 0) warp_states[warp][row] = {highest[half], sum};
#pragma unroll
    for (int n = 0; n < kDim / 8; ++n) {
      for (int e = 0; e < 2; ++e) {
        warp_values[(warp * kRows + row) * kDim + Fragments::value_dim(n, 2 * (lane % 4) + e)] =
            result[n][2 * half + e];
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < group * kDim; i += blockDim.x) {
    const int row = i / kDim, dim = i % kDim;
    float top = kLowestScore, value = 0.0f, sum = 0.0f;
    for (int w = 0; w < 4; ++w) top = fmaxf(top, warp_states[w][row].highest);
    for (int w = 0; w < 4; ++w) {
      const float shrink = exp2f(warp_states[w][row].highest - top);
      value += shrink * warp_values[(w * kRows + row) * kDim + dim];
      sum += shrink * warp_states[w][row].weight_sum;
    }
    const long head = sequence * sizes.heads + kv_head * group + row;
    if (sizes.splits == 1) {
      output[head * kDim + dim] = __float2bfloat16(value / sum);
    } else {
      part_values[(head * sizes.splits + split) * kDim + dim] = value;
      if (dim == 0) part_states[head * sizes.splits + split] = {top, sum};
    }
  }
}

/// The second pass: one block a head (x) and sequence (y), one thread a dimension.
static __global__ void combine_splits(const float* part_values, const SplitState* part_states, __nv_bfloat16* output,
                                      int splits) {
  const int dim = threadIdx.x, dims = blockDim.x;
  const long head = static_cast<long>(blockIdx.y) * gridDim.x + blockIdx.x;
  part_values += head * splits * dims;
  part_states += head * splits;
  float top = kLowestScore, value = 0.0f, sum = 0.0f;
  for (int s = 0; s < splits; ++s) top = fmaxf(top, part_states[s].highest);
  for (int s = 0; s < splits; ++s) {
    const float shrink = exp2f(part_states[s].highest - top);
    value += shrink * part_values[static_cast<long>(s) * dims + dim];
    sum += shrink * part_states[s].weight_sum;
  }
  output[head * dims + dim] = __float2bfloat16(value / sum);
}

}  // namespace tokenworks::gpu_calibration
