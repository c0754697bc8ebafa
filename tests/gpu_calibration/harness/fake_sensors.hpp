// A board whose sensors say what a test wants.
#pragma once

#include "gpu_calibration/harness/nvml.hpp"

namespace tokenworks::gpu_calibration {

struct FakeSensors final : BoardSensors {
  std::optional<double> energy, power, limit, sm_clock, memory_clock, temperature;
  std::vector<std::string> reasons;

  std::string driver_version() const override { return "580.65.06"; }
  std::optional<double> energy_j() const override { return energy; }
  std::optional<double> power_w() const override { return power; }
  std::optional<double> power_limit_w() const override { return limit; }
  std::optional<double> sm_clock_hz() const override { return sm_clock; }
  std::optional<double> memory_clock_hz() const override { return memory_clock; }
  std::optional<double> temperature_c() const override { return temperature; }
  std::vector<std::string> throttle_reasons() const override { return reasons; }
};

}  // namespace tokenworks::gpu_calibration
