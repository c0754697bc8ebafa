// Exact integrals over time of levels that are whole numbers and constant between changes, and their means over the
// intervals of the series. A level costs something only when it changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/engine/time.hpp"

namespace tokenworks::resources {

class LevelBooks {
 public:
  __extension__ using Wide = __int128;

  /// `interval` 0: no samples are kept.
  LevelBooks(std::size_t levels, Picoseconds interval);

  std::int64_t level(std::size_t level) const { return at_[level].value; }
  /// From `now` on; `now` is not beyond the date that advance() was told last.
  void set(std::size_t level, std::int64_t value, Picoseconds now) {
    Level& at = at_[level];
    if (at.value == value) return;
    at.total += static_cast<Wide>(at.value) * (now - at.since);
    at.value = value;
    at.since = now;
  }
  /// Time goes on to `to`, which never falls.
  void advance(Picoseconds to) {
    while (to >= sample_end_) close_sample(sample_end_);
    now_ = to;
  }
  /// Level times picoseconds up to the date that advance() was told last.
  Wide total(std::size_t level) const {
    const Level& at = at_[level];
    return at.total + static_cast<Wide>(at.value) * (now_ - at.since);
  }

  /// Means by interval, one after the other; the rest of the run so far as the last. Means are rounded so that their
  /// running sum is the nearest to the total: the integral of the rows never drifts.
  const std::vector<std::vector<std::int64_t>>& samples();

 private:
  struct Level {
    std::int64_t value = 0;
    Picoseconds since = 0;
    Wide total = 0;
    Wide at_sample = 0;                     // total at the start of the sample that runs
    std::int64_t rounded_until_sample = 0;  // sum of the closed samples' means
  };
  void close_sample(Picoseconds end);

  std::vector<Level> at_;
  Picoseconds interval_;
  Picoseconds now_ = 0;
  Picoseconds sample_end_ = kNever;
  std::vector<std::vector<std::int64_t>> samples_;
  bool last_is_partial_ = false;
};

}  // namespace tokenworks::resources
