// Counts of durations in logarithmic buckets: quantiles do not depend on the order of insertion, mean and maximum are
// exact, and memory does not grow with the number of values. A quantile is off by at most 1/2048 of its value.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "sim/engine/time.hpp"

namespace tokenworks::metrics {

/// {mean, p50, p90, p95, p99, max} in seconds.
struct LatencySummary {
  double mean, p50, p90, p95, p99, max;
};

class LatencyHistogram {
 public:
  /// Adds `weight` values of `duration` (>= 0).
  void add(Picoseconds duration, std::int64_t weight = 1);
  /// Adds the `count` durations first, first + step, first + 2*step ... each `weight` times (step >= 0). The result is
  /// the same as from `count` calls of add(), at a cost by buckets touched and not by values.
  void add_progression(Picoseconds first, Picoseconds step, std::int64_t count, std::int64_t weight);

  std::int64_t count() const { return count_; }
  /// The value below which a share `q` of all values lies (nearest rank, middle of its bucket, never above the
  /// maximum), q in (0, 1]. Precondition: count() > 0.
  double quantile_s(double q) const;
  /// Nothing when the histogram is empty.
  std::optional<LatencySummary> summary() const;

 private:
  static constexpr int kSubBits = 10;  // 1,024 buckets an octave
  static constexpr int kOctaves = 64 - kSubBits;
  static int bucket(std::uint64_t value);
  static std::uint64_t lower_bound(int bucket);
  std::int64_t& slot(int bucket);

  std::array<std::unique_ptr<std::int64_t[]>, kOctaves + 1> octaves_;  // allocated when first touched
  std::int64_t count_ = 0;
  __extension__ __int128 sum_ps_ = 0;
  Picoseconds maximum_ = 0;
};

}  // namespace tokenworks::metrics
