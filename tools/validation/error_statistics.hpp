// How far predictions are from measurements.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tokenworks::validation {

struct Pair {
  double predicted = 0.0, measured = 0.0;  ///< both > 0
  std::string name;                        ///< of the case
  double error() const;                    ///< |predicted / measured - 1|
};

/// Shares, not percent. Quantiles are linear between the ordered values.
struct ErrorStatistics {
  std::size_t count = 0;
  double median = 0.0;
  double p90 = 0.0;
  double bias = 0.0;  ///< exp(median of log(predicted / measured)) - 1
  Pair worst;         ///< the greatest error; the first of equal ones
};

/// Of at least one pair.
ErrorStatistics error_statistics(const std::vector<Pair>& pairs);

/// The value below which a share of `values` lies, linear between neighbours. Of at least one value.
double quantile(std::vector<double> values, double share);

}  // namespace tokenworks::validation
