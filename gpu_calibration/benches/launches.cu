// Question: what does a launch cost the host and the stream, one by one and as a replayed graph?
//
// Times are those of the host's clock, from the first call to the end of the last kernel; kernels do nothing.
#include <chrono>

#include "gpu_calibration/benches/workbench.cuh"

namespace tokenworks::gpu_calibration {
namespace {

__global__ void do_nothing() {}

void launch_each(cudaStream_t stream, int kernels) {
  for (int i = 0; i < kernels; ++i) do_nothing<<<1, 32, 0, stream>>>();
  TOKENWORKS_LAUNCHED();
}

template <class Call>
Timing by_host_clock(cudaStream_t stream, const Call& call) {
  constexpr int kSamples = 31;
  std::vector<double> seconds;
  for (int sample = -3; sample < kSamples; ++sample) {
    TOKENWORKS_CUDA(cudaStreamSynchronize(stream));
    const auto begin = std::chrono::steady_clock::now();
    call();
    TOKENWORKS_CUDA(cudaStreamSynchronize(stream));
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    if (sample >= 0) seconds.push_back(passed.count());
  }
  return summarise(seconds);
}

Timing graph_replay(cudaStream_t stream, int kernels) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  TOKENWORKS_CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  launch_each(stream, kernels);
  TOKENWORKS_CUDA(cudaStreamEndCapture(stream, &graph));
  TOKENWORKS_CUDA(cudaGraphInstantiate(&executable, graph, 0));
  TOKENWORKS_CUDA(cudaGraphUpload(executable, stream));
  const Timing timing = by_host_clock(stream, [&] { TOKENWORKS_CUDA(cudaGraphLaunch(executable, stream)); });
  TOKENWORKS_CUDA(cudaGraphExecDestroy(executable));
  TOKENWORKS_CUDA(cudaGraphDestroy(graph));
  return timing;
}

}  // namespace

void measure_launches(Workbench& bench) {
  cudaStream_t stream = bench.stopwatch.stream();
  launch_each(stream, 1);
  for (const int kernels : {1, 10, 100, 1000}) {
    if (!bench.session.time_left()) return;
    bench.session.record("launch", {"one_by_one"}, {kernels},
                         by_host_clock(stream, [&] { launch_each(stream, kernels); }));
    bench.session.record("launch", {"graph"}, {kernels}, graph_replay(stream, kernels));
  }
}

}  // namespace tokenworks::gpu_calibration
