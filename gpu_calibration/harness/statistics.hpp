// Median and spread of timed samples.
#pragma once

#include <vector>

namespace tokenworks::gpu_calibration {

/// Seconds of one execution over some samples.
struct Timing {
  double median_s = 0.0;
  double low_s = 0.0;   ///< 10th percentile
  double high_s = 0.0;  ///< 90th percentile
  int samples = 0;
  double sm_clock_hz = 0.0;  ///< read while the samples ran; 0 when the driver does not tell
};

/// Quantile by linear interpolation between the sorted samples. Throws std::invalid_argument when there are none.
double quantile(std::vector<double> samples, double share);

/// Median, 10th and 90th percentile. Throws std::invalid_argument when there are no samples.
Timing summarise(const std::vector<double>& seconds);

}  // namespace tokenworks::gpu_calibration
