#include "models/workload/gap_distribution.hpp"

#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/weibull.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/models/workload/goodness_of_fit.hpp"

namespace tokenworks::workload {
namespace {

struct Case {
  GapFamily family;
  double shape;
};

/// From more even than chance to bursts of a hundred.
const std::vector<Case> kCases = {{GapFamily::gamma, 50.0},  {GapFamily::gamma, 1.0},   {GapFamily::gamma, 0.06},
                                  {GapFamily::gamma, 0.01},  {GapFamily::weibull, 3.0}, {GapFamily::weibull, 1.0},
                                  {GapFamily::weibull, 0.5}, {GapFamily::weibull, 0.3}};

double scale(const Case& c) {
  return c.family == GapFamily::gamma ? 1.0 / c.shape : 1.0 / std::tgamma(1.0 + 1.0 / c.shape);
}

double share_up_to(const Case& c, double gap) {
  if (c.family == GapFamily::gamma) return cdf(boost::math::gamma_distribution<double>(c.shape, scale(c)), gap);
  return cdf(boost::math::weibull_distribution<double>(c.shape, scale(c)), gap);
}

/// The integral of 1 - F from 0 to x, by parts: x (1 - F(x)) plus the integral of y f(y) from 0 to x, which is an
/// incomplete gamma function in both families.
double first_share_up_to(const Case& c, double gap) {
  const double below = c.family == GapFamily::gamma
                           ? boost::math::gamma_p(c.shape + 1.0, gap / scale(c))
                           : boost::math::gamma_p(1.0 + 1.0 / c.shape, std::pow(gap / scale(c), c.shape));
  return gap * (1.0 - share_up_to(c, gap)) + below;
}

/// Requests in a time of `mean_gaps`, the process being in its steady state.
double count(GapDistribution& gaps, RandomEngine& random, double mean_gaps) {
  double n = 0.0;
  for (double date = gaps.first_gap(random); date < mean_gaps; date += gaps.gap(random)) n += 1.0;
  return n;
}

}  // namespace

TEST_CASE("gaps: both families follow their distribution, with mean 1", "[models][workload]") {
  for (const Case& c : kCases) {
    CAPTURE(static_cast<int>(c.family), c.shape);
    GapDistribution gaps(c.family, c.shape);
    RandomEngine random = random_stream(7, "gaps");
    std::vector<double> list(100'000);
    for (double& gap : list) gap = gaps.gap(random);
    CHECK(kolmogorov_distance(list, [&](double gap) { return share_up_to(c, gap); }) < kKolmogorovLimit);
    CHECK_THAT(mean_of(list), WithinAbs(1.0, 4.0 * deviation_of(list) / std::sqrt(1e5)));
  }
}

TEST_CASE("gaps: the first one is that from any date to the next request", "[models][workload]") {
  for (const Case& c : kCases) {
    CAPTURE(static_cast<int>(c.family), c.shape);
    GapDistribution gaps(c.family, c.shape);
    RandomEngine random = random_stream(7, "first gaps");
    std::vector<double> list(100'000);
    for (double& gap : list) gap = gaps.first_gap(random);
    CHECK(kolmogorov_distance(list, [&](double gap) { return first_share_up_to(c, gap); }) < kKolmogorovLimit);
  }
}

TEST_CASE("gaps: any time holds as many requests as mean gaps, however short it is and bursty they are",
          "[models][workload][law]") {
  for (const Case& c : kCases) {
    for (const double mean_gaps : {0.2, 1.0, 7.0}) {
      CAPTURE(static_cast<int>(c.family), c.shape, mean_gaps);
      GapDistribution gaps(c.family, c.shape);
      RandomEngine random = random_stream(7, "counts");
      std::vector<double> counts(20'000);
      for (double& n : counts) n = count(gaps, random, mean_gaps);
      CHECK_THAT(mean_of(counts), WithinAbs(mean_gaps, 4.0 * deviation_of(counts) / std::sqrt(2e4)));
    }
  }
}

TEST_CASE("gaps: names and shapes outside the limits are refused", "[models][workload]") {
  CHECK(gap_family_from_name("Gamma") == GapFamily::gamma);
  CHECK(gap_family_from_name("Weibull") == GapFamily::weibull);
  CHECK(!gap_family_from_name("gamma").has_value());
  for (const GapFamily family : {GapFamily::gamma, GapFamily::weibull}) {
    const auto [least, most] = shape_limits(family);
    RandomEngine random = random_stream(7, "limits");
    for (const double shape : {least, most}) {
      GapDistribution gaps(family, shape);
      for (int i = 0; i < 1000; ++i) {
        const double gap = gaps.gap(random), first = gaps.first_gap(random);
        REQUIRE((gap >= 0.0 && std::isfinite(gap) && first >= 0.0 && std::isfinite(first)));
      }
    }
    for (const double shape : {least / 2, most * 2, 0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
      CHECK_THROWS_AS(GapDistribution(family, shape), std::invalid_argument);
  }
}

}  // namespace tokenworks::workload
