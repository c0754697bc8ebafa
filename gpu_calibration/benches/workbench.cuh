// What a bench finds: the GPU's facts, the stopwatch, large buffers, and the run that it reports to.
#pragma once

#include <cublasLt.h>

#include "gpu_calibration/harness/device_memory.cuh"
#include "gpu_calibration/harness/session.hpp"
#include "gpu_calibration/harness/stopwatch.cuh"

namespace tokenworks::gpu_calibration {

struct DeviceFacts {
  int index = 0;
  int multiprocessors = 0;
  int l2_bytes = 0;
  int shared_bytes_of_block = 0;  ///< the most that a kernel may ask for
  int compute_capability = 0;     ///< 90 for 9.0
};

struct Workbench {
  Session& session;
  Stopwatch& stopwatch;
  DeviceFacts device;
  DeviceMemory& operands;  ///< what is read cold: weights, caches
  DeviceMemory& inputs;    ///< what stays warm: activations, queries
  DeviceMemory& results;   ///< what is written; products and attention never read it, so inputs stay what they were
};

/// Blocks that hold `count` items, `each` in one.
inline unsigned whole_blocks(std::int64_t count, std::int64_t each) {
  return static_cast<unsigned>((count + each - 1) / each);
}

/// Largest dynamic shared memory of a kernel for its use; false when the GPU has less.
template <class Kernel>
bool allow_shared_memory(Kernel kernel, int bytes, const DeviceFacts& device) {
  if (bytes > device.shared_bytes_of_block) return false;
  TOKENWORKS_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  return true;
}

/// Measures one point. A call that fails costs this point alone and is noted, unless the device itself is lost.
template <class Point>
void attempt(Workbench& bench, const std::string& what, const Point& point) {
  try {
    point();
  } catch (const DeviceError& error) {
    bench.session.note(what + " failed at some points: " + error.what());
    cudaGetLastError();
    TOKENWORKS_CUDA(cudaDeviceSynchronize());
  }
}

/// Ends a bench whose kernel gives a wrong answer: a fast wrong kernel is not a measurement.
struct WrongAnswer : std::runtime_error {
  using std::runtime_error::runtime_error;
};
inline void require_small_error(const std::string& what, double error, double allowed) {
  if (!(error <= allowed)) {
    throw WrongAnswer(what + " differs by " + std::to_string(error) + " of the largest value from the reference (" +
                      std::to_string(allowed) + " allowed)");
  }
}

}  // namespace tokenworks::gpu_calibration
