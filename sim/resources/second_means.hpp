// Mean power over whole seconds [k, k+1) s of a power that is constant between changes: its peak, and its steepest
// ramps.
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/core/sliding_lowest.hpp"
#include "sim/engine/time.hpp"

namespace tokenworks::resources {

/// Cuts a run into whole seconds.
class SecondMeans {
 public:
  /// Calls `close(mean, count)` for `count` seconds of one mean that have ended.
  template <class Close>
  void hold(Milliwatts power, Picoseconds from, Picoseconds until, Close close) {
    const Picoseconds second_end = (from / kPicosecondsPerSecond + 1) * kPicosecondsPerSecond;
    if (until < second_end) {
      energy_ += over(power, until - from);
      return;
    }
    close(mean(energy_ + over(power, second_end - from), kPicosecondsPerSecond), std::int64_t{1});
    const Picoseconds last_start = until / kPicosecondsPerSecond * kPicosecondsPerSecond;
    if (last_start > second_end) close(power, (last_start - second_end) / kPicosecondsPerSecond);
    energy_ = over(power, until - last_start);
  }
  /// Of the part of a second that has not ended, `length` so far; 0 of none.
  Milliwatts open_mean(Picoseconds length) const { return length > 0 ? mean(energy_, length) : 0; }

 private:
  static Femtojoules over(Milliwatts power, Picoseconds span) { return static_cast<Femtojoules>(power) * span; }
  static Milliwatts mean(Femtojoules energy, Picoseconds span) {
    return static_cast<Milliwatts>((energy + span / 2) / span);
  }
  Femtojoules energy_ = 0;  // of the second that runs
};

/// Highest mean over a whole second.
class PeakSecond {
 public:
  void hold(Milliwatts power, Picoseconds from, Picoseconds until) {
    seconds_.hold(power, from, until, [this](Milliwatts mean, std::int64_t) { peak_ = std::max(peak_, mean); });
  }
  /// Over a run of `length` so far: its mean when it has no whole second.
  Milliwatts peak(Picoseconds length) const {
    return length >= kPicosecondsPerSecond ? peak_ : seconds_.open_mean(length);
  }

 private:
  SecondMeans seconds_;
  Milliwatts peak_ = 0;
};

/// Farthest that the mean of a second lies above (below) that of any second of the minute before it.
class RampWatch {
 public:
  void hold(Milliwatts power, Picoseconds from, Picoseconds until) {
    seconds_.hold(power, from, until, [this](Milliwatts mean, std::int64_t count) {
      // After a minute of one mean nothing else is left in the window.
      for (std::int64_t i = std::min<std::int64_t>(count, kWindow + 1); i > 0; --i) add(mean);
      if (count > kWindow + 1) next_ += count - kWindow - 1;
    });
  }
  Milliwatts largest_rise() const { return rise_; }
  Milliwatts largest_fall() const { return fall_; }

 private:
  static constexpr std::int64_t kWindow = 60;  // seconds

  void add(Milliwatts mean) {
    lowest_.drop_before(next_ - kWindow);
    highest_.drop_before(next_ - kWindow);
    if (!lowest_.empty()) rise_ = std::max(rise_, mean - lowest_.lowest());
    if (!highest_.empty()) fall_ = std::max(fall_, -highest_.lowest() - mean);
    lowest_.add(next_, mean);
    highest_.add(next_, -mean);
    ++next_;
  }

  SecondMeans seconds_;
  std::int64_t next_ = 0;
  SlidingLowest<std::int64_t, Milliwatts> lowest_, highest_;  // of the means, and of them below 0
  Milliwatts rise_ = 0, fall_ = 0;
};

}  // namespace tokenworks::resources
