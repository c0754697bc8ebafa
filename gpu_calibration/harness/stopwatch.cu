#include <algorithm>
#include <memory>

#include "gpu_calibration/harness/stopwatch.cuh"
#include "gpu_calibration/harness/time_budget.hpp"

namespace tokenworks::gpu_calibration {
namespace {

constexpr int kMostSamples = 31;

/// Reads, so that no dirty line has to be written back while the next sample runs.
__global__ void read_through(const uint4* from, std::size_t count, unsigned* sink) {
  unsigned mixed = 0;
  for (std::size_t i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x; i < count;
       i += std::size_t{gridDim.x} * blockDim.x) {
    const uint4 loaded = from[i];
    mixed |= loaded.x | loaded.y | loaded.z | loaded.w;
  }
  if (mixed != 0) *sink = mixed;  // never, the buffer is zero: keeps the loads
}

}  // namespace

/// Some rounds of work, captured once and replayed.
class Stopwatch::Graph {
 public:
  Graph(cudaStream_t stream, const Work& work, int rounds) {
    TOKENWORKS_CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    try {
      for (int round = 0; round < rounds; ++round) work(stream, round);
    } catch (...) {
      cudaGraph_t broken = nullptr;
      cudaStreamEndCapture(stream, &broken);
      if (broken != nullptr) cudaGraphDestroy(broken);
      cudaGetLastError();
      throw;
    }
    cudaGraph_t graph = nullptr;
    TOKENWORKS_CUDA(cudaStreamEndCapture(stream, &graph));
    const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
    cudaGraphDestroy(graph);
    TOKENWORKS_CUDA(status);
    TOKENWORKS_CUDA(cudaGraphUpload(executable_, stream));
  }
  ~Graph() {
    if (executable_ != nullptr) cudaGraphExecDestroy(executable_);
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  void launch(cudaStream_t stream) const { TOKENWORKS_CUDA(cudaGraphLaunch(executable_, stream)); }

 private:
  cudaGraphExec_t executable_ = nullptr;
};

Stopwatch::Stopwatch(std::size_t l2_bytes, const BoardSensors* sensors)
    : sensors_(sensors), flush_(std::max<std::size_t>(2 * l2_bytes, std::size_t{16} << 20) + 16) {
  TOKENWORKS_CUDA(cudaMemset(flush_.as<void>(), 0, flush_.bytes()));
  TOKENWORKS_CUDA(cudaStreamCreate(&stream_));  // waits for copies and fills of the default stream
  events_.resize(2 * kMostSamples);
  for (cudaEvent_t& event : events_) TOKENWORKS_CUDA(cudaEventCreate(&event));
}

Stopwatch::~Stopwatch() {
  for (const cudaEvent_t event : events_) cudaEventDestroy(event);
  if (stream_ != nullptr) cudaStreamDestroy(stream_);
}

double Stopwatch::elapsed_s(cudaEvent_t begin, cudaEvent_t end) const {
  float milliseconds = 0;
  TOKENWORKS_CUDA(cudaEventElapsedTime(&milliseconds, begin, end));
  return std::max(1e-7, milliseconds * 1e-3);  // an event resolves half a microsecond
}

void Stopwatch::empty_cache() {
  const std::size_t count = flush_.bytes() / sizeof(uint4) - 1;
  read_through<<<512, 512, 0, stream_>>>(flush_.as<uint4>(), count, flush_.as<unsigned>() + 4 * count);
  TOKENWORKS_LAUNCHED();
}

double Stopwatch::rough_s(const Work& work, int runs) {
  work(stream_, 0);
  TOKENWORKS_CUDA(cudaEventRecord(events_[0], stream_));
  for (int round = 1; round <= runs; ++round) work(stream_, round);
  TOKENWORKS_CUDA(cudaEventRecord(events_[1], stream_));
  TOKENWORKS_CUDA(cudaStreamSynchronize(stream_));
  return elapsed_s(events_[0], events_[1]) / runs;
}

Timing Stopwatch::measure(const Work& work, const MeasureOptions& options) {
  work(stream_, 0);
  TOKENWORKS_CUDA(cudaStreamSynchronize(stream_));
  SamplePlan plan = plan_samples(rough_s(work, 1), options.budget_s);
  std::unique_ptr<Graph> graph;
  if (options.in_graph && plan.rounds > 1) {
    // Launched one by one, short work lasts as long as its launch; the graph tells how long it really is.
    graph = std::make_unique<Graph>(stream_, work, plan.rounds);
    graph->launch(stream_);
    TOKENWORKS_CUDA(cudaEventRecord(events_[0], stream_));
    graph->launch(stream_);
    TOKENWORKS_CUDA(cudaEventRecord(events_[1], stream_));
    TOKENWORKS_CUDA(cudaStreamSynchronize(stream_));
    const SamplePlan better = plan_samples(elapsed_s(events_[0], events_[1]) / plan.rounds, options.budget_s);
    if (better.rounds > plan.rounds + plan.rounds / 4) {
      plan = better;
      graph = std::make_unique<Graph>(stream_, work, plan.rounds);
      graph->launch(stream_);
    } else {
      plan.samples = better.samples;
    }
  }
  const int samples = std::min(plan.samples, kMostSamples);
  const auto begin_of = [&](int sample) { return events_[static_cast<std::size_t>(2 * sample)]; };
  const auto end_of = [&](int sample) { return events_[static_cast<std::size_t>(2 * sample + 1)]; };
  for (int sample = 0; sample < samples; ++sample) {
    if (options.cold) empty_cache();
    TOKENWORKS_CUDA(cudaEventRecord(begin_of(sample), stream_));
    if (graph != nullptr) {
      graph->launch(stream_);
    } else {
      for (int round = 0; round < plan.rounds; ++round) work(stream_, sample * plan.rounds + round);
    }
    TOKENWORKS_CUDA(cudaEventRecord(end_of(sample), stream_));
  }
  const double clock_hz = sensors_ == nullptr ? 0.0 : sensors_->sm_clock_hz().value_or(0.0);
  TOKENWORKS_CUDA(cudaStreamSynchronize(stream_));
  TOKENWORKS_CUDA(cudaGetLastError());
  std::vector<double> seconds;
  for (int sample = 0; sample < samples; ++sample) {
    seconds.push_back(elapsed_s(begin_of(sample), end_of(sample)) / plan.rounds);
  }
  Timing timing = summarise(seconds);
  timing.sm_clock_hz = clock_hz;
  return timing;
}

}  // namespace tokenworks::gpu_calibration
