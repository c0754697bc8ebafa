// Which measured shapes a judged fit does not see, and how far it then is from them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace tokenworks::gpu_calibration {

/// Chooses the unseen shapes; printed with every fit.
inline constexpr std::uint64_t kHoldOutSeed = 20261124;
/// One shape in so many is unseen.
inline constexpr std::uint64_t kHoldOutShare = 5;

/// Whether the whole shape is unseen: the same on every machine, and the same for all rows that have this shape.
bool is_held_out(std::initializer_list<double> shape);

/// Median and 90th percentile of |predicted / measured - 1|; 0 for none.
struct ErrorSummary {
  std::size_t rows = 0;
  double median = 0.0;
  double p90 = 0.0;
};
ErrorSummary summarise_errors(std::vector<double> errors);

/// The value below which `share` of `values` lie (nearest rank). Throws std::invalid_argument when there is none.
double quantile(std::vector<double> values, double share);

}  // namespace tokenworks::gpu_calibration
