// Sums by interval of simulated time, in whole numbers: what happens at a date is added to its interval, what lasts is
// added to each interval that it spans. Memory grows with simulated time, not with what is counted.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/engine/time.hpp"

namespace tokenworks::metrics {

/// One column. A date at the border of two intervals belongs to the later one.
class IntervalSums {
 public:
  __extension__ using Sum = __int128;

  explicit IntervalSums(Picoseconds interval) : interval_(interval) {}

  void add(Picoseconds date, std::int64_t amount) { sum_of(index(date)) += amount; }
  /// Adds `level` times the time spent in each interval between `from` and `to`.
  void add_level(Picoseconds from, Picoseconds to, std::int64_t level);

  Picoseconds interval() const { return interval_; }
  /// First date after the interval of `date`.
  Picoseconds end_of_interval(Picoseconds date) const { return (date / interval_ + 1) * interval_; }
  Sum operator[](std::size_t row) const { return row < sums_.size() ? sums_[row] : 0; }

 private:
  std::size_t index(Picoseconds date) const { return static_cast<std::size_t>(date / interval_); }
  Sum& sum_of(std::size_t row) {
    if (row >= sums_.size()) sums_.resize(row + 1, 0);
    return sums_[row];
  }

  Picoseconds interval_;
  std::vector<Sum> sums_;
};

/// A level that changes (requests running, say), summed by interval.
class LevelSeries {
 public:
  explicit LevelSeries(Picoseconds interval) : sums_(interval) {}
  void change(std::int64_t delta, Picoseconds now) {
    settle(now);
    level_ += delta;
  }
  void settle(Picoseconds now) {
    if (now > since_) {
      sums_.add_level(since_, now, level_);
      since_ = now;
    }
  }
  std::int64_t level() const { return level_; }
  const IntervalSums& sums() const { return sums_; }

 private:
  IntervalSums sums_;
  std::int64_t level_ = 0;
  Picoseconds since_ = 0;
};

}  // namespace tokenworks::metrics
