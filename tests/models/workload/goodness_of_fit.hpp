// Statistics that tell a right sampler from a wrong one. Seeds are fixed: a test passes always or never.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace tokenworks {

inline double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

inline double deviation_of(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0.0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

/// Greatest distance between the distribution of `values` and the continuous distribution `cdf`, times the root of
/// their number. Beyond kKolmogorovLimit in 1 of 1,000 samples of a right sampler (Kolmogorov's law).
inline constexpr double kKolmogorovLimit = 1.95;
inline double kolmogorov_distance(std::vector<double> values, const std::function<double(double)>& cdf) {
  std::sort(values.begin(), values.end());
  const double count = static_cast<double>(values.size());
  double distance = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = cdf(values[i]);
    distance =
        std::max({distance, expected - static_cast<double>(i) / count, static_cast<double>(i + 1) / count - expected});
  }
  return distance * std::sqrt(count);
}

}  // namespace tokenworks
