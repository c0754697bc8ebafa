#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <stdexcept>
#include <string>

#include "gpu_calibration/harness/device_memory.cuh"

namespace tokenworks::gpu_calibration {
namespace {

/// A hash of 32 bits (Wang's integer hash as M. Pharr et al. print it, "Physically Based Rendering", 2023).
__device__ std::uint32_t hashed(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ x >> 16;
}

template <class Element>
__global__ void fill(Element* to, std::size_t count, std::uint32_t seed) {
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count;
       i += std::size_t{gridDim.x} * blockDim.x) {
    const std::uint32_t bits =
        hashed(static_cast<std::uint32_t>(i) ^ hashed(seed + static_cast<std::uint32_t>(i >> 32)));
    if constexpr (sizeof(Element) == 1 && !std::is_same_v<Element, __nv_fp8_e4m3>) {
      to[i] = static_cast<Element>(bits);
    } else {
      to[i] = Element(static_cast<float>(static_cast<std::int32_t>(bits)) * (1.0f / 2147483648.0f));
    }
  }
}

template <class Element>
void launch_fill(void* memory, std::size_t bytes, std::uint32_t seed) {
  if (bytes < sizeof(Element)) return;
  fill<<<4096, 256>>>(static_cast<Element*>(memory), bytes / sizeof(Element), seed);
  TOKENWORKS_LAUNCHED();
  TOKENWORKS_CUDA(cudaDeviceSynchronize());
}

}  // namespace

int bits_of(std::string_view format) {
  if (format == "fp32") return 32;
  if (format == "bf16" || format == "fp16") return 16;
  if (format == "fp8") return 8;
  if (format == "nvfp4") return 4;
  throw std::invalid_argument("there is no number format " + std::string(format));
}

void fill_random(void* memory, std::size_t bytes, std::string_view format, std::uint32_t seed) {
  if (format == "fp32") return launch_fill<float>(memory, bytes, seed);
  if (format == "bf16") return launch_fill<__nv_bfloat16>(memory, bytes, seed);
  if (format == "fp16") return launch_fill<__half>(memory, bytes, seed);
  if (format == "fp8") return launch_fill<__nv_fp8_e4m3>(memory, bytes, seed);
  if (format == "nvfp4") return launch_fill<std::uint8_t>(memory, bytes, seed);
  throw std::invalid_argument("there is no number format " + std::string(format));
}

}  // namespace tokenworks::gpu_calibration
