// Who acts first of those that act with RankClass::incident at one date.
#pragma once

#include <cstdint>

#include "sim/engine/timer_queue.hpp"

namespace tokenworks::jobs {

/// First to last.
enum class IncidentPlace : std::uint8_t {
  node_failures,
  weight_loads,
  network,
  model_swaps,
  fleets,
  autoscalers,
  power_caps,
  thermal_protection,
  cooling_incidents,
  power_effects,
  power_incidents,
  power_control,
};

/// `number`: among those of one place; below 2^48.
constexpr engine::Rank incident_rank(IncidentPlace place, std::uint64_t number) {
  return engine::rank(engine::RankClass::incident, (static_cast<std::uint64_t>(place) << 48) | number);
}

}  // namespace tokenworks::jobs
