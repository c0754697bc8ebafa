#include "tools/validation/error_statistics.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::validation {

double Pair::error() const { return std::abs(difference ? predicted - measured : predicted / measured - 1.0); }

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double position = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (position - static_cast<double>(below)) * (values[above] - values[below]);
}

ErrorStatistics error_statistics(const std::vector<Pair>& pairs) {
  std::vector<double> errors, leanings;
  for (const Pair& pair : pairs) {
    errors.push_back(pair.error());
    leanings.push_back(pair.difference ? pair.predicted - pair.measured : std::log(pair.predicted / pair.measured));
  }
  ErrorStatistics statistics;
  statistics.count = pairs.size();
  statistics.median = quantile(errors, 0.5);
  statistics.p90 = quantile(errors, 0.9);
  const double leaning = quantile(leanings, 0.5);
  statistics.bias = pairs.front().difference ? leaning : std::expm1(leaning);
  statistics.worst = pairs[static_cast<std::size_t>(std::max_element(errors.begin(), errors.end()) - errors.begin())];
  return statistics;
}

}  // namespace tokenworks::validation
