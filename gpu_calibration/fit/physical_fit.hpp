// Question   which few physical constants describe a kernel's times best
// Equation   least mean of min(|log residual|, 1), by pattern search over the logs of the constants
// Source     R. Hooke, T. A. Jeeves, Journal of the ACM 8, 1961
// Valid for  up to six constants with bounds
// Checked by tests/gpu_calibration/grid_fit_test.cpp
#pragma once

#include <functional>
#include <vector>

namespace tokenworks::gpu_calibration {

struct BoundedConstant {
  double start = 0.0, lowest = 0.0, highest = 0.0;  ///< above 0
};

/// The constants with the least `cost`. Deterministic.
std::vector<double> search_constants(const std::vector<BoundedConstant>& constants,
                                     const std::function<double(const std::vector<double>&)>& cost);

}  // namespace tokenworks::gpu_calibration
