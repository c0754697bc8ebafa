// tokenworks_gpu_calibration: runs the benches on one GPU and writes one raw result.
#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <exception>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gpu_calibration/benches/benches.hpp"
#include "gpu_calibration/benches/workbench.cuh"
#include "gpu_calibration/harness/options.hpp"
#include "gpu_calibration/harness/power_meter.hpp"
#include "gpu_calibration/harness/time_budget.hpp"

namespace tokenworks::gpu_calibration {
namespace {

constexpr int kDone = 0, kBenchFailed = 1, kFaultyInput = 2, kInterrupted = 3, kNoGpu = 4;

volatile std::sig_atomic_t interrupted = 0;

/// The first Ctrl-C ends the run in order, the second one at once.
void on_interrupt(int signal) {
  interrupted = 1;
  std::signal(signal, SIG_DFL);
}

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string today() {
  const std::time_t now = std::time(nullptr);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}

std::vector<Bench> chosen_benches(const RunOptions& options) {
  std::vector<Bench> chosen;
  for (const Bench& bench : benches()) {
    const bool wanted =
        options.only.empty() || std::find(options.only.begin(), options.only.end(), bench.name) != options.only.end();
    if (wanted) chosen.push_back(bench);
  }
  return chosen;
}

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  TOKENWORKS_CUDA(cudaDeviceGetAttribute(&value, which, device));
  return value;
}

DeviceFacts facts_of(int device) {
  DeviceFacts facts;
  facts.index = device;
  facts.multiprocessors = attribute(cudaDevAttrMultiProcessorCount, device);
  facts.l2_bytes = attribute(cudaDevAttrL2CacheSize, device);
  facts.shared_bytes_of_block = attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  facts.compute_capability =
      10 * attribute(cudaDevAttrComputeCapabilityMajor, device) + attribute(cudaDevAttrComputeCapabilityMinor, device);
  return facts;
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// Everything about the GPU that can be known without a context on it.
RawResult header_of(const DeviceFacts& facts, const BoardSensors* sensors, int devices) {
  cudaDeviceProp properties{};
  TOKENWORKS_CUDA(cudaGetDeviceProperties(&properties, facts.index));
  int driver = 0, runtime = 0;
  TOKENWORKS_CUDA(cudaDriverGetVersion(&driver));
  TOKENWORKS_CUDA(cudaRuntimeGetVersion(&runtime));
  RawResult result;
  result.source = "tokenworks_gpu_calibration on this GPU";
  result.measured_on = today();
  result.software_name = "tokenworks_gpu_calibration";
  result.software_version = TOKENWORKS_VERSION;
  result.device.name = properties.name;
  result.device.gpu = catalog_id(properties.name);
  result.device.driver = sensors == nullptr ? "CUDA " + version_text(driver) : sensors->driver_version();
  result.device.cuda = version_text(runtime);
  result.device.multiprocessors = facts.multiprocessors;
  result.device.l2_bytes = facts.l2_bytes;
  result.device.memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
  result.device.power_limit_w = sensors == nullptr ? 0.0 : sensors->power_limit_w().value_or(0.0);
  result.device.gpus = devices;
  return result;
}

/// The draw of the board before this program has opened a context on it.
void record_idle(Session& session) {
  if (session.sensors() == nullptr) return;
  std::fprintf(stderr, "idle power, before a context is opened\n");
  PowerMeter meter(*session.sensors(), 1.0, 2.5);
  while (!meter.done() && !session.interrupted()) {
    meter.observe(now_s());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const PowerReading reading = meter.reading();
  if (reading.power_w > 0 && !session.interrupted()) session.record_power("idle", 0, reading);
}

/// Writes what there is; a run that is killed later has lost nothing of it.
void save(const Session& session, const std::filesystem::path& path) {
  if (session.rows() > 0) write_raw_result(session.result(), path);
}

/// True when the bench ran to its end or its time.
bool run_bench(const Bench& bench, Workbench& workbench) {
  const std::size_t before = workbench.session.rows();
  const double start_s = now_s();
  std::string failure;
  try {
    bench.run(workbench);
  } catch (const std::exception& error) {
    failure = error.what();
    workbench.session.note(std::string(bench.name) + " ended early: " + failure);
  }
  std::fprintf(stderr, "    %zu rows in %.1f s%s%s\n", workbench.session.rows() - before, now_s() - start_s,
               failure.empty() ? "" : "; failed: ", failure.c_str());
  return failure.empty();
}

/// Runs all that were chosen, each in its share of what is left of the time. True when none failed.
bool run_all(const std::vector<Bench>& chosen, Workbench& workbench, double end_s, const std::filesystem::path& path) {
  bool all_well = true;
  for (std::size_t i = 0; i < chosen.size() && interrupted == 0; ++i) {
    std::vector<double> shares;
    for (std::size_t k = i; k < chosen.size(); ++k) shares.push_back(chosen[k].share);
    const double allowance_s = next_allowance(end_s - now_s(), shares);
    std::fprintf(stderr, "[%zu/%zu] %s: %s (at most %.0f s)\n", i + 1, chosen.size(), chosen[i].name.data(),
                 chosen[i].question.data(), allowance_s);
    workbench.session.start_bench(allowance_s);
    all_well = run_bench(chosen[i], workbench) && all_well;
    save(workbench.session, path);
    if (cudaDeviceSynchronize() != cudaSuccess) {
      std::fprintf(stderr, "the GPU is lost to this process: %s\n", cudaGetErrorString(cudaGetLastError()));
      return false;
    }
  }
  return all_well;
}

int calibrate(const RunOptions& options) {
  int devices = 0;
  const cudaError_t status = cudaGetDeviceCount(&devices);
  if (status != cudaSuccess || devices == 0) {
    std::fprintf(stderr, "there is no CUDA device here: %s\n",
                 status == cudaSuccess ? "none is visible" : cudaGetErrorString(status));
    return kNoGpu;
  }
  if (options.device >= devices) {
    std::fprintf(stderr, "--device: there is no GPU %d; there are 0 to %d\n", options.device, devices - 1);
    return kFaultyInput;
  }
  const double end_s = now_s() + (options.quick ? options.budget_s / 5 : options.budget_s);
  char pci_bus_id[32] = "";
  TOKENWORKS_CUDA(cudaDeviceGetPCIBusId(pci_bus_id, sizeof pci_bus_id, options.device));
  const OpenedSensors opened = open_board_sensors(pci_bus_id);
  const DeviceFacts facts = facts_of(options.device);
  Session session(header_of(facts, opened.sensors.get(), devices), opened.sensors.get(), options.quick, interrupted);
  if (opened.sensors == nullptr) {
    session.note("no sensors: " + opened.failure);
    std::fprintf(stderr, "power and clocks will not be measured: %s\n", opened.failure.c_str());
  }
  const MeasuredDevice device = session.result().device;
  std::fprintf(stderr, "%s (%s), %d multiprocessors, driver %s, CUDA %s\n", device.name.c_str(), device.gpu.c_str(),
               facts.multiprocessors, device.driver.c_str(), device.cuda.c_str());
  std::filesystem::path path = options.out;
  if (path.empty()) path = "gpu_calibration_" + device.gpu + "_" + today() + ".json";

  const std::vector<Bench> chosen = chosen_benches(options);
  for (const Bench& bench : chosen) {
    if (bench.name == "power") record_idle(session);
  }
  TOKENWORKS_CUDA(cudaSetDevice(options.device));
  std::size_t free_bytes = 0, all_bytes = 0;
  TOKENWORKS_CUDA(cudaMemGetInfo(&free_bytes, &all_bytes));
  constexpr std::size_t kGib = std::size_t{1} << 30;
  DeviceMemory operands(std::min(12 * kGib, free_bytes / 5 * 2));
  DeviceMemory inputs(std::min(2 * kGib, free_bytes / 12)), results(std::min(4 * kGib, free_bytes / 6));
  Stopwatch stopwatch(static_cast<std::size_t>(facts.l2_bytes), opened.sensors.get());
  Workbench workbench{session, stopwatch, facts, operands, inputs, results};
  const bool all_well = run_all(chosen, workbench, end_s, path);
  save(session, path);
  if (session.rows() == 0)
    std::fprintf(stderr, "nothing was measured; no file was written\n");
  else
    std::fprintf(stderr, "%zu rows in %s\n", session.rows(), path.c_str());
  if (interrupted != 0) return kInterrupted;
  return all_well && session.rows() > 0 ? kDone : kBenchFailed;
}

int run(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  std::vector<std::string_view> names;
  for (const Bench& bench : benches()) names.push_back(bench.name);
  const auto [options, faults] = parse_options(arguments, names);
  for (const std::string& fault : faults) std::fprintf(stderr, "%s\n", fault.c_str());
  if (!faults.empty()) return kFaultyInput;
  if (options.help) {
    std::printf("%s", usage().c_str());
    return kDone;
  }
  if (options.list) {
    for (const Bench& bench : benches()) std::printf("%-18s %s\n", bench.name.data(), bench.question.data());
    return kDone;
  }
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  return calibrate(options);
}

}  // namespace
}  // namespace tokenworks::gpu_calibration

int main(int argc, char** argv) {
  try {
    return tokenworks::gpu_calibration::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tokenworks_gpu_calibration: %s\n", error.what());
    return 1;
  }
}
