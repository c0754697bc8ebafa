#include "tools/validation/error_statistics.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::validation {

double Pair::error() const { return std::abs(predicted / measured - 1.0); }

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double position = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (position - static_cast<double>(below)) * (values[above] - values[below]);
}

ErrorStatistics error_statistics(const std::vector<Pair>& pairs) {
  std::vector<double> errors, logs;
  for (const Pair& pair : pairs) {
    errors.push_back(pair.error());
    logs.push_back(std::log(pair.predicted / pair.measured));
  }
  ErrorStatistics statistics;
  statistics.count = pairs.size();
  statistics.median = quantile(errors, 0.5);
  statistics.p90 = quantile(errors, 0.9);
  statistics.bias = std::expm1(quantile(logs, 0.5));
  statistics.worst = pairs[static_cast<std::size_t>(std::max_element(errors.begin(), errors.end()) - errors.begin())];
  return statistics;
}

}  // namespace tokenworks::validation
