// Question   how to draw gamma distributed numbers fast, for shapes far below 1 too
// Equation   Marsaglia and Tsang's method (Boost 1.74's gamma_distribution takes two to five times as long); below
// shape
//            1 a draw of shape + 1 times U^(1/shape)
// Source     Marsaglia, Tsang, A simple method for generating gamma variables, ACM TOMS 26(3), 2000
// Valid for  shapes above 0; below 0.01 more and more draws are too small for a double, and 0
// Checked by tests/models/workload/arrivals_test.cpp, tests/models/workload/gap_distribution_test.cpp
#pragma once

#include <boost/random/normal_distribution.hpp>
#include <cmath>

#include "models/core/random.hpp"

namespace tokenworks::workload {

/// Gamma distributed numbers of mean `shape`.
class GammaDraw {
 public:
  explicit GammaDraw(double shape)
      : small_shape_power_(shape < 1.0 ? 1.0 / shape : 0.0),
        d_((shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0),
        c_(1.0 / std::sqrt(9.0 * d_)) {}

  double operator()(RandomEngine& random) {
    double value = at_least_one(random);
    // From shape + 1 down to shape, by the paper's remark on shapes below 1.
    if (small_shape_power_ > 0.0) value *= std::pow(uniform_open(random), small_shape_power_);
    return value;
  }

 private:
  /// The method proper, for shapes of 1 and more; `d`, `c`, `x`, `v` as in the paper.
  double at_least_one(RandomEngine& random) {
    while (true) {
      const double x = normal_(random);
      const double root = 1.0 + c_ * x;
      if (root <= 0.0) continue;
      const double v = root * root * root;
      const double u = uniform_open(random);
      if (u < 1.0 - 0.0331 * (x * x) * (x * x)) return d_ * v;
      if (std::log(u) < 0.5 * x * x + d_ * (1.0 - v + std::log(v))) return d_ * v;
    }
  }

  double small_shape_power_, d_, c_;
  boost::random::normal_distribution<double> normal_;
};

}  // namespace tokenworks::workload
