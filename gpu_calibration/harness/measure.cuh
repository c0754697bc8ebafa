// Timing of GPU work by CUDA events: warm-up, samples, median and spread. Every return code is checked.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace tokenworks::gpu_calibration {

/// Ends the program with the call's place when a CUDA call has failed.
#define TOKENWORKS_CUDA(call)                                                                               \
  do {                                                                                                      \
    const cudaError_t status = (call);                                                                      \
    if (status != cudaSuccess) {                                                                            \
      std::fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(status));       \
      std::exit(1);                                                                                         \
    }                                                                                                       \
  } while (false)

/// Seconds of one execution over some samples.
struct Timing {
  double median_s = 0.0;
  double low_s = 0.0;   ///< 10th percentile
  double high_s = 0.0;  ///< 90th percentile
  int samples = 0;
};

/// Runs `work(stream, round)` `warm_up` times, then times `samples` rounds one by one.
template <class Work>
Timing measure(const Work& work, int warm_up = 5, int samples = 31) {
  cudaStream_t stream;
  cudaEvent_t begin, end;
  TOKENWORKS_CUDA(cudaStreamCreate(&stream));
  TOKENWORKS_CUDA(cudaEventCreate(&begin));
  TOKENWORKS_CUDA(cudaEventCreate(&end));
  int round = 0;
  for (int i = 0; i < warm_up; ++i) work(stream, round++);
  std::vector<double> seconds;
  for (int i = 0; i < samples; ++i) {
    TOKENWORKS_CUDA(cudaEventRecord(begin, stream));
    work(stream, round++);
    TOKENWORKS_CUDA(cudaEventRecord(end, stream));
    TOKENWORKS_CUDA(cudaEventSynchronize(end));
    float milliseconds = 0;
    TOKENWORKS_CUDA(cudaEventElapsedTime(&milliseconds, begin, end));
    seconds.push_back(milliseconds * 1e-3);
  }
  TOKENWORKS_CUDA(cudaGetLastError());
  TOKENWORKS_CUDA(cudaEventDestroy(begin));
  TOKENWORKS_CUDA(cudaEventDestroy(end));
  TOKENWORKS_CUDA(cudaStreamDestroy(stream));
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double share) { return seconds[static_cast<std::size_t>(share * (samples - 1) + 0.5)]; };
  return {at(0.5), at(0.1), at(0.9), samples};
}

}  // namespace tokenworks::gpu_calibration
