#include "models/cooling/fluid_machines.hpp"

#include <algorithm>

namespace tokenworks::cooling {
namespace {

// Water near 20 degC: 998 kg/m3 and 4,182 J/(kg K).
constexpr double kWaterHeatCapacity = 998.0 * 4182.0;  // J/(m3 K)

}  // namespace

Watts Fan::power(double flow_share) const {
  const double y = std::clamp(flow_share, least_flow_share, 1.0);
  return rated * (y * y * y);
}

Watts Pump::power(double flow_share) const {
  const double y = std::clamp(flow_share, least_flow_share, 1.0);
  return rated * (y * (held_head_share + (1.0 - held_head_share) * y * y));
}

Pump water_pump(Watts heat, KelvinDelta water_rise, Pascals head) {
  const double flow = heat.value / (kWaterHeatCapacity * water_rise.value);  // m3/s
  return {Watts(flow * head.value / kPumpEfficiency)};
}

}  // namespace tokenworks::cooling
