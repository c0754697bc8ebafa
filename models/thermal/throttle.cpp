#include "models/thermal/throttle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tokenworks::thermal {

void GpuTemperatureLimits::visit(FieldVisitor& v) {
  static constexpr std::string_view kNone =
      "No published limit: as H100 PCIe (NVIDIA product brief), software from 3 K below the slowdown on";
  const auto limit = [] { return rule().at_least(40).at_most(150).default_from('E', kNone); };
  field(v, "max_c", max, "Core temperature from which on software lowers clocks", limit());
  field(v, "slowdown_c", slowdown, "Core temperature from which on hardware divides clocks", limit());
  field(v, "shutdown_c", shutdown, "Core temperature at which the node fails", limit());
}

void ThrottleLaw::visit(FieldVisitor& v) {
  field(v, "clock_fall_per_k", fall, "By software, of the clock, each kelvin from max_c on",
        rule().share().default_from('E', "3 to 5 % a kelvin"));
  field(v, "hardware_clock_share", hardware_share, "By hardware, of the clock, from slowdown_c on",
        rule().share().default_from('R', "NVIDIA's hardware slowdown divides clocks by 2 or more"));
  field(v, "hysteresis_k", hysteresis, "Below where it was met a level is left",
        rule().above(0).at_most(20).default_from('E', "Clocks return after some kelvins"));
}

std::vector<LimitFault> limit_faults(const GpuTemperatureLimits& limits) {
  std::vector<LimitFault> all;
  const auto rises = [&all](const char* key, Celsius high, const char* low_key, Celsius low) {
    if (!(high > low)) all.push_back({key, fmt::format("{} is not above {}, {}", high.value, low_key, low.value)});
  };
  rises("slowdown_c", limits.slowdown, "max_c", limits.max);
  rises("shutdown_c", limits.shutdown, "slowdown_c", limits.slowdown);
  return all;
}

Throttle::Throttle(const GpuTemperatureLimits& limits, const ThrottleLaw& law) : limits_(limits), law_(law) {
  for (const LimitFault& fault : limit_faults(limits)) {
    throw std::invalid_argument(fmt::format("temperature limits: {} {}", fault.key, fault.message));
  }
  if (!(law.hysteresis.value > 0.0)) {
    throw std::invalid_argument(fmt::format("throttle hysteresis of {} K, must be above 0", law.hysteresis.value));
  }
  software_levels_ = static_cast<int>(std::ceil((limits.slowdown - limits.max).value));
}

int Throttle::level(Celsius temperature, int previous) const {
  int level = previous;
  while (rises_at(level) && temperature >= *rises_at(level)) ++level;
  while (falls_at(level) && temperature <= *falls_at(level)) --level;
  return level;
}

double Throttle::clock_share(int level) const {
  if (level >= shutdown_level()) return 0.0;
  const double software = std::max(0.0, 1.0 - law_.fall * std::min(level, software_levels_));
  return level > software_levels_ ? std::min(software, law_.hardware_share) : software;
}

std::optional<Celsius> Throttle::rises_at(int level) const {
  if (level >= shutdown_level()) return std::nullopt;
  if (level == slowdown_level()) return limits_.shutdown;
  if (level == software_levels_) return limits_.slowdown;
  return limits_.max + KelvinDelta(level);
}

std::optional<Celsius> Throttle::falls_at(int level) const {
  if (level <= 0 || level >= shutdown_level()) return std::nullopt;
  return *rises_at(level - 1) - law_.hysteresis;
}

}  // namespace tokenworks::thermal
