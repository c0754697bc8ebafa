// How long each bench may take, so that the whole run ends in time and a bench that ends early gives its time to
// others.
#pragma once

#include <span>

namespace tokenworks::gpu_calibration {

/// How many rounds one timed sample holds and how many samples are taken.
struct SamplePlan {
  int rounds = 1;   ///< executions between two events
  int samples = 3;  ///< pairs of events
};

/// Rounds so that a sample lasts at least 200 us (an event resolves about 0.5 us), at most 100; samples that fill
/// `budget_s`, 3 to 31. Throws std::invalid_argument unless `one_round_s` is above zero.
SamplePlan plan_samples(double one_round_s, double budget_s);

/// Seconds for the first of the benches that are still to run: what is left, by the ratio of their shares.
/// Zero when nothing is left. Throws std::invalid_argument when there is no bench or the shares add up to nothing.
double next_allowance(double left_s, std::span<const double> shares_to_run);

}  // namespace tokenworks::gpu_calibration
