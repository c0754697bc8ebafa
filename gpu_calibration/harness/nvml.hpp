// The board's sensors through NVML, loaded at run time: the program starts without it, and no header of it is needed.
// Only functions that read are loaded: no clock, limit or mode can be changed from here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tokenworks::gpu_calibration {

class BoardSensors {
 public:
  virtual ~BoardSensors() = default;
  virtual std::string driver_version() const = 0;
  /// Energy since the driver was loaded; none where the board has no counter.
  virtual std::optional<double> energy_j() const = 0;
  virtual std::optional<double> power_w() const = 0;
  virtual std::optional<double> power_limit_w() const = 0;
  virtual std::optional<double> sm_clock_hz() const = 0;
  virtual std::optional<double> memory_clock_hz() const = 0;
  virtual std::optional<double> temperature_c() const = 0;
  /// Why the clocks are lower than they could be, in words; empty when nothing holds them or the driver does not tell.
  virtual std::vector<std::string> throttle_reasons() const = 0;
};

struct OpenedSensors {
  std::unique_ptr<BoardSensors> sensors;  ///< null when they cannot be opened
  std::string failure;                    ///< then the reason
};

/// Sensors of the board at this PCI address ("0000:1b:00.0"). `library` is for tests.
OpenedSensors open_board_sensors(const std::string& pci_bus_id, const std::string& library = "libnvidia-ml.so.1");

/// Names of the bits of NVML's clock event reasons that mean less speed (not: idle, application setting).
std::vector<std::string> throttle_reason_names(std::uint64_t bits);

}  // namespace tokenworks::gpu_calibration
