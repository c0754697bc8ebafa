// The instructions that our kernels need beyond plain CUDA C++: tensor-core products, matrix loads, asynchronous
// copies. Under TOKENWORKS_EMULATED_DEVICE the same names run on the host, so that tests check the kernels without a
// GPU.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <cstdint>
#include <cstring>

#ifdef TOKENWORKS_EMULATED_DEVICE
#include "gpu_calibration/kernels/emulated_device.hpp"
#else

namespace tokenworks::gpu_calibration {

__device__ inline unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

/// The block's dynamic shared memory.
template <class Element>
__device__ Element* dynamic_shared() {
  extern __shared__ __align__(128) unsigned char tokenworks_shared[];
  return reinterpret_cast<Element*>(tokenworks_shared);
}

/// Four 8x8 matrices of 16-bit elements; lane l gives the address of row l % 8 of matrix l / 8.
__device__ inline void load_matrices(std::uint32_t (&matrices)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
               : "r"(shared_address(row))
               : "memory");
}

/// The same, each matrix transposed.
__device__ inline void load_matrices_transposed(std::uint32_t (&matrices)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(matrices[0]), "=r"(matrices[1]), "=r"(matrices[2]), "=r"(matrices[3])
               : "r"(shared_address(row))
               : "memory");
}

/// sum (16x8, fp32) += a (16x16) times b (16x8) of bf16.
__device__ inline void multiply_add(float (&sum)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1,
                                    __nv_bfloat16) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// The same of fp16.
__device__ inline void multiply_add(float (&sum)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1,
                                    __half) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// 16 bytes from global to shared memory in the background; zeros when not `valid` (nothing is read then).
__device__ inline void copy_async(void* shared, const void* global, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(global),
               "r"(valid ? 16 : 0)
               : "memory");
}

__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/// Until at most kPending of the committed groups are under way.
template <int kPending>
__device__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

/// Maximum and sum over the lanes l ^ 0 .. l ^ (kLanes - 1), in all of them.
template <int kLanes>
__device__ float maximum_over_lanes(float value) {
  for (int mask = kLanes / 2; mask > 0; mask /= 2) value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, mask));
  return value;
}
template <int kLanes>
__device__ float sum_over_lanes(float value) {
  for (int mask = kLanes / 2; mask > 0; mask /= 2) value += __shfl_xor_sync(0xffffffffu, value, mask);
  return value;
}

}  // namespace tokenworks::gpu_calibration

#endif

namespace tokenworks::gpu_calibration {

/// Two fp32 numbers as one register of two bf16 or fp16, the first in the low half.
__device__ inline std::uint32_t packed(float low, float high, __nv_bfloat16) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  std::uint32_t bits;
  memcpy(&bits, &pair, sizeof bits);
  return bits;
}
__device__ inline std::uint32_t packed(float low, float high, __half) {
  const __half2 pair = __floats2half2_rn(low, high);
  std::uint32_t bits;
  memcpy(&bits, &pair, sizeof bits);
  return bits;
}

/// Two e4m3 numbers as two fp16, exactly.
__device__ inline std::uint32_t widened(std::uint32_t two_fp8) {
  const __half2_raw pair = __nv_cvt_fp8x2_to_halfraw2(static_cast<__nv_fp8x2_storage_t>(two_fp8), __NV_E4M3);
  return static_cast<std::uint32_t>(pair.x) | static_cast<std::uint32_t>(pair.y) << 16;
}

/// Byte offset of a 16-byte chunk in a tile of rows in shared memory. Chunks of a row are exchanged so that eight rows
/// at one column lie in different banks.
template <int kRowBytes>
__device__ int chunk_offset(int row, int chunk) {
  static_assert(kRowBytes == 64 || kRowBytes % 128 == 0);
  const int exchanged = kRowBytes == 64 ? chunk ^ ((row >> 1) & 3) : chunk ^ (row & 7);
  return row * kRowBytes + exchanged * 16;
}

/// log2(e): softmax in powers of two.
inline constexpr float kLog2E = 1.4426950408889634f;

/// Below every score, and finite so that differences are defined.
inline constexpr float kLowestScore = -1e30f;

}  // namespace tokenworks::gpu_calibration
