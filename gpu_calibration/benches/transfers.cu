// Question: how fast are copies between pinned host memory and the device, and between two devices?
#include "gpu_calibration/benches/workbench.cuh"

namespace tokenworks::gpu_calibration {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 28;

class PinnedMemory {
 public:
  explicit PinnedMemory(std::size_t bytes) { TOKENWORKS_CUDA(cudaMallocHost(&data_, bytes)); }
  ~PinnedMemory() { cudaFreeHost(data_); }
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
};

Timing timed(Workbench& bench, const Work& work) {
  MeasureOptions options;
  options.in_graph = false;  // as engines copy: from the host's own stream of calls
  options.cold = false;
  return bench.stopwatch.measure(work, options);
}

void measure_host(Workbench& bench, const PinnedMemory& host, std::size_t bytes) {
  const auto size = static_cast<std::int64_t>(bytes);
  void* device = bench.results.as<void>();
  bench.session.record("memory_stream", {"host_to_device"}, {size}, timed(bench, [&](cudaStream_t stream, int) {
                         TOKENWORKS_CUDA(cudaMemcpyAsync(device, host.data(), bytes, cudaMemcpyHostToDevice, stream));
                       }));
  bench.session.record("memory_stream", {"device_to_host"}, {size}, timed(bench, [&](cudaStream_t stream, int) {
                         TOKENWORKS_CUDA(cudaMemcpyAsync(host.data(), device, bytes, cudaMemcpyDeviceToHost, stream));
                       }));
}

/// Memory of another device; the current device is restored.
class PeerMemory {
 public:
  PeerMemory(int home, int peer, std::size_t bytes) : home_(home), peer_(peer) {
    TOKENWORKS_CUDA(cudaSetDevice(peer_));
    const cudaError_t status = cudaMalloc(&data_, bytes);
    TOKENWORKS_CUDA(cudaSetDevice(home_));
    TOKENWORKS_CUDA(status);
  }
  ~PeerMemory() {
    cudaSetDevice(peer_);
    cudaFree(data_);
    cudaSetDevice(home_);
  }
  PeerMemory(const PeerMemory&) = delete;
  PeerMemory& operator=(const PeerMemory&) = delete;
  void* data() const { return data_; }

 private:
  int home_, peer_;
  void* data_ = nullptr;
};

void measure_peer(Workbench& bench, int peer) {
  int direct = 0;
  TOKENWORKS_CUDA(cudaDeviceCanAccessPeer(&direct, bench.device.index, peer));
  if (direct) {
    const cudaError_t status = cudaDeviceEnablePeerAccess(peer, 0);
    if (status == cudaErrorPeerAccessAlreadyEnabled)
      cudaGetLastError();
    else
      TOKENWORKS_CUDA(status);
  }
  const PeerMemory remote(bench.device.index, peer, kMostBytes);
  for (std::size_t bytes = 4096; bytes <= kMostBytes; bytes *= 4) {
    if (!bench.session.time_left()) return;
    bench.session.record("memory_stream", {direct ? "to_peer" : "to_peer_through_host"},
                         {static_cast<std::int64_t>(bytes)}, timed(bench, [&](cudaStream_t stream, int) {
                           TOKENWORKS_CUDA(cudaMemcpyPeerAsync(remote.data(), peer, bench.results.as<void>(),
                                                               bench.device.index, bytes, stream));
                         }));
  }
}

}  // namespace

void measure_transfers(Workbench& bench) {
  const PinnedMemory host(kMostBytes);
  for (std::size_t bytes = 4096; bytes <= kMostBytes && bytes <= bench.results.bytes(); bytes *= 4) {
    if (!bench.session.time_left()) return;
    measure_host(bench, host, bytes);
  }
  int devices = 0;
  TOKENWORKS_CUDA(cudaGetDeviceCount(&devices));
  if (devices < 2) return;
  measure_peer(bench, bench.device.index == 0 ? 1 : 0);
}

}  // namespace tokenworks::gpu_calibration
