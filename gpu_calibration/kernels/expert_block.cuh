// The routed experts of one layer: sorting tokens by expert, two grouped products with a gated activation between them,
// and the weighted sum of each token's experts.
//
// Layouts: tokens [token][hidden], first weights [expert][2 intermediate][hidden] (gate, then up), second weights
// [expert][hidden][intermediate]; sorted rows are those of one expert after the other. All bf16, sums in fp32.
#pragma once

#include "gpu_calibration/kernels/device.cuh"

namespace tokenworks::gpu_calibration {

inline constexpr int kMostExperts = 1024;

/// What sorting leaves for the products; all on the device.
struct SortedRows {
  int* token_of_row;    ///< which token a sorted row is
  int* row_of_pair;     ///< sorted row of pair (token, k), -1 when its expert is elsewhere
  int* first_row;       ///< of each expert; one more at the end
  int* tile_expert;     ///< expert of each tile of rows
  int* tile_first_row;  ///< its first sorted row
  int* tiles;           ///< how many
};

/// One block. Pairs whose expert is not below `experts` belong to other GPUs.
static __global__ void sort_by_expert(const int* expert_of_pair, int pairs, int active, int experts, int tile_rows,
                                      SortedRows sorted) {
  __shared__ int counts[kMostExperts];
  __shared__ int next[kMostExperts];
  for (int e = threadIdx.x; e < experts; e += blockDim.x) counts[e] = 0;
  __syncthreads();
  for (int pair = threadIdx.x; pair < pairs; pair += blockDim.x) {
    if (expert_of_pair[pair] < experts) atomicAdd(&counts[expert_of_pair[pair]], 1);
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    int row = 0, tile = 0;
    for (int e = 0; e < experts; ++e) {
      sorted.first_row[e] = next[e] = row;
      for (int done = 0; done < counts[e]; done += tile_rows) {
        sorted.tile_expert[tile] = e;
        sorted.tile_first_row[tile++] = row + done;
      }
      row += counts[e];
    }
    sorted.first_row[experts] = row;
    *sorted.tiles = tile;
  }
  __syncthreads();
  for (int pair = threadIdx.x; pair < pairs; pair += blockDim.x) {
    const int expert = expert_of_pair[pair];
    const int row = expert < experts ? atomicAdd(&next[expert], 1) : -1;
    sorted.row_of_pair[pair] = row;
    if (row >= 0) sorted.token_of_row[row] = pair / active;
  }
}

struct GroupedTile {
  static constexpr int kThreads = 128;
  static constexpr int kColumns = 128;
  static constexpr int kInner = 64;
  static constexpr int kStages = 3;
  template <int kRowTiles>
  static constexpr int shared_bytes() {
    return kStages * 2 * kInner * (16 * kRowTiles + kColumns);
  }
};

struct GroupedSizes {
  int columns = 0, inner = 0;
  int experts = 0;
  int first_expert = 0;  ///< expert e uses the weights of (e + first_expert) % experts: rotation, so that they are cold
};

/// output[row][column] = sum of input[token_of_row[row]][k] weights[expert of row][column][k]; the row itself when
/// token_of_row is null. Blocks: tiles of rows (x, at least as many as there are) times tiles of columns (y).
template <int kRowTiles>
__global__ void __launch_bounds__(GroupedTile::kThreads)
    grouped_product(const __nv_bfloat16* input, const int* token_of_row, const __nv_bfloat16* weights,
                    __nv_bfloat16* output, SortedRows sorted, GroupedSizes sizes) {
  constexpr int kRows = 16 * kRowTiles, kColumns = GroupedTile::kColumns, kInner = GroupedTile::kInner;
  constexpr int kStages = GroupedTile::kStages, kRowBytes = 2 * kInner;
  constexpr int kStageBytes = kRowBytes * (kRows + kColumns);
  const int tile = blockIdx.x;
  if (tile >= *sorted.tiles) return;
  auto* stages = dynamic_shared<unsigned char>();
  __shared__ int source_row[kRows];

  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int expert = sorted.tile_expert[tile], first_row = sorted.tile_first_row[tile];
  const int rows = min(kRows, sorted.first_row[expert + 1] - first_row);
  const int first_column = static_cast<int>(blockIdx.y) * kColumns;
  const int slot = (expert + sizes.first_expert) % sizes.experts;
  weights += (static_cast<long>(slot) * sizes.columns + first_column) * sizes.inner;
  for (int i = threadIdx.x; i < kRows; i += blockDim.x) {
    const int row = first_row + (i < rows ? i : 0);
    source_row[i] = token_of_row == nullptr ? row : token_of_row[row];
  }
  __syncthreads();

  const int steps = (sizes.inner + kInner - 1) / kInner;
  const auto load_stage = [&](int step) {
    if (step < steps) {
      unsigned char* stage = stages + step % kStages * kStageBytes;
      for (int i = threadIdx.x; i < (kRows + kColumns) * kInner / 8; i += blockDim.x) {
        const int row = i / (kInner / 8), chunk = i % (kInner / 8);
        const int k = step * kInner + chunk * 8;
        const bool is_input = row < kRows;
        const int column = row - kRows;
        const bool valid = k < sizes.inner && (is_input ? row < rows : first_column + column < sizes.columns);
        const __nv_bfloat16* from = is_input ? input : weights;
        if (valid) from += static_cast<long>(is_input ? source_row[row] : column) * sizes.inner + k;
        copy_async(stage + chunk_offset<kRowBytes>(row, chunk), from, valid);
      }
    }
    commit_copies();
  };
  for (int step = 0; step < kStages - 1; ++step) load_stage(step);

  float result[kRowTiles][4][4] = {};
  for (int step = 0; step < steps; ++step) {
    wait_for_copies<kStages - 2>();
    __syncthreads();
    load_stage(step + kStages - 1);
    const unsigned char* stage = stages + step % kStages * kStageBytes;
#pragma unroll
    for (int k = 0; k < kInner / 16; ++k) {
      std::uint32_t b[2][4];
      for (int n = 0; n < 2; ++n) {
        const int row = kRows + warp * 32 + n * 16 + lane / 16 * 8 + lane % 8;
        load_matrices(b[n], stage + chunk_offset<kRowBytes>(row, k * 2 + lane / 8 % 2));
      }
#pragma unroll
      for (int m = 0; m < kRowTiles; ++m) {
        std::uint32_t a[4];
        load_matrices(a, stage + chunk_offset<kRowBytes>(m * 16 + lane % 16, k * 2 + lane / 16));
        for (int n = 0; n < 4; ++n) {
          multiply_add(result[m][n], a, b[n / 2][n % 2 * 2], b[n / 2][n % 2 * 2 + 1], __nv_bfloat16());
        }
      }
    }
  }
  wait_for_copies<0>();

#pragma unroll
  for (int m = 0; m < kRowTiles; ++m) {
    for (int half = 0; half < 2; ++half) {
      const int row = m * 16 + half * 8 + lane / 4;
      if (row >= rows) continue;
      __nv_bfloat16* to = output + static_cast<long>(first_row + row) * sizes.columns;
      for (int n = 0; n < 4; ++n) {
        const int column = first_column + warp * 32 + n * 8 + 2 * (lane % 4);
        if (column < sizes.columns) {
          *reinterpret_cast<std::uint32_t*>(to + column) =
              packed(result[m][n][2 * half], result[m][n][2 * half + 1], __nv_bfloat16());
        }
      }
    }
  }
}

/// activated[row][i] = silu(gate[row][i]) up[row][i]; blocks stride over the rows that there are.
static __global__ void activate_rows(const __nv_bfloat16* gate_and_up, __nv_bfloat16* activated, const int* rows,
                                     int width) {
  const long count = static_cast<long>(*rows) * width;
  for (long i = blockIdx.x * static_cast<long>(blockDim.x) + threadIdx.x; i < count;
       i += static_cast<long>(gridDim.x) * blockDim.x) {
    const long row = i / width, column = i % width;
    const float gate = __bfloat162float(gate_and_up[row * 2 * width + column]);
    const float up = __bfloat162float(gate_and_up[row * 2 * width + width + column]);
    activated[i] = __float2bfloat16(gate / (1.0f + exp2f(-gate * kLog2E)) * up);
  }
}

/// output[token] = sum over k of router_weight[token][k] rows[row_of_pair[token][k]]; one block a token.
static __global__ void sum_experts(const __nv_bfloat16* rows, const int* row_of_pair, const float* router_weight,
                                   __nv_bfloat16* output, int active, int hidden) {
  const long token = blockIdx.x;
  for (int column = threadIdx.x; column < hidden; column += blockDim.x) {
    float sum = 0.0f;
    for (int k = 0; k < active; ++k) {
      const int row = row_of_pair[token * active + k];
      if (row >= 0) {
        sum += router_weight[token * active + k] * __bfloat162float(rows[static_cast<long>(row) * hidden + column]);
      }
    }
    output[token * hidden + column] = __float2bfloat16(sum);
  }
}

}  // namespace tokenworks::gpu_calibration
