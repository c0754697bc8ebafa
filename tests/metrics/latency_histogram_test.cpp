#include "sim/metrics/latency_histogram.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <vector>

#include "tests/catch.hpp"

using tokenworks::kPicosecondsPerSecond;
using tokenworks::Picoseconds;
using tokenworks::to_seconds;
using tokenworks::metrics::LatencyHistogram;

namespace {

constexpr double kRelativeError = 1.0 / 2048;

/// Fixed seed: the same inputs on every machine and every run.
template <class Property>
bool holds(const char* what, Property property, int inputs = 500) {
  rc::detail::TestParams params;
  params.seed = 20'260'715;
  params.maxSuccess = inputs;
  rc::detail::TestMetadata metadata;
  metadata.description = what;
  const auto result = rc::detail::checkTestable(property, metadata, params);
  if (!result.template is<rc::detail::SuccessResult>()) rc::detail::printResultMessage(result, std::cerr);
  return result.template is<rc::detail::SuccessResult>();
}

/// A duration of any magnitude: the number of bits is drawn first.
Picoseconds any_duration(int most_bits) {
  const int bits = *rc::gen::inRange(0, most_bits + 1);
  return *rc::gen::inRange<Picoseconds>(0, (Picoseconds{1} << bits));
}

/// The bucket of every single value, so that two histograms compare in all that they hold.
std::vector<double> all_ranks(const LatencyHistogram& histogram) {
  std::vector<double> values;
  const auto count = static_cast<double>(histogram.count());
  for (std::int64_t rank = 1; rank <= histogram.count(); ++rank) {
    values.push_back(histogram.quantile_s((static_cast<double>(rank) - 0.5) / count));
  }
  return values;
}

}  // namespace

TEST_CASE("latency histogram: of nothing has no summary", "[sim][metrics]") {
  const LatencyHistogram empty;
  CHECK(empty.count() == 0);
  CHECK_FALSE(empty.summary().has_value());
}

TEST_CASE("latency histogram: values below 1,024 ps are exact", "[sim][metrics]") {
  LatencyHistogram histogram;
  for (Picoseconds value = 0; value < 1024; ++value) histogram.add(value);
  for (Picoseconds value = 0; value < 1024; ++value) {
    const double q = (static_cast<double>(value) + 0.5) / 1024;
    REQUIRE(histogram.quantile_s(q) == to_seconds(value));
  }
}

TEST_CASE("latency histogram: nearest rank of round shares", "[sim][metrics]") {
  // 1 .. 100 ps: the nearest rank of a share of n/100 is the value n, also where n/100 is no binary number.
  LatencyHistogram histogram;
  for (Picoseconds value = 100; value >= 1; --value) histogram.add(value);
  for (int percent = 1; percent <= 100; ++percent) CHECK(histogram.quantile_s(percent / 100.0) == to_seconds(percent));
  // Mean of 1 .. 100 = 50.5
  const auto summary = histogram.summary();
  REQUIRE(summary.has_value());
  CHECK_THAT(summary->mean, WithinRel(50.5e-12, 1e-15));
  CHECK(summary->p50 == to_seconds(50));
  CHECK(summary->p99 == to_seconds(99));
  CHECK(summary->max == to_seconds(100));
}

TEST_CASE("latency histogram: weights count as so many values", "[sim][metrics]") {
  LatencyHistogram histogram;
  histogram.add(10, 99);
  histogram.add(1000, 1);
  histogram.add(5000, 0);  // of nothing: leaves the maximum alone
  CHECK(histogram.count() == 100);
  const auto summary = histogram.summary();
  REQUIRE(summary.has_value());
  CHECK_THAT(summary->mean, WithinRel(19.9e-12, 1e-15));  // (99 * 10 + 1000) / 100
  CHECK(summary->p99 == to_seconds(10));
  CHECK(summary->max == to_seconds(1000));
}

TEST_CASE("latency histogram: sums stay exact where doubles would not", "[sim][metrics]") {
  // 1e9 values of 100 s and one of 1 ps: the sum passes 64 bits. Mean = (1e23 + 1) / (1e9 + 1) ps.
  LatencyHistogram histogram;
  histogram.add(100 * kPicosecondsPerSecond, 1'000'000'000);
  histogram.add(1);
  CHECK_THAT(histogram.summary()->mean, WithinRel(100.0 / (1 + 1e-9), 1e-15));
}

TEST_CASE("latency histogram: the largest duration is held", "[sim][metrics]") {
  LatencyHistogram histogram;
  histogram.add(tokenworks::kNever);
  CHECK(histogram.summary()->max == to_seconds(tokenworks::kNever));
  CHECK_THAT(histogram.quantile_s(0.5), WithinRel(to_seconds(tokenworks::kNever), kRelativeError));
}

TEST_CASE("latency histogram: a quantile is off by at most 1/2048 and never above the maximum", "[sim][metrics][law]") {
  REQUIRE(holds("quantile error", [] {
    std::vector<Picoseconds> values(static_cast<std::size_t>(*rc::gen::inRange(1, 200)));
    LatencyHistogram histogram;
    for (Picoseconds& value : values) {
      value = any_duration(61);
      histogram.add(value);
    }
    std::sort(values.begin(), values.end());
    const std::vector<double> ranks = all_ranks(histogram);
    RC_ASSERT(ranks.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double exact = to_seconds(values[i]);
      RC_ASSERT(std::abs(ranks[i] - exact) <= exact * kRelativeError);
      RC_ASSERT(ranks[i] <= to_seconds(values.back()));
    }
  }));
}

TEST_CASE("latency histogram: the order of insertion changes nothing", "[sim][metrics][law]") {
  REQUIRE(holds("order", [] {
    std::vector<Picoseconds> values(static_cast<std::size_t>(*rc::gen::inRange(1, 100)));
    for (Picoseconds& value : values) value = any_duration(50);
    LatencyHistogram forward, sorted;
    for (Picoseconds value : values) forward.add(value);
    std::sort(values.begin(), values.end());
    for (Picoseconds value : values) sorted.add(value);
    RC_ASSERT(all_ranks(forward) == all_ranks(sorted));
    RC_ASSERT(forward.summary()->mean == sorted.summary()->mean);
    RC_ASSERT(forward.summary()->max == sorted.summary()->max);
  }));
}

TEST_CASE("latency histogram: a progression equals its terms added one by one", "[sim][metrics][law]") {
  int many_a_bucket = 0, one_a_bucket = 0, constant = 0;
  REQUIRE(holds("progression", [&] {
    // Steps from none over far below a bucket's width to far above it.
    const Picoseconds first = any_duration(45);
    const Picoseconds step = *rc::gen::inRange(0, 8) == 0 ? 0 : any_duration(*rc::gen::inRange(1, 45));
    const std::int64_t count = *rc::gen::inRange(0, 400);
    const std::int64_t weight = *rc::gen::inRange(0, 4);
    (step == 0 ? constant : step < first / 2048 ? many_a_bucket : one_a_bucket) += 1;

    LatencyHistogram together, singly;
    together.add(any_duration(0) + 7);  // neither starts empty
    singly.add(7);
    together.add_progression(first, step, count, weight);
    for (std::int64_t i = 0; i < count; ++i) singly.add(first + i * step, weight);

    RC_ASSERT(together.count() == singly.count());
    RC_ASSERT(all_ranks(together) == all_ranks(singly));
    RC_ASSERT(together.summary()->mean == singly.summary()->mean);
    RC_ASSERT(together.summary()->max == singly.summary()->max);
  }));
  // Rich enough: each kind of progression is at least a twentieth of the inputs.
  CHECK(many_a_bucket >= 25);
  CHECK(one_a_bucket >= 25);
  CHECK(constant >= 25);
}

TEST_CASE("latency histogram: a long progression costs by buckets", "[sim][metrics]") {
  // A million million terms around 10 ms, 1 ps apart: 1e12 ps wide, so it passes octaves 24 .. 30 and 1,024 buckets in
  // each at most. Added term by term this would take hours.
  LatencyHistogram histogram;
  const std::int64_t terms = 1'000'000'000'000;
  const Picoseconds first = kPicosecondsPerSecond / 100;
  histogram.add_progression(first, 1, terms, 1);
  CHECK(histogram.count() == terms);
  // Mean = first + (terms - 1) / 2 = 0.01 s + 0.5 s - 0.5 ps
  CHECK_THAT(histogram.summary()->mean, WithinRel(0.51 - 0.5e-12, 1e-15));
  CHECK_THAT(histogram.summary()->p50, WithinRel(0.51, kRelativeError));
  CHECK(histogram.summary()->max == to_seconds(first + terms - 1));
}
