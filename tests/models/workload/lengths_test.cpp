#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>

#include "models/workload/length_distribution.hpp"
#include "tests/catch.hpp"
#include "tests/models/workload/chosen_option.hpp"
#include "tests/models/workload/goodness_of_fit.hpp"

namespace tokenworks::workload {
namespace {

constexpr int kDraws = 200'000;

const LengthTable* no_table(const std::string&) { return nullptr; }

std::unique_ptr<LengthSampler> sampler(std::string_view kind, FieldValues values) {
  return chosen_option(length_options(), kind, std::move(values))->sampler(&no_table);
}

std::unique_ptr<LengthSampler> sampler(const LengthTable& table) {
  return chosen_option(length_options(), "table", {{"name", std::string("measured")}})
      ->sampler([&](const std::string& name) { return name == "measured" ? &table : nullptr; });
}

LengthTable table_of(std::vector<double> shares, std::vector<double> tokens) {
  return {"a table", std::move(shares), std::move(tokens), {}};
}

std::vector<double> draws(LengthSampler& lengths, int count = kDraws) {
  RandomEngine random = random_stream(7, "workload/chat/input");
  std::vector<double> list(static_cast<std::size_t>(count));
  for (double& length : list) length = lengths.draw(random);
  return list;
}

double share_up_to(const std::vector<double>& values, double limit) {
  return static_cast<double>(std::count_if(values.begin(), values.end(), [&](double v) { return v <= limit; })) /
         static_cast<double>(values.size());
}

/// Four standard errors of a share `p` in kDraws draws.
double share_error(double p) { return 4.0 * std::sqrt(p * (1.0 - p) / kDraws) + 1e-12; }

}  // namespace

TEST_CASE("length options: the list has five kinds, each with a help text", "[models][workload]") {
  std::set<std::string_view> kinds;
  for (const Option<LengthDistribution>& option : length_options()) {
    kinds.insert(option.kind);
    CHECK(!option.help.empty());
  }
  CHECK(kinds == std::set<std::string_view>{"fixed", "uniform_share", "geometric", "lognormal", "table"});
}

TEST_CASE("fixed lengths: every draw is the number given", "[models][workload]") {
  const auto lengths = sampler("fixed", {{"tokens", 1024.0}});
  RandomEngine random = random_stream(7, "workload/chat/input");
  for (int i = 0; i < 10; ++i) CHECK(lengths->draw(random) == 1024);
}

TEST_CASE("uniform shares: every whole number between the ends is as likely", "[models][workload]") {
  // 0.8 and 1.0 of 50: 40 to 50, eleven lengths.
  std::map<double, int> counts;
  for (const double length : draws(*sampler("uniform_share", {{"nominal_tokens", 50.0}, {"low", 0.8}, {"high", 1.0}})))
    ++counts[length];
  REQUIRE(counts.size() == 11);
  CHECK(counts.begin()->first == 40);
  CHECK(counts.rbegin()->first == 50);
  for (const auto& [length, count] : counts)
    CHECK_THAT(count / double{kDraws}, WithinAbs(1.0 / 11.0, share_error(1.0 / 11.0)));
}

TEST_CASE("uniform shares: ends are rounded, not cut, and at least one token", "[models][workload]") {
  // 0.29 * 100 is 28.999999999999996 in doubles.
  for (const double length :
       draws(*sampler("uniform_share", {{"nominal_tokens", 100.0}, {"low", 0.29}, {"high", 0.29}}), 10)) {
    CHECK(length == 29);
  }
  for (const double length :
       draws(*sampler("uniform_share", {{"nominal_tokens", 1.0}, {"low", 0.0}, {"high", 0.3}}), 10)) {
    CHECK(length == 1);
  }
  CHECK_THROWS_AS(sampler("uniform_share", {{"nominal_tokens", 100.0}, {"low", 0.9}, {"high", 0.8}}),
                  std::invalid_argument);
}

TEST_CASE("geometric lengths: P(tokens <= n) is 1 - (1 - 1/mean)^n", "[models][workload]") {
  const double mean = GENERATE(1.25, 8.0, 500.0);
  const std::vector<double> list = draws(*sampler("geometric", {{"mean_tokens", mean}}));
  for (const double n : {1.0, 2.0, std::round(mean), std::round(3.0 * mean)}) {
    const double expected = 1.0 - std::pow(1.0 - 1.0 / mean, n);
    CAPTURE(mean, n);
    CHECK_THAT(share_up_to(list, n), WithinAbs(expected, share_error(expected)));
  }
  // The variance is mean * (mean - 1).
  CHECK_THAT(mean_of(list), WithinAbs(mean, 4.0 * std::sqrt(mean * (mean - 1.0) / kDraws)));
  CHECK(*std::min_element(list.begin(), list.end()) == 1.0);
}

TEST_CASE("geometric lengths: a mean of one token leaves no choice", "[models][workload]") {
  for (const double length : draws(*sampler("geometric", {{"mean_tokens", 1.0}}), 100)) CHECK(length == 1);
}

TEST_CASE("geometric lengths: draws beyond 31 bits stop there", "[models][workload]") {
  const std::vector<double> list = draws(*sampler("geometric", {{"mean_tokens", double{kMostTokens}}}), 10'000);
  // A share 1/e of the law lies above its mean.
  CHECK_THAT(share_up_to(list, kMostTokens - 1.0), WithinAbs(1.0 - std::exp(-1.0), 0.02));
  CHECK(*std::max_element(list.begin(), list.end()) == double{kMostTokens});
}

TEST_CASE("lognormal lengths: quantiles are median * exp(sigma z), and the rest falls on the maximum",
          "[models][workload]") {
  const std::vector<double> list =
      draws(*sampler("lognormal", {{"median_tokens", 1000.0}, {"sigma", 0.8}, {"max_tokens", 4000.0}}));
  const boost::math::normal_distribution<double> normal;
  for (const double limit : {200.0, 500.0, 1000.0, 2000.0, 3999.0}) {
    // A draw is at most `limit` when it was below limit + 0.5 before rounding.
    const double expected = cdf(normal, std::log((limit + 0.5) / 1000.0) / 0.8);
    CAPTURE(limit);
    CHECK_THAT(share_up_to(list, limit), WithinAbs(expected, share_error(expected)));
  }
  CHECK(*std::max_element(list.begin(), list.end()) == 4000.0);
  for (const double length :
       draws(*sampler("lognormal", {{"median_tokens", 7.0}, {"sigma", 0.0}, {"max_tokens", 9.0}}), 10)) {
    CHECK(length == 7);
  }
}

TEST_CASE("lognormal lengths: stay within one token and the maximum at any spread", "[models][workload][law]") {
  const std::vector<double> list =
      draws(*sampler("lognormal", {{"median_tokens", 1.0}, {"sigma", 10.0}, {"max_tokens", double{kMostTokens}}}));
  CHECK(*std::min_element(list.begin(), list.end()) == 1.0);
  CHECK(*std::max_element(list.begin(), list.end()) == double{kMostTokens});
}

TEST_CASE("table lengths: draws follow the quantiles, straight between them", "[models][workload]") {
  const LengthTable table = table_of({0.0, 0.25, 0.5, 0.999, 1.0}, {10, 100, 100, 1000, 90'000});
  const std::vector<double> list = draws(*sampler(table));
  // From 10 to 100 over a quarter of the requests: up to 55 (55.5 before rounding) is (55.5 - 10) / 90 of it.
  CHECK_THAT(share_up_to(list, 55), WithinAbs(0.25 * 45.5 / 90.0, share_error(0.13)));
  // A quarter has exactly 100; half a token beyond it belongs to it too, 0.5 / 900 of the next 0.499.
  CHECK_THAT(share_up_to(list, 100), WithinAbs(0.5 + 0.499 * 0.5 / 900.0, share_error(0.5)));
  CHECK_THAT(share_up_to(list, 99), WithinAbs(0.25 * 89.5 / 90.0, share_error(0.25)));
  CHECK_THAT(share_up_to(list, 1000), WithinAbs(0.999, share_error(0.999)));
  CHECK(*std::min_element(list.begin(), list.end()) == 10.0);
  CHECK(*std::max_element(list.begin(), list.end()) > 80'000.0);
  CHECK(*std::max_element(list.begin(), list.end()) <= 90'000.0);
}

TEST_CASE("table lengths: the mean is the area under the quantiles", "[models][workload]") {
  std::vector<double> shares, tokens;
  for (int i = 0; i <= 500; ++i) {
    shares.push_back(i / 500.0);
    tokens.push_back(5.0 + i);
  }
  // Evenly from 5 to 505: mean 255, deviation 500 / sqrt(12).
  CHECK_THAT(mean_of(draws(*sampler(table_of(shares, tokens)))),
             WithinAbs(255.0, 4.0 * 500.0 / std::sqrt(12.0 * kDraws)));
}

TEST_CASE("table lengths: a table that is no distribution is refused", "[models][workload]") {
  const LengthTable broken =
      GENERATE(table_of({}, {}), table_of({0}, {5}), table_of({0, 1}, {5}), table_of({0.1, 1}, {5, 6}),
               table_of({0, 0.9}, {5, 6}), table_of({0, 0.5, 0.5, 1}, {5, 6, 7, 8}),
               table_of({0, 0.6, 0.5, 1}, {5, 6, 7, 8}), table_of({0, 1}, {6, 5}), table_of({0, 1}, {0, 5}),
               table_of({0, 1}, {1, 4e9}), table_of({0, NAN, 1}, {1, 2, 3}), table_of({0, 0.5, 1}, {1, NAN, 3}));
  CHECK_THROWS_AS(sampler(broken), std::invalid_argument);
}

TEST_CASE("table lengths: a name that the catalog lacks is refused", "[models][workload]") {
  CHECK_THROWS_AS(sampler("table", {{"name", std::string("unheard_of")}}), std::invalid_argument);
}

}  // namespace tokenworks::workload
