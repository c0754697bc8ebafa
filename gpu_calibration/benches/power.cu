// Question: what does the board draw in steady loads, in mixes and at duty cycles?
//
// Each state lasts until the energy counter has covered three seconds after one second of settling. "idle" (no context
// on the GPU) is measured by the program before it opens one; "waiting" is a context without work. Duty cycles have a
// period of 50 ms; the row gives the share of time that the GPU really worked. Clocks, limits and modes are left alone.
#include <algorithm>
#include <chrono>
#include <thread>

#include "gpu_calibration/benches/lt_product.cuh"
#include "gpu_calibration/benches/stream_kernels.cuh"
#include "gpu_calibration/harness/power_meter.hpp"

namespace tokenworks::gpu_calibration {
namespace {

constexpr double kSettle = 1.0, kMeasure = 3.0, kBatch = 0.020, kPeriod = 0.050;

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

class Event {
 public:
  Event() { TOKENWORKS_CUDA(cudaEventCreateWithFlags(&event_, cudaEventBlockingSync)); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record(cudaStream_t stream) const { TOKENWORKS_CUDA(cudaEventRecord(event_, stream)); }
  void wait() const { TOKENWORKS_CUDA(cudaEventSynchronize(event_)); }

 private:
  cudaEvent_t event_ = nullptr;
};

/// How many executions last `seconds`, by two looks: the first one warms up.
int repeats_for(Workbench& bench, const Work& work, double seconds) {
  bench.stopwatch.rough_s(work, 2);
  const double once_s = bench.stopwatch.rough_s(work, 10);
  return std::max(1, static_cast<int>(seconds / once_s));
}

struct DutyReading {
  PowerReading reading;
  double duty = 0.0;  ///< share of the time that work ran
};

DutyReading without_work(Workbench& bench) {
  PowerMeter meter(*bench.session.sensors(), kSettle, kMeasure);
  while (!meter.done() && !bench.session.interrupted()) {
    meter.observe(now_s());
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return {meter.reading(), 0.0};
}

/// One batch runs while the next one waits behind it: the GPU never idles, and the host has time to look.
DutyReading under_full_load(Workbench& bench, const Work& work) {
  const int repeats = repeats_for(bench, work, kBatch);
  const Event events[2];
  cudaStream_t stream = bench.stopwatch.stream();
  int round = 0;
  const auto enqueue = [&](int batch) {
    for (int i = 0; i < repeats; ++i) work(stream, round++);
    events[batch % 2].record(stream);
  };
  PowerMeter meter(*bench.session.sensors(), kSettle, kMeasure);
  enqueue(0);
  for (int batch = 1; !meter.done() && !bench.session.interrupted(); ++batch) {
    enqueue(batch);
    events[(batch - 1) % 2].wait();
    meter.observe(now_s());
  }
  TOKENWORKS_CUDA(cudaStreamSynchronize(stream));
  return {meter.reading(), 1.0};
}

DutyReading at_duty(Workbench& bench, const Work& work, double duty) {
  const int repeats = repeats_for(bench, work, duty * kPeriod);
  cudaEvent_t begin = nullptr, end = nullptr;
  TOKENWORKS_CUDA(cudaEventCreate(&begin));
  TOKENWORKS_CUDA(cudaEventCreate(&end));
  cudaStream_t stream = bench.stopwatch.stream();
  PowerMeter meter(*bench.session.sensors(), kSettle, kMeasure);
  const double start_s = now_s();
  double busy_s = 0.0;
  int round = 0;
  for (int period = 1; !meter.done() && !bench.session.interrupted(); ++period) {
    TOKENWORKS_CUDA(cudaEventRecord(begin, stream));
    for (int i = 0; i < repeats; ++i) work(stream, round++);
    TOKENWORKS_CUDA(cudaEventRecord(end, stream));
    TOKENWORKS_CUDA(cudaStreamSynchronize(stream));
    float milliseconds = 0;
    TOKENWORKS_CUDA(cudaEventElapsedTime(&milliseconds, begin, end));
    busy_s += milliseconds * 1e-3;
    meter.observe(now_s());
    std::this_thread::sleep_for(std::chrono::duration<double>(start_s + period * kPeriod - now_s()));
  }
  const double passed_s = now_s() - start_s;
  TOKENWORKS_CUDA(cudaEventDestroy(begin));
  TOKENWORKS_CUDA(cudaEventDestroy(end));
  return {meter.reading(), busy_s / passed_s};
}

void record(Workbench& bench, const std::string& state, const DutyReading& at) {
  if (bench.session.interrupted() || !(at.reading.power_w > 0)) return;
  bench.session.record_power(state, static_cast<std::int64_t>(100 * at.duty + 0.5), at.reading);
  bench.session.note_throttling("power state " + state);
}

/// A product whose operands are filled and whose algorithm is chosen.
class Load {
 public:
  Load(Workbench& bench, LtLibrary& library, const std::string& format, const ProductShape& shape)
      : product_(library, format, shape),
        weights_(bench.operands, product_.weight_bytes()),
        input_(product_.input_bytes()),
        output_(product_.output_bytes()) {
    fill_random(bench.operands.as<void>(), bench.operands.bytes(), format, 1);
    fill_random(input_.as<void>(), input_.bytes(), format, 2);
    if (product_.candidates() == 0 || !weights_.fits()) throw DeviceError("no product of " + format + " for this load");
    choose_fastest(product_, bench.stopwatch, weights_, input_.as<void>(), output_.as<void>());
  }
  Work work() const {
    return [this](cudaStream_t stream, int round) {
      product_.run(stream, weights_.slice<void>(round), input_.as<void>(), output_.as<void>());
    };
  }

 private:
  LtProduct product_;
  Rotation weights_;
  DeviceMemory input_, output_;
};

constexpr ProductShape kLarge{8192, 8192, 8192};  // a millisecond of bf16 on an H100
constexpr ProductShape kNarrow{64, 8192, 8192};   // decoding: weights are read, 64 rows multiplied

}  // namespace

void measure_power(Workbench& bench) {
  if (bench.session.sensors() == nullptr) return bench.session.note("power not measured: no sensors");
  LtLibrary library;
  const auto next = [&] { return bench.session.time_left(); };
  const auto load = [&](const std::string& state, const Work& work) {
    if (next()) record(bench, state, under_full_load(bench, work));
  };
  const auto duty = [&](const std::string& state, const Work& work, double share) {
    if (next()) record(bench, state, at_duty(bench, work, share));
  };
  if (next()) record(bench, "waiting", without_work(bench));

  const DeviceMemory sink(sizeof(float));
  const std::size_t slice_bytes = std::min(bench.operands.bytes() / 3, std::size_t{1} << 30);
  const std::size_t count = slice_bytes / sizeof(float4);
  const unsigned blocks = stream_blocks(count, bench.device.multiprocessors);
  const Rotation slices(bench.operands, slice_bytes);
  fill_random(bench.operands.as<void>(), bench.operands.bytes(), "bf16", 1);
  const Work read = [&](cudaStream_t stream, int round) {
    read_stream<<<blocks, 512, 0, stream>>>(slices.slice<float4>(round), sink.as<float>(), count);
    TOKENWORKS_LAUNCHED();
  };
  load("memory_read", read);
  {
    const Load large(bench, library, "bf16", kLarge), narrow(bench, library, "bf16", kNarrow);
    load("compute_bf16", large.work());
    duty("compute_bf16", large.work(), 0.5);
    load("narrow_bf16", narrow.work());
    // One gigabyte takes about a third of the time of one large product on an H100: three reads a product.
    load("mix_read_compute_bf16", [&, product = large.work()](cudaStream_t stream, int round) {
      for (int i = 0; i < 3; ++i) read(stream, 3 * round + i);
      product(stream, round);
    });
    duty("compute_bf16", large.work(), 0.25);
    duty("compute_bf16", large.work(), 0.75);
  }
  duty("memory_read", read, 0.5);
  for (const std::string& format : product_formats(bench.device)) {
    if (format == "bf16" || format == "fp16" || !next()) continue;
    attempt(bench, "power of " + format, [&] {
      const Load large(bench, library, format, kLarge);
      load("compute_" + format, large.work());
    });
  }
  fill_random(bench.operands.as<void>(), bench.operands.bytes(), "fp32", 1);
  load("memory_triad", [&](cudaStream_t stream, int round) {
    float4* slice = slices.slice<float4>(round);
    triad_stream<<<blocks, 512, 0, stream>>>(slice, slice + count / 3, slice + count / 3 * 2, 0.5f, count / 3);
    TOKENWORKS_LAUNCHED();
  });
}

}  // namespace tokenworks::gpu_calibration
