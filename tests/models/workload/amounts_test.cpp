#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <vector>

#include "models/workload/amount_distribution.hpp"
#include "tests/catch.hpp"
#include "tests/models/workload/chosen_option.hpp"

namespace tokenworks::workload {
namespace {

std::vector<double> sorted_draws(AmountSampler& sampler, std::size_t count) {
  RandomEngine random = random_stream(7, "amounts");
  std::vector<double> draws(count);
  for (double& draw : draws) draw = sampler.draw(random);
  std::sort(draws.begin(), draws.end());
  return draws;
}

double at_share(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

std::unique_ptr<AmountSampler> sampler(std::string_view kind, FieldValues values) {
  return chosen_option(amount_options(), kind, std::move(values))->sampler();
}

}  // namespace

TEST_CASE("amounts: the list has three kinds, each with a help text", "[models][workload]") {
  std::set<std::string_view> kinds;
  for (const Option<AmountDistribution>& option : amount_options()) {
    kinds.insert(option.kind);
    CHECK(!option.help.empty());
  }
  CHECK(kinds == std::set<std::string_view>{"fixed", "lognormal", "quantiles"});
}

TEST_CASE("amounts: fixed is what it says", "[models][workload]") {
  RandomEngine random = random_stream(7, "amounts");
  CHECK(sampler("fixed", {{"value", 2.5}})->draw(random) == 2.5);
}

TEST_CASE("amounts: a lognormal has its median and its 90th percentile, and its cut", "[models][workload]") {
  const std::vector<double> draws = sorted_draws(*sampler("lognormal", {{"median", 10.0}, {"p90", 40.0}}), 200'000);
  CHECK_THAT(at_share(draws, 0.5), WithinRel(10.0, 0.02));
  CHECK_THAT(at_share(draws, 0.9), WithinRel(40.0, 0.02));
  CHECK(sorted_draws(*sampler("lognormal", {{"median", 10.0}, {"p90", 40.0}, {"most", 30.0}}), 1000).back() == 30.0);
  CHECK_THROWS_AS(sampler("lognormal", {{"median", 10.0}, {"p90", 9.0}}), std::invalid_argument);
}

TEST_CASE("amounts: quantiles are met, and between them the logarithm is straight", "[models][workload]") {
  using List = std::vector<double>;
  const auto quantiles = sampler("quantiles", {{"shares", List{0, 0.5, 0.9, 1}}, {"values", List{0, 1, 100, 1000}}});
  const std::vector<double> draws = sorted_draws(*quantiles, 200'000);
  CHECK_THAT(at_share(draws, 0.25), WithinRel(0.5, 0.02));  // from 0 on the amount itself is straight
  CHECK_THAT(at_share(draws, 0.5), WithinRel(1.0, 0.03));
  CHECK_THAT(at_share(draws, 0.7), WithinRel(10.0, 0.03));  // half way from 1 to 100
  CHECK_THAT(at_share(draws, 0.9), WithinRel(100.0, 0.03));
  CHECK(draws.front() >= 0.0);
  CHECK(draws.back() <= 1000.0);
}

TEST_CASE("amounts: quantiles that do not fit together are refused", "[models][workload]") {
  using List = std::vector<double>;
  const auto refused = [](List shares, List values) {
    CHECK_THROWS_AS(quantile_amounts(std::move(shares), std::move(values)), std::invalid_argument);
  };
  refused({0, 1}, {1});
  refused({0}, {1});
  refused({0.1, 1}, {1, 2});
  refused({0, 0.9}, {1, 2});
  refused({0, 0.5, 0.5, 1}, {1, 2, 3, 4});
  refused({0, 0.5, 1}, {1, 3, 2});
  refused({0, 1}, {-1, 2});
  refused({0, 1}, {std::nan(""), 2});
}

}  // namespace tokenworks::workload
