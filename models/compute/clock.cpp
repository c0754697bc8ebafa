#include "models/compute/clock.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace tokenworks::compute {
namespace {

/// Of the time that neither rate explains, what goes with the clock: issue and latencies on the chip. E: with a
/// quarter, decoding of a 65B model on A100 capped from 250 to 175 W takes 9 % longer (arXiv 2310.03003: 6 to 7 %), and
/// four users on RTX PRO 6000 at 300 of 600 W get 2 % less (voipmonitor/rtx6kpro: 4 %).
constexpr double kLatencyShare = 0.25;

void check_share(double share) {
  if (share > 0.0 && share <= 1.0) return;
  throw std::invalid_argument("clock: a share of " + std::to_string(share) + "; allowed: above 0, at most 1");
}

/// Time at a clock over time at the full clock, at least 1.
double stretch(const UnitUse& use, double share) {
  const double most = std::min(std::max(use.memory, use.arithmetic), 1.0);
  if (most <= 0.0) return 1.0;
  const double by_arithmetic = use.arithmetic / std::max(use.memory, use.arithmetic) / share;
  const double by_latency = 1.0 + kLatencyShare * (1.0 - most) * (1.0 / share - 1.0);
  return std::max(by_arithmetic, by_latency);
}

/// Voltage squared, as a share of that of the full clock.
double voltage_squared(double share) { return std::pow(share, kDynamicExponent - 1.0); }

}  // namespace

double latency_share() { return kLatencyShare; }

double clock_share(ClockLevel level) {
  if (level < 1 || level > kFullClock) {
    throw std::invalid_argument("clock: level " + std::to_string(level) + "; allowed: 1 to " +
                                std::to_string(kFullClock));
  }
  return static_cast<double>(level) / static_cast<double>(kFullClock);
}

ClockLevel level_within(double share) {
  static_assert(kLeastClock == static_cast<ClockLevel>(kLeastClockShare * kFullClock + 0.5));
  if (!(share > 0.0)) return kLeastClock;
  return std::max(kLeastClock, static_cast<ClockLevel>(std::floor(std::min(share, 1.0) * kFullClock)));
}

double seconds_at_clock(double seconds, const UnitUse& use, double share) {
  check_share(share);
  if (share == 1.0) return seconds;
  return seconds * stretch(use, share);
}

double board_power_at_clock_w(const BoardPower& power, OperatorClass operator_class, const UnitUse& use,
                              BytesPerSecond rated_bandwidth, double share) {
  check_share(share);
  if (share == 1.0) return board_power_w(power, operator_class, use);
  const OperatorPower& draw = power.of(operator_class);
  const double waiting = power.waiting.value, limit = power.limit.value;
  const double memory_use = std::clamp(use.memory, 0.0, 1.0);
  const double memory = draw.memory.value * memory_use;
  const double dram = std::min(memory, kMemoryJoulePerByte * rated_bandwidth.value * memory_use);
  const double chip = memory - dram + arithmetic_power_w(draw, use);
  const double fixed = std::min(waiting + draw.running.value, std::max(waiting, kStaticShare * limit));
  const double running = waiting + draw.running.value - fixed;
  const double room = std::max(0.0, limit - fixed - dram);
  const double by_itself = chip + running > room ? room / (chip + running) : 1.0;
  const double pace = 1.0 / stretch(use, share);
  const double watts = fixed + dram * pace + by_itself * voltage_squared(share) * (chip * pace + running * share);
  return std::min(watts, board_power_w(power, operator_class, use));
}

KernelRun run_at_clock(const BoardPower& power, OperatorClass operator_class, const KernelLoad& load,
                       BytesPerSecond rated_bandwidth, double rated_operations_per_s, double share) {
  const UnitUse use = unit_use(load, rated_bandwidth, rated_operations_per_s);
  return {seconds_at_clock(load.seconds, use, share),
          board_power_at_clock_w(power, operator_class, use, rated_bandwidth, share)};
}

double clock_share_under_cap(double cap_share) {
  if (!(cap_share > 0.0)) {
    throw std::invalid_argument("clock: a cap of " + std::to_string(cap_share) + " of the limit; allowed: above 0");
  }
  const double dynamic = (std::min(cap_share, 1.0) - kStaticShare) / (1.0 - kStaticShare);
  return dynamic <= 0.0 ? 0.0 : std::pow(dynamic, 1.0 / kDynamicExponent);
}

double cap_share_at_clock(double clock_share) {
  check_share(clock_share);
  return kStaticShare + (1.0 - kStaticShare) * std::pow(clock_share, kDynamicExponent);
}

}  // namespace tokenworks::compute
