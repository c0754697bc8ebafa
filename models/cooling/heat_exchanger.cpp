#include "models/cooling/heat_exchanger.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace tokenworks::cooling {

double counter_flow_effectiveness(double transfer_units, double capacity_ratio) {
  if (capacity_ratio > 1.0 - 1e-9) return transfer_units / (1.0 + transfer_units);
  const double decay = std::exp(-transfer_units * (1.0 - capacity_ratio));
  return (1.0 - decay) / (1.0 - capacity_ratio * decay);
}

double cross_flow_effectiveness(double transfer_units, double capacity_ratio) {
  if (transfer_units <= 0.0) return 0.0;
  if (capacity_ratio < 1e-9) return 1.0 - std::exp(-transfer_units);
  const double slow = std::pow(transfer_units, 0.22);
  return 1.0 - std::exp(slow / capacity_ratio * std::expm1(-capacity_ratio * transfer_units / slow));
}

double cross_flow_transfer_units(double effectiveness, double capacity_ratio) {
  double low = 0.0, high = 1.0;
  while (cross_flow_effectiveness(high, capacity_ratio) < effectiveness) {
    high *= 2.0;
    if (high > 1e6) {
      throw std::invalid_argument(fmt::format("heat exchanger effectiveness {} cannot be reached at capacity ratio {}",
                                              effectiveness, capacity_ratio));
    }
  }
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (cross_flow_effectiveness(middle, capacity_ratio) < effectiveness ? low : high) = middle;
  }
  return high;
}

}  // namespace tokenworks::cooling
