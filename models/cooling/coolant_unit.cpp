#include "models/cooling/coolant_unit.hpp"

#include <algorithm>
#include <iterator>

namespace tokenworks::cooling {
namespace {

// At 0, 25, 50, 75 and 100 % of rated flow; beyond, the last line goes on.
constexpr double kHead[] = {3.85, 3.68, 3.23, 2.54, 1.0};
constexpr double kStep = 0.25;
constexpr double kExternalHead = 500.0, kOwnDrop = 80.0 + 65.0;  // kPa
constexpr double kExternalShare = kExternalHead / (kExternalHead + kOwnDrop);

}  // namespace

double pump_head_share(double flow_share) {
  const double at = std::max(flow_share, 0.0) / kStep;
  const auto i = std::min(static_cast<std::size_t>(std::min(at, 1e6)), std::size(kHead) - 2);
  return std::max(0.0, kHead[i] + (kHead[i + 1] - kHead[i]) * (at - static_cast<double>(i)));
}

double flow_with_pumps(double running) {
  if (running >= 1.0) return 1.0;
  if (running <= 0.0) return 0.0;
  double low = 0.0, high = 1.0;
  for (int i = 0; i < 50; ++i) {
    const double middle = 0.5 * (low + high);
    (pump_head_share(middle / running) > middle * middle ? low : high) = middle;
  }
  return low;
}

double flow_without_pumps(const UnitPumps& pumps, std::int64_t failed) {
  return flow_with_pumps(static_cast<double>(pumps.installed - failed) / static_cast<double>(pumps.needed));
}

Watts coolant_pump_power(Watts rated, double flow_share, double in_service) {
  if (in_service <= 0.0 || flow_share <= 0.0) return Watts(0);
  const double own = flow_share / in_service;
  return rated * (flow_share * (kExternalShare * flow_share * flow_share + (1.0 - kExternalShare) * own * own));
}

}  // namespace tokenworks::cooling
