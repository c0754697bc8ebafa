// Who acts first of those that act when all else of a date has, steps that begin there included.
#pragma once

#include <cstdint>

#include "sim/engine/timer_queue.hpp"

namespace tokenworks::resources {

/// First to last.
enum class AfterSteps : std::uint8_t { facility, drifting_loops, temperature_series, zone_temperatures };

/// `number`: among those of one place; below 2^40.
constexpr engine::Rank rank_after_steps(AfterSteps place, std::uint64_t number = 0) {
  constexpr std::uint64_t kLast = std::uint64_t{1} << 55;
  return engine::rank(engine::RankClass::step, kLast | (static_cast<std::uint64_t>(place) << 40) | number);
}

}  // namespace tokenworks::resources
