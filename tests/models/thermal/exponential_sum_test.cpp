#include "models/thermal/exponential_sum.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "tests/catch.hpp"

using namespace tokenworks::thermal;

namespace {

/// Up to eight terms with decays between 1e-5 and 100 per second and ramps, amplitudes up to some ten.
ExponentialSum draw_sum() {
  ExponentialSum sum(*rc::gen::inRange(-2000, 2001) / 100.0);
  const int terms = *rc::gen::inRange(1, 9);
  for (int i = 0; i < terms; ++i) {
    const double decay = *rc::gen::inRange(0, 8) == 0 ? 0.0 : std::pow(10.0, *rc::gen::inRange(-500, 201) / 100.0);
    const double amplitude = *rc::gen::inRange(-3000, 3001) / 100.0;
    sum.add({decay > 0.0 ? amplitude * decay : amplitude * 1e-4, decay});
  }
  return sum;
}

}  // namespace

TEST_CASE("exponential sum: no sample meets the threshold before the first crossing", "[models][thermal][law]") {
  REQUIRE(rc::check([] {
    const ExponentialSum sum = draw_sum();
    const double threshold = *rc::gen::inRange(-4000, 4001) / 100.0;
    const Direction direction = *rc::gen::arbitrary<bool>() ? Direction::rising : Direction::falling;
    const double until = *rc::gen::arbitrary<bool>() ? 1e6 : std::pow(10.0, *rc::gen::inRange(-300, 601) / 100.0);
    const auto date = sum.first_crossing(threshold, direction, until);
    const auto ever = sum.first_crossing(threshold, direction);
    const bool agree =
        date ? ever && std::abs(*ever - *date) <= 1e-12 + 1e-9 * *date : !ever || *ever > until * (1.0 - 1e-9);
    RC_ASSERT(agree);
    const double sign = direction == Direction::rising ? 1.0 : -1.0;
    const auto beyond = [&](double t) { return sign * (sum.at(t) - threshold); };
    // Samples even in time, and even in its logarithm from 10 us on.
    double sampled = kForever, before = 0.0;
    for (int i = 0; i <= 4000 && sampled == kForever; ++i) {
      const double t = i == 0 ? 0.0 : 1e-5 * std::pow(until / 1e-5, i / 4000.0);
      if (beyond(t) > 1e-10) sampled = t;
      if (sampled == kForever) before = t;
    }
    if (sampled < kForever) {
      RC_ASSERT(date.has_value());
      RC_ASSERT(*date <= sampled);
      // Where samples cross, halving finds a crossing between two of them: the first one is that or an earlier one.
      double low = before, high = sampled;
      for (int i = 0; i < 200 && sampled > 0.0; ++i) {
        const double middle = 0.5 * (low + high);
        (beyond(middle) >= 0.0 ? high : low) = middle;
      }
      RC_ASSERT(*date <= high + 1e-6);
      if (*date >= before && sum.slope(high) * sign > 1e-6) RC_ASSERT(std::abs(*date - high) < 1e-6 * (1.0 + high));
    }
    if (date) {
      RC_ASSERT(*date >= 0.0);
      RC_ASSERT(*date <= until * (1.0 + 1e-15));
      // It is met there, and not at once before.
      RC_ASSERT(beyond(*date) > -1e-10);
      if (*date > 0.0) RC_ASSERT(beyond(*date * (1.0 - 1e-9)) < 1e-6);
    }
  }));
}

TEST_CASE("exponential sum: a visit of a millisecond beyond the threshold is found", "[models][thermal]") {
  // 100 (exp(-t) - exp(-2 t)) has its highest value, 25, at t = ln 2. It exceeds 25 - 1.25e-5 for 1.4 ms.
  ExponentialSum sum(0.0);
  sum.add({-100.0, 1.0});
  sum.add({200.0, 2.0});
  CHECK_THAT(sum.at(std::log(2.0)), WithinAbs(25.0, 1e-12));
  const auto date = sum.first_crossing(25.0 - 1.25e-5, Direction::rising);
  REQUIRE(date);
  // Near the top f = 25 - 25 (t - ln 2)^2: reached sqrt(1.25e-5 / 25) = 0.000707 s before it, but for the third order.
  CHECK_THAT(*date, WithinAbs(std::log(2.0) - std::sqrt(1.25e-5 / 25.0), 1e-6));
  CHECK_FALSE(sum.first_crossing(25.0 + 1e-9, Direction::rising));
  CHECK(sum.first_crossing(-1.0, Direction::rising) == std::optional(0.0));
  CHECK(sum.first_crossing(0.0, Direction::falling) == std::optional(0.0));
}

TEST_CASE("exponential sum: one exponential and a ramp cross where their formulas say", "[models][thermal]") {
  // From 70 to 100 with a time constant of 10 s: 90 is met after 10 ln 3 s, 100 never.
  ExponentialSum sum(70.0);
  sum.add({3.0, 0.1});
  CHECK_THAT(sum.first_crossing(90.0, Direction::rising).value_or(0.0), WithinAbs(10.0 * std::log(3.0), 1e-12));
  CHECK_FALSE(sum.first_crossing(100.5, Direction::rising));
  CHECK_FALSE(sum.first_crossing(90.0, Direction::rising, 10.0));
  CHECK(sum.limit() == std::optional(100.0));
  // Zero flow: 1.8 K/s.
  ExponentialSum ramp(70.0);
  ramp.add({1.8, 0.0});
  CHECK_THAT(ramp.first_crossing(88.0, Direction::rising).value_or(0.0), WithinAbs(10.0, 1e-12));
  CHECK_FALSE(ramp.limit());
  CHECK(ramp.mean(10.0) == 79.0);
}

TEST_CASE("exponential sum: after() continues and means add up", "[models][thermal][law]") {
  REQUIRE(rc::check([] {
    const ExponentialSum sum = draw_sum();
    const double a = std::pow(10.0, *rc::gen::inRange(-300, 501) / 100.0), b = a * *rc::gen::inRange(1, 300) / 100.0;
    const ExponentialSum later = sum.after(a);
    const double scale = 1e-11 * (400.0 + std::abs(sum.at(a + b)));
    RC_ASSERT(std::abs(later.at(b) - sum.at(a + b)) < scale);
    RC_ASSERT(std::abs(later.slope(b) - sum.slope(a + b)) < 1e-9 * (1.0 + std::abs(sum.slope(0.0))));
    RC_ASSERT(std::abs(sum.mean(a) * a + later.mean(b) * b - sum.mean(a + b) * (a + b)) < scale * (a + b));
  }));
}
