#include "gpu_calibration/harness/statistics.hpp"

#include <algorithm>
#include <stdexcept>

namespace tokenworks::gpu_calibration {

double quantile(std::vector<double> samples, double share) {
  if (samples.empty()) throw std::invalid_argument("a quantile needs at least one sample");
  std::sort(samples.begin(), samples.end());
  const double position = std::clamp(share, 0.0, 1.0) * static_cast<double>(samples.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, samples.size() - 1);
  return samples[below] + (position - static_cast<double>(below)) * (samples[above] - samples[below]);
}

Timing summarise(const std::vector<double>& seconds) {
  return {quantile(seconds, 0.5), quantile(seconds, 0.1), quantile(seconds, 0.9), static_cast<int>(seconds.size()),
          0.0};
}

}  // namespace tokenworks::gpu_calibration
