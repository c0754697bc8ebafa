// Highest mean power over whole seconds [k, k+1) s.
#pragma once

#include <algorithm>

#include "sim/engine/time.hpp"

namespace tokenworks::resources {

class PeakSecond {
 public:
  void hold(Milliwatts power, Picoseconds from, Picoseconds until) {
    const Picoseconds second_end = (from / kPicosecondsPerSecond + 1) * kPicosecondsPerSecond;
    if (until < second_end) {
      energy_ += over(power, until - from);
      return;
    }
    close(energy_ + over(power, second_end - from));
    const Picoseconds last_start = until / kPicosecondsPerSecond * kPicosecondsPerSecond;
    if (last_start > second_end) close(over(power, kPicosecondsPerSecond));  // the seconds between are all alike
    energy_ = over(power, until - last_start);
  }
  /// Over a run of `length` so far: its mean when it has no whole second.
  Milliwatts peak(Picoseconds length) const {
    if (length >= kPicosecondsPerSecond) return peak_;
    return length > 0 ? mean(energy_, length) : 0;
  }

 private:
  static Femtojoules over(Milliwatts power, Picoseconds span) { return static_cast<Femtojoules>(power) * span; }
  static Milliwatts mean(Femtojoules energy, Picoseconds span) {
    return static_cast<Milliwatts>((energy + span / 2) / span);
  }
  void close(Femtojoules second) { peak_ = std::max(peak_, mean(second, kPicosecondsPerSecond)); }
  Femtojoules energy_ = 0;  // of the second that runs
  Milliwatts peak_ = 0;
};

}  // namespace tokenworks::resources
