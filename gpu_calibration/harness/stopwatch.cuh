// Timing of GPU work by CUDA events: warm-up, rounds in a graph, samples, a cold L2 cache.
#pragma once

#include <functional>
#include <vector>

#include "gpu_calibration/harness/device_memory.cuh"
#include "gpu_calibration/harness/nvml.hpp"
#include "gpu_calibration/harness/statistics.hpp"

namespace tokenworks::gpu_calibration {

/// Enqueues one execution; `round` counts up, so that operands can rotate.
using Work = std::function<void(cudaStream_t stream, int round)>;

struct MeasureOptions {
  double budget_s = 0.010;  ///< for the samples; three are taken in any case
  bool in_graph = true;     ///< rounds are replayed as a graph, as engines decode; else launched one by one
  bool cold = true;         ///< a read of twice the L2 cache comes before each sample
};

class Stopwatch {
 public:
  /// `sensors` may be null.
  Stopwatch(std::size_t l2_bytes, const BoardSensors* sensors);
  ~Stopwatch();
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

  /// Seconds of one execution. The first runs are not counted: they load kernels and fill tables.
  Timing measure(const Work& work, const MeasureOptions& options = {});

  /// Seconds of one execution, mean of `runs` back to back; only to choose between candidates.
  double rough_s(const Work& work, int runs);

  cudaStream_t stream() const { return stream_; }

 private:
  class Graph;
  double elapsed_s(cudaEvent_t begin, cudaEvent_t end) const;
  void empty_cache();

  const BoardSensors* sensors_;
  DeviceMemory flush_;
  cudaStream_t stream_ = nullptr;
  std::vector<cudaEvent_t> events_;
};

}  // namespace tokenworks::gpu_calibration
