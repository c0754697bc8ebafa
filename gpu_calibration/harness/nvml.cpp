#include "gpu_calibration/harness/nvml.hpp"

#include <dlfcn.h>

#include <utility>

namespace tokenworks::gpu_calibration {
namespace {

// From NVIDIA's NVML API reference (nvml.h, release 12): return codes, enums and bits that are part of its stable ABI.
using NvmlDevice = struct NvmlDeviceOpaque*;
constexpr int kSuccess = 0;
constexpr unsigned kClockSm = 1;         // NVML_CLOCK_SM
constexpr unsigned kClockMemory = 2;     // NVML_CLOCK_MEM
constexpr unsigned kTemperatureGpu = 0;  // NVML_TEMPERATURE_GPU

constexpr std::pair<std::uint64_t, const char*> kReasons[] = {
    {0x4, "software power cap"},         {0x8, "hardware slowdown"},          {0x10, "sync boost"},
    {0x20, "software thermal slowdown"}, {0x40, "hardware thermal slowdown"}, {0x80, "hardware power brake"},
};

struct Functions {
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  const char* (*error_string)(int) = nullptr;
  int (*driver_version)(char*, unsigned) = nullptr;
  int (*handle_by_pci)(const char*, NvmlDevice*) = nullptr;
  int (*energy)(NvmlDevice, unsigned long long*) = nullptr;
  int (*power)(NvmlDevice, unsigned*) = nullptr;
  int (*power_limit)(NvmlDevice, unsigned*) = nullptr;
  int (*clock)(NvmlDevice, unsigned, unsigned*) = nullptr;
  int (*temperature)(NvmlDevice, unsigned, unsigned*) = nullptr;
  int (*throttle)(NvmlDevice, unsigned long long*) = nullptr;
};

template <class Function>
void load(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
}

Functions load_functions(void* library) {
  Functions functions;
  load(library, "nvmlInit_v2", functions.init);
  load(library, "nvmlShutdown", functions.shutdown);
  load(library, "nvmlErrorString", functions.error_string);
  load(library, "nvmlSystemGetDriverVersion", functions.driver_version);
  load(library, "nvmlDeviceGetHandleByPciBusId_v2", functions.handle_by_pci);
  load(library, "nvmlDeviceGetTotalEnergyConsumption", functions.energy);
  load(library, "nvmlDeviceGetPowerUsage", functions.power);
  load(library, "nvmlDeviceGetEnforcedPowerLimit", functions.power_limit);
  load(library, "nvmlDeviceGetClockInfo", functions.clock);
  load(library, "nvmlDeviceGetTemperature", functions.temperature);
  load(library, "nvmlDeviceGetCurrentClocksThrottleReasons", functions.throttle);
  return functions;
}

/// The value of a call that fills one number, times `unit`; none when the function is absent or refuses.
template <class Value, class Call>
std::optional<double> read(bool exists, double unit, const Call& call) {
  Value value = 0;
  if (!exists || call(&value) != kSuccess) return std::nullopt;
  return static_cast<double>(value) * unit;
}

class NvmlSensors final : public BoardSensors {
 public:
  NvmlSensors(void* library, const Functions& functions, NvmlDevice device)
      : library_(library), nvml_(functions), device_(device) {}
  NvmlSensors(const NvmlSensors&) = delete;
  NvmlSensors& operator=(const NvmlSensors&) = delete;
  ~NvmlSensors() override {
    nvml_.shutdown();
    dlclose(library_);
  }

  std::string driver_version() const override {
    char version[96] = "";
    if (nvml_.driver_version == nullptr || nvml_.driver_version(version, sizeof version) != kSuccess) return "unknown";
    return version;
  }
  std::optional<double> energy_j() const override {
    return read<unsigned long long>(nvml_.energy, 1e-3, [&](auto* value) { return nvml_.energy(device_, value); });
  }
  std::optional<double> power_w() const override {
    return read<unsigned>(nvml_.power, 1e-3, [&](auto* value) { return nvml_.power(device_, value); });
  }
  std::optional<double> power_limit_w() const override {
    return read<unsigned>(nvml_.power_limit, 1e-3, [&](auto* value) { return nvml_.power_limit(device_, value); });
  }
  std::optional<double> sm_clock_hz() const override {
    return read<unsigned>(nvml_.clock, 1e6, [&](auto* value) { return nvml_.clock(device_, kClockSm, value); });
  }
  std::optional<double> memory_clock_hz() const override {
    return read<unsigned>(nvml_.clock, 1e6, [&](auto* value) { return nvml_.clock(device_, kClockMemory, value); });
  }
  std::optional<double> temperature_c() const override {
    return read<unsigned>(nvml_.temperature, 1.0,
                          [&](auto* value) { return nvml_.temperature(device_, kTemperatureGpu, value); });
  }
  std::vector<std::string> throttle_reasons() const override {
    unsigned long long bits = 0;
    if (nvml_.throttle == nullptr || nvml_.throttle(device_, &bits) != kSuccess) return {};
    return throttle_reason_names(bits);
  }

 private:
  void* library_;
  Functions nvml_;
  NvmlDevice device_;
};

}  // namespace

OpenedSensors open_board_sensors(const std::string& pci_bus_id, const std::string& library) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = dlerror();
    return {nullptr, library + " cannot be loaded: " + (reason == nullptr ? "unknown reason" : reason)};
  }
  const Functions nvml = load_functions(handle);
  const auto fail = [&](const std::string& reason) {
    dlclose(handle);
    return OpenedSensors{nullptr, reason};
  };
  if (nvml.init == nullptr || nvml.shutdown == nullptr || nvml.handle_by_pci == nullptr) {
    return fail(library + " lacks nvmlInit_v2, nvmlShutdown or nvmlDeviceGetHandleByPciBusId_v2");
  }
  const auto reason_of = [&](int code) {
    return nvml.error_string == nullptr ? "code " + std::to_string(code) : std::string(nvml.error_string(code));
  };
  if (const int code = nvml.init(); code != kSuccess) return fail("nvmlInit_v2: " + reason_of(code));
  NvmlDevice device = nullptr;
  if (const int code = nvml.handle_by_pci(pci_bus_id.c_str(), &device); code != kSuccess) {
    const std::string reason = "nvmlDeviceGetHandleByPciBusId_v2(" + pci_bus_id + "): " + reason_of(code);
    nvml.shutdown();
    return fail(reason);
  }
  return {std::make_unique<NvmlSensors>(handle, nvml, device), ""};
}

std::vector<std::string> throttle_reason_names(std::uint64_t bits) {
  std::vector<std::string> names;
  for (const auto& [bit, name] : kReasons) {
    if (bits & bit) names.emplace_back(name);
  }
  return names;
}

}  // namespace tokenworks::gpu_calibration
