#include "tools/validation/error_statistics.hpp"

#include "tests/catch.hpp"

namespace tokenworks::validation {
namespace {

using Catch::Matchers::WithinAbs;

TEST_CASE("quantile: linear between ordered values", "[validation]") {
  CHECK(quantile({3, 1, 2}, 0.5) == 2);
  CHECK(quantile({4, 1, 2, 3}, 0.5) == 2.5);
  CHECK_THAT(quantile({0, 10, 20, 30, 40}, 0.9), WithinAbs(36, 1e-12));  // position 3.6
  CHECK(quantile({7}, 0.9) == 7);
}

TEST_CASE("error statistics: by hand", "[validation]") {
  // Ratios 1.1, 0.8, 1.5, 0.5: errors 0.1, 0.2, 0.5, 0.5; sorted 0.1 0.2 0.5 0.5.
  const std::vector<Pair> pairs = {{11, 10, "a"}, {8, 10, "b"}, {15, 10, "c"}, {5, 10, "d"}};
  const ErrorStatistics s = error_statistics(pairs);
  CHECK(s.count == 4);
  CHECK_THAT(s.median, WithinAbs(0.35, 1e-12));
  CHECK_THAT(s.p90, WithinAbs(0.5, 1e-12));
  // Median of the logs: middle of ln 0.8 and ln 1.1, so the bias is sqrt(0.88) - 1.
  CHECK_THAT(s.bias, WithinAbs(-0.0619168, 1e-6));
  CHECK(s.worst.name == "c");  // the first of equal ones
}

TEST_CASE("error statistics: differences, by hand", "[validation]") {
  // Differences 0.02, -0.01, 0.06.
  const ErrorStatistics s = error_statistics({{1.12, 1.1, "a", true}, {0.0, 0.01, "b", true}, {1.06, 1.0, "c", true}});
  CHECK_THAT(s.median, WithinAbs(0.02, 1e-12));
  CHECK_THAT(s.bias, WithinAbs(0.02, 1e-12));
  CHECK(s.worst.name == "c");
}

TEST_CASE("error statistics: a perfect prediction has no error and no bias", "[validation][law]") {
  const ErrorStatistics s = error_statistics({{2, 2, "a"}, {3, 3, "b"}});
  CHECK(s.median == 0);
  CHECK(s.p90 == 0);
  CHECK(s.bias == 0);
}

TEST_CASE("error statistics: twice and half as much have opposite bias", "[validation][law]") {
  const double up = error_statistics({{2, 1, "a"}}).bias, down = error_statistics({{1, 2, "a"}}).bias;
  CHECK_THAT((1 + up) * (1 + down), WithinAbs(1, 1e-12));
}

}  // namespace
}  // namespace tokenworks::validation
