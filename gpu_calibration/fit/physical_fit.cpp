#include "gpu_calibration/fit/physical_fit.hpp"

#include <algorithm>
#include <cmath>

namespace tokenworks::gpu_calibration {

std::vector<double> search_constants(const std::vector<BoundedConstant>& constants,
                                     const std::function<double(const std::vector<double>&)>& cost) {
  constexpr double kFirstFactor = 2.0, kLastFactor = 1.005;
  std::vector<double> best(constants.size());
  for (std::size_t i = 0; i < constants.size(); ++i) best[i] = constants[i].start;
  double least = cost(best);
  for (double factor = kFirstFactor; factor > kLastFactor;) {
    bool better = false;
    for (std::size_t i = 0; i < constants.size(); ++i) {
      for (const double step : {factor, 1.0 / factor}) {
        std::vector<double> tried = best;
        tried[i] = std::clamp(best[i] * step, constants[i].lowest, constants[i].highest);
        if (tried[i] == best[i]) continue;
        const double found = cost(tried);
        if (found < least) {
          least = found;
          best = std::move(tried);
          better = true;
          break;
        }
      }
    }
    if (!better) factor = std::sqrt(factor);
  }
  return best;
}

}  // namespace tokenworks::gpu_calibration
