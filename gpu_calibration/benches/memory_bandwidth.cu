// Question: how fast does device memory stream, from sizes inside the L2 cache to gigabytes?
//
// Prints one JSON object a line: operation, bytes moved, median, 10th and 90th percentile. Buffers rotate so that no
// round finds its data in the cache unless they all fit.
#include <cstdint>
#include <string>

#include "gpu_calibration/harness/measure.cuh"

namespace {

using tokenworks::gpu_calibration::measure;
using tokenworks::gpu_calibration::Timing;

__global__ void triad(const float4* a, const float4* b, float4* c, float factor, std::size_t count) {
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count;
       i += std::size_t{gridDim.x} * blockDim.x) {
    const float4 x = a[i], y = b[i];
    c[i] = {x.x + factor * y.x, x.y + factor * y.y, x.z + factor * y.z, x.w + factor * y.w};
  }
}

__global__ void read_all(const float4* a, float* sink, std::size_t count) {
  float sum = 0;
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count;
       i += std::size_t{gridDim.x} * blockDim.x) {
    const float4 x = a[i];
    sum += x.x + x.y + x.z + x.w;
  }
  if (sum == -1.0f) *sink = sum;  // never: keeps the loads
}

void print(const char* operation, double bytes, const Timing& timing) {
  std::printf("{\"bench\": \"memory_bandwidth\", \"operation\": \"%s\", \"bytes\": %.0f, \"median_s\": %.9g, "
              "\"p10_s\": %.9g, \"p90_s\": %.9g, \"samples\": %d, \"gb_per_s\": %.1f}\n",
              operation, bytes, timing.median_s, timing.low_s, timing.high_s, timing.samples,
              bytes / timing.median_s * 1e-9);
}

}  // namespace

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::fprintf(stderr, "no CUDA device: this bench runs on a machine with a GPU\n");
    return 1;
  }
  cudaDeviceProp device{};
  TOKENWORKS_CUDA(cudaGetDeviceProperties(&device, 0));
  std::printf("{\"bench\": \"device\", \"name\": \"%s\", \"multiprocessors\": %d, \"l2_bytes\": %d, \"memory_bytes\": %zu}\n",
              device.name, device.multiProcessorCount, device.l2CacheSize, device.totalGlobalMem);
  const int blocks = 8 * device.multiProcessorCount;
  for (std::size_t bytes = std::size_t{1} << 22; bytes <= std::size_t{1} << 31; bytes <<= 1) {
    const std::size_t count = bytes / sizeof(float4);
    float4 *a = nullptr, *b = nullptr, *c = nullptr;
    float* sink = nullptr;
    TOKENWORKS_CUDA(cudaMalloc(&a, bytes));
    TOKENWORKS_CUDA(cudaMalloc(&b, bytes));
    TOKENWORKS_CUDA(cudaMalloc(&c, bytes));
    TOKENWORKS_CUDA(cudaMalloc(&sink, sizeof(float)));
    TOKENWORKS_CUDA(cudaMemset(a, 1, bytes));
    TOKENWORKS_CUDA(cudaMemset(b, 1, bytes));
    float4* buffers[3] = {a, b, c};
    print("read", static_cast<double>(bytes), measure([&](cudaStream_t stream, int round) {
            read_all<<<blocks, 512, 0, stream>>>(buffers[round % 3], sink, count);
          }));
    print("copy", 2.0 * static_cast<double>(bytes), measure([&](cudaStream_t stream, int round) {
            TOKENWORKS_CUDA(cudaMemcpyAsync(buffers[(round + 1) % 3], buffers[round % 3], bytes,
                                            cudaMemcpyDeviceToDevice, stream));
          }));
    print("triad", 3.0 * static_cast<double>(bytes), measure([&](cudaStream_t stream, int round) {
            triad<<<blocks, 512, 0, stream>>>(buffers[round % 3], buffers[(round + 1) % 3], buffers[(round + 2) % 3],
                                              3.0f, count);
          }));
    TOKENWORKS_CUDA(cudaFree(a));
    TOKENWORKS_CUDA(cudaFree(b));
    TOKENWORKS_CUDA(cudaFree(c));
    TOKENWORKS_CUDA(cudaFree(sink));
  }
  return 0;
}
