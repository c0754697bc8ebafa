#include "gpu_calibration/harness/statistics.hpp"

#include <stdexcept>

#include "gpu_calibration/harness/time_budget.hpp"
#include "tests/catch.hpp"

namespace tokenworks::gpu_calibration {
namespace {

TEST_CASE("statistics: quantiles lie between the samples, whatever their order", "[gpu_calibration]") {
  const std::vector<double> samples = {5, 1, 4, 2, 3};
  CHECK(quantile(samples, 0.0) == 1);
  CHECK(quantile(samples, 0.5) == 3);
  CHECK(quantile(samples, 1.0) == 5);
  CHECK_THAT(quantile(samples, 0.1), WithinRel(1.4, 1e-12));
  CHECK(quantile({7}, 0.9) == 7);
  CHECK(quantile({1, 2}, 0.5) == 1.5);
  CHECK_THROWS_AS(quantile({}, 0.5), std::invalid_argument);
}

TEST_CASE("statistics: one slow sample moves the spread and not the median", "[gpu_calibration]") {
  std::vector<double> samples(21, 1.0);
  samples[3] = 100.0;
  const Timing timing = summarise(samples);
  CHECK(timing.median_s == 1.0);
  CHECK(timing.low_s == 1.0);
  CHECK(timing.high_s == 1.0);
  CHECK(timing.samples == 21);
  CHECK_THROWS_AS(summarise({}), std::invalid_argument);
}

TEST_CASE("time budget: a sample is long enough for the clock, and the samples fill the budget", "[gpu_calibration]") {
  for (const double round_s : {1e-7, 2e-6, 1e-5, 1.9e-4, 1e-3, 0.2}) {
    CAPTURE(round_s);
    const SamplePlan plan = plan_samples(round_s, 0.010);
    CHECK((plan.rounds == 100 || plan.rounds * round_s >= 200e-6));
    CHECK(plan.rounds * round_s < 200e-6 + round_s);
    CHECK(plan.samples >= 3);
    CHECK(plan.samples <= 31);
    CHECK((plan.samples == 3 || plan.samples * plan.rounds * round_s <= 0.010 * 1.001));
  }
  CHECK_THROWS_AS(plan_samples(0.0, 0.010), std::invalid_argument);
}

TEST_CASE("time budget: shares of what is left use all of it, and time that is not used passes on",
          "[gpu_calibration]") {
  const std::vector<double> shares = {3, 2, 1};
  CHECK(next_allowance(60, shares) == 30);
  CHECK(next_allowance(60 - 5, std::span(shares).subspan(1)) * 1.5 == 55);  // the first took 5 s of its 30
  CHECK(next_allowance(10, std::span(shares).subspan(2)) == 10);
  CHECK(next_allowance(-1, shares) == 0);
  CHECK_THROWS_AS(next_allowance(1, std::span<const double>{}), std::invalid_argument);
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
