// Question: how fast does device memory stream, from sizes inside the L2 cache to gigabytes?
//
// `bytes` is what passes the memory's interface: once for a read, twice for a copy, three times for a triad.
// `read_again` reads the same bytes in every round, which is the L2 cache as long as they fit.
#include "gpu_calibration/benches/stream_kernels.cuh"
#include "gpu_calibration/benches/workbench.cuh"

namespace tokenworks::gpu_calibration {
namespace {

constexpr int kThreads = 512;

void check_copy(Workbench& bench) {
  const std::vector<float> numbers = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const DeviceMemory from = uploaded(numbers), to(numbers.size() * sizeof(float));
  cudaStream_t stream = bench.stopwatch.stream();
  triad_stream<<<1, kThreads, 0, stream>>>(from.as<float4>(), from.as<float4>(), to.as<float4>(), 3.0f, 3);
  TOKENWORKS_LAUNCHED();
  TOKENWORKS_CUDA(cudaStreamSynchronize(stream));
  const auto sums = downloaded(to.as<float>(), numbers.size());
  copy_stream<<<1, kThreads, 0, stream>>>(from.as<float4>(), to.as<float4>(), 3);
  TOKENWORKS_LAUNCHED();
  TOKENWORKS_CUDA(cudaStreamSynchronize(stream));
  const auto copies = downloaded(to.as<float>(), numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (sums[i] != 4 * numbers[i] || copies[i] != numbers[i]) throw WrongAnswer("a stream kernel moves wrong numbers");
  }
}

}  // namespace

void measure_memory(Workbench& bench) {
  check_copy(bench);
  const DeviceMemory sink(sizeof(float));
  const std::size_t most = bench.operands.bytes() / 3;
  for (std::size_t bytes = std::size_t{1} << 18; bytes <= most && bytes <= std::size_t{1} << 32; bytes *= 2) {
    if (!bench.session.time_left()) return;
    const std::size_t count = bytes / sizeof(float4);
    const unsigned blocks = stream_blocks(count, bench.device.multiprocessors);
    const auto record = [&](const char* operation, std::size_t moved, const Work& work, bool cold) {
      MeasureOptions options;
      options.cold = cold;
      bench.session.record("memory_stream", {operation}, {static_cast<std::int64_t>(moved)},
                           bench.stopwatch.measure(work, options));
    };
    const Rotation one(bench.operands, bytes), two(bench.operands, 2 * bytes), three(bench.operands, 3 * bytes);
    record(
        "read", bytes,
        [&](cudaStream_t stream, int round) {
          read_stream<<<blocks, kThreads, 0, stream>>>(one.slice<float4>(round), sink.as<float>(), count);
          TOKENWORKS_LAUNCHED();
        },
        true);
    record(
        "read_again", bytes,
        [&](cudaStream_t stream, int) {
          read_stream<<<blocks, kThreads, 0, stream>>>(one.slice<float4>(0), sink.as<float>(), count);
          TOKENWORKS_LAUNCHED();
        },
        false);
    record(
        "copy", 2 * bytes,
        [&](cudaStream_t stream, int round) {
          float4* slice = two.slice<float4>(round);
          copy_stream<<<blocks, kThreads, 0, stream>>>(slice, slice + count, count);
          TOKENWORKS_LAUNCHED();
        },
        true);
    record(
        "triad", 3 * bytes,
        [&](cudaStream_t stream, int round) {
          float4* slice = three.slice<float4>(round);
          triad_stream<<<blocks, kThreads, 0, stream>>>(slice, slice + count, slice + 2 * count, 3.0f, count);
          TOKENWORKS_LAUNCHED();
        },
        true);
  }
}

}  // namespace tokenworks::gpu_calibration
