#include "gpu_calibration/harness/time_budget.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace tokenworks::gpu_calibration {

SamplePlan plan_samples(double one_round_s, double budget_s) {
  if (!(one_round_s > 0)) throw std::invalid_argument("a round must take more than 0 s");
  constexpr double kSample = 200e-6;
  const int rounds = static_cast<int>(std::clamp(kSample / one_round_s + 0.999, 1.0, 100.0));
  const int samples = static_cast<int>(std::clamp(budget_s / (rounds * one_round_s), 3.0, 31.0));
  return {rounds, samples};
}

double next_allowance(double left_s, std::span<const double> shares_to_run) {
  const double sum = std::accumulate(shares_to_run.begin(), shares_to_run.end(), 0.0);
  if (!(sum > 0)) throw std::invalid_argument("the shares of the benches add up to nothing");
  return std::max(0.0, left_s) * shares_to_run.front() / sum;
}

}  // namespace tokenworks::gpu_calibration
