// Question   how long does an operator take, and what does its board draw, when the GPU's clock is lowered
// Equation   f: clock as a share of what the board chooses by itself under its default limit
//            t(f) = t max(1, u_a / u / f, 1 + l (1 - u) (1 / f - 1)),   u = max(u_a, u_m)
//            P(f) = min(limit, static + dram x + r (chip x f^(a-1) + running f^a)),   x = t / t(f)
//            static  = waiting, and of `running` as much as makes it s of the limit
//            dram    = memory watts, at most e B u_m; chip: the rest of memory watts and arithmetic_c sqrt(u_a)
//            r < 1 where the board would go beyond its limit by itself: its clock is lower already
//            whole board, bound by arithmetic: f = ((cap / limit - s) / (1 - s))^(1/a)
// Source     form, s = 0.28, a = 2.5 (V nearly linear in f, so that V^2 is f^(a-1)): within -5 and +3 % of throughput
//            of MLPerf Inference v4.1, 8 H200 at 350 and 500 of 700 W; E. e: 4 pJ a bit of stacked memory, after
//            O'Connor et al., Fine-Grained DRAM, 2017 (3.92 for HBM2); R
//            l = 0.25 of what neither rate explains, issue and latencies on the chip: E (clock.cpp)
// Valid for  shares from kLeastClockShare to 1. Memory, links and the host keep their clocks, so that collectives and
//            launches keep their time. Leakage is that of the default clock
// Checked by tests/models/compute/clock_test.cpp (laws, the whole-board law); `tokenworks validate`, power_caps
#pragma once

#include <cstdint>

#include "models/compute/board_power.hpp"

namespace tokenworks::compute {

/// Clocks come in levels, as on the boards (15 MHz of 1,980 on H100): level / kFullClock is the share of the full one.
using ClockLevel = std::int32_t;
inline constexpr ClockLevel kFullClock = 128;

/// Of the board's limit that does not depend on the clock (0.25 to 0.30 at 60 to 70 degrees), E.
inline constexpr double kStaticShare = 0.28;
/// Dynamic power goes with this power of the clock (2.3 to 3), E.
inline constexpr double kDynamicExponent = 2.5;
/// That a byte takes in the memory itself, whatever the GPU's clock, R.
inline constexpr double kMemoryJoulePerByte = 32e-12;
/// Lowest clock that caps and throttling lead to: A100 have 210 of 1,410 MHz, H100 345 of 1,980 MHz; R.
inline constexpr double kLeastClockShare = 0.17;
inline constexpr ClockLevel kLeastClock = 22;

/// Of the time that neither rate explains, what goes with the clock, E.
double latency_share();

/// Throws std::invalid_argument for a level below 1 or above kFullClock.
double clock_share(ClockLevel level);
/// The highest level up to a share, at least kLeastClock: any share may come, below 0 and above 1 too.
ClockLevel level_within(double share);

/// Time of an operator of `seconds` at the full clock. `share` is above 0, at most 1.
double seconds_at_clock(double seconds, const UnitUse& use, double share);

/// Board power while such an operator runs; `use` is what it reaches at the full clock. Never falls when `share` rises.
double board_power_at_clock_w(const BoardPower& power, OperatorClass operator_class, const UnitUse& use,
                              BytesPerSecond rated_bandwidth, double share);

/// The same of an operator: at the full clock its seconds, and board_power_w.
struct KernelRun {
  double seconds = 0.0;
  double watts = 0.0;
};
KernelRun run_at_clock(const BoardPower& power, OperatorClass operator_class, const KernelLoad& load,
                       BytesPerSecond rated_bandwidth, double rated_operations_per_s, double share);

/// The law of the whole board, for kernels bound by arithmetic that draw the limit: the clock under a cap, and the cap
/// that a clock keeps, each a share. Throws for a cap not above 0; a cap in the static part gives 0.
double clock_share_under_cap(double cap_share);
double cap_share_at_clock(double clock_share);

/// The highest level from kLeastClock to `highest` at which `watts_at(level)`, which never falls when the level rises,
/// keeps `cap_w`; kLeastClock where none does. `guess` is tried first: right or one too low costs two answers.
template <class WattsAt>
ClockLevel highest_within(double cap_w, ClockLevel highest, ClockLevel guess, const WattsAt& watts_at) {
  if (highest <= kLeastClock) return highest;
  if (watts_at(highest) <= cap_w) return highest;
  ClockLevel low = kLeastClock, high = highest;  // answer in [low, high), unless not even low will do
  if (guess >= low && guess < high) {
    if (watts_at(guess) <= cap_w) {
      low = guess;
      if (low + 1 == high || watts_at(low + 1) > cap_w) return low;
      low = low + 1;
    } else {
      high = guess;
    }
  }
  while (high - low > 1) {
    const ClockLevel middle = low + (high - low) / 2;
    (watts_at(middle) <= cap_w ? low : high) = middle;
  }
  return low;
}

}  // namespace tokenworks::compute
