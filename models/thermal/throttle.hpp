// Question   what clock does a GPU allow itself at a temperature, and where does that change next
// Equation   share = 1 - fall n after the n-th kelvin from `max_c` on; hardware_share from `slowdown_c` on; 0 from
//            `shutdown_c` on. A level is left where it was met less the hysteresis; a shutdown is not left
// Source     facility reference, section 2.4: limits of A100 (nvidia-smi, V) and H100 PCIe (product brief, S); 3 to 5 %
//            a kelvin over 3 K (E); half the clock at slowdown (R)
// Valid for  core temperatures; memory has limits of its own, which are not modelled
// Checked by tests/models/thermal/throttle_test.cpp
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::thermal {

/// Of a GPU's core. The defaults are those of GPUs whose makers publish none: H100 PCIe's, where software begins 3 K
/// below the slowdown.
struct GpuTemperatureLimits {
  Celsius max{86};       ///< from here on software lowers clocks
  Celsius slowdown{89};  ///< from here on hardware divides them
  Celsius shutdown{92};  ///< here the node fails
  void visit(FieldVisitor& v);
};

/// What does not add up, at which key: limits must rise from max to shutdown.
struct LimitFault {
  std::string key, message;
};
std::vector<LimitFault> limit_faults(const GpuTemperatureLimits& limits);

struct ThrottleLaw {
  double fall = 0.04;           ///< of the clock, by software, each kelvin
  double hardware_share = 0.5;  ///< of the clock, by hardware
  KelvinDelta hysteresis{2};
  void visit(FieldVisitor& v);
};

/// Clocks in levels, 0 being all of the clock, so that a date can be given at which a temperature changes the level.
class Throttle {
 public:
  /// Throws std::invalid_argument with the first of limit_faults().
  explicit Throttle(const GpuTemperatureLimits& limits, const ThrottleLaw& law = {});

  int slowdown_level() const { return shutdown_level() - 1; }
  int shutdown_level() const { return software_levels_ + 2; }
  /// A pure function: the level at a temperature of a GPU that was at `previous`.
  int level(Celsius temperature, int previous) const;
  /// Of the clock that power alone would allow: 1 at level 0, 0 when shut down.
  double clock_share(int level) const;
  double clock_share(Celsius temperature, int previous) const { return clock_share(level(temperature, previous)); }
  /// At or above this a higher level holds; none when shut down.
  std::optional<Celsius> rises_at(int level) const;
  /// At or below this a lower level holds; none at full clock and when shut down.
  std::optional<Celsius> falls_at(int level) const;

 private:
  GpuTemperatureLimits limits_;
  ThrottleLaw law_;
  int software_levels_;
};

}  // namespace tokenworks::thermal
