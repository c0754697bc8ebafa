// Our attention kernels as calls: grids, shared memory, the second pass of a split context.
#pragma once

#include "gpu_calibration/benches/workbench.cuh"
#include "gpu_calibration/kernels/decode_attention.cuh"
#include "gpu_calibration/kernels/latent_decode.cuh"
#include "gpu_calibration/kernels/prompt_attention.cuh"

namespace tokenworks::gpu_calibration {

template <int kQueryDim, int kValueDim>
void launch_prompt_attention(cudaStream_t stream, int sequences, const __nv_bfloat16* query, const __nv_bfloat16* key,
                             const __nv_bfloat16* value, __nv_bfloat16* output, const PromptSizes& sizes) {
  const dim3 grid(whole_blocks(sizes.tokens, PromptTile::kQueries), static_cast<unsigned>(sizes.heads),
                  static_cast<unsigned>(sequences));
  prompt_attention<kQueryDim, kValueDim>
      <<<grid, PromptTile::kThreads, PromptTile::shared_bytes<kQueryDim, kValueDim>(), stream>>>(query, key, value,
                                                                                                 output, sizes);
  TOKENWORKS_LAUNCHED();
}

/// Where a split context leaves its parts.
struct SplitParts {
  float* values = nullptr;
  SplitState* states = nullptr;
};

inline std::size_t split_part_bytes(std::int64_t heads, int splits, int dim) {
  return static_cast<std::size_t>(heads) * splits * (dim * sizeof(float) + sizeof(SplitState));
}

/// Parts of `heads` heads (of all sequences) in memory of at least split_part_bytes.
inline SplitParts split_parts(void* memory, std::int64_t heads, int splits, int dim) {
  auto* values = static_cast<float*>(memory);
  return {values, reinterpret_cast<SplitState*>(values + heads * splits * dim)};
}

inline void launch_combine(cudaStream_t stream, int sequences, int heads, int dim, int splits, const SplitParts& parts,
                           __nv_bfloat16* output) {
  const dim3 grid(static_cast<unsigned>(heads), static_cast<unsigned>(sequences));
  combine_splits<<<grid, dim, 0, stream>>>(parts.values, parts.states, output, splits);
  TOKENWORKS_LAUNCHED();
}

template <class Cached, int kDim>
void launch_decode_attention(cudaStream_t stream, int sequences, const __nv_bfloat16* query, const Cached* keys,
                             const Cached* values, const int* pages, __nv_bfloat16* output, const SplitParts& parts,
                             const DecodeSizes& sizes) {
  const dim3 grid(static_cast<unsigned>(sizes.splits), static_cast<unsigned>(sizes.kv_heads),
                  static_cast<unsigned>(sequences));
  decode_attention<Cached, kDim><<<grid, DecodeTile::kThreads, DecodeTile::shared_bytes<Cached, kDim>(), stream>>>(
      query, keys, values, pages, output, parts.values, parts.states, sizes);
  TOKENWORKS_LAUNCHED();
  if (sizes.splits > 1) launch_combine(stream, sequences, sizes.heads, kDim, sizes.splits, parts, output);
}

template <int kRowTiles, int kColumns>
void launch_latent_decode(cudaStream_t stream, int sequences, const __nv_bfloat16* query, const __nv_bfloat16* cache,
                          const int* pages, __nv_bfloat16* output, const SplitParts& parts,
                          const LatentSizes576& sizes) {
  const dim3 grid(static_cast<unsigned>(sizes.splits), whole_blocks(sizes.heads, 16 * kRowTiles),
                  static_cast<unsigned>(sequences));
  latent_decode<kRowTiles, kColumns>
      <<<grid, LatentTile::threads<kRowTiles, kColumns>(), LatentTile::shared_bytes<kRowTiles>(), stream>>>(
          query, cache, pages, output, parts.values, parts.states, sizes);
  TOKENWORKS_LAUNCHED();
  if (sizes.splits > 1) {
    launch_combine(stream, sequences, sizes.heads, LatentTile::kValueDim, sizes.splits, parts, output);
  }
}

/// A page table of `sequences` times `pages` pages in a random order, as a cache in use has.
DeviceMemory random_pages(std::int64_t sequences, std::int64_t pages);

}  // namespace tokenworks::gpu_calibration
