// How far predictions are from measurements.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tokenworks::validation {

struct Pair {
  double predicted = 0.0, measured = 0.0;  ///< both > 0 where the error is a share
  std::string name;                        ///< of the case
  bool difference = false;                 ///< the error is a difference: of PUE, or of shares of a year
  double error() const;                    ///< |predicted / measured - 1|, or |predicted - measured|
};

/// Shares, not percent. Quantiles are linear between the ordered values.
struct ErrorStatistics {
  std::size_t count = 0;
  double median = 0.0;
  double p90 = 0.0;
  double bias = 0.0;  ///< exp(median of log(predicted / measured)) - 1, or the median difference
  Pair worst;         ///< the greatest error; the first of equal ones
};

/// Of at least one pair, all of the same kind of error.
ErrorStatistics error_statistics(const std::vector<Pair>& pairs);

/// The value below which a share of `values` lies, linear between neighbours. Of at least one value.
double quantile(std::vector<double> values, double share);

}  // namespace tokenworks::validation
