// Where a rising function is 0.
#pragma once

#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>
#include <utility>

namespace tokenworks {

/// A bracket, closer than `tolerance`, around the root of a function that rises from `low` to `high`; an end, twice,
/// where there is none between.
template <class Rising>
std::pair<double, double> rising_root(Rising f, double low, double high, double tolerance) {
  const double at_low = f(low), at_high = f(high);
  if (at_low >= 0.0) return {low, low};
  if (at_high <= 0.0) return {high, high};
  std::uintmax_t iterations = 100;
  const auto close = [tolerance](double a, double b) { return std::abs(b - a) < tolerance; };
  return boost::math::tools::toms748_solve(f, low, high, at_low, at_high, close, iterations);
}

}  // namespace tokenworks
