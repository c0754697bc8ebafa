#include <rapidcheck.h>
#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tools/max_rate/search.hpp"

namespace tokenworks::tools {
namespace {

/// Runs that pass up to a limit, and remembers which were asked for.
struct FakeRuns {
  double limit;
  std::vector<std::vector<double>> batches;
  SearchResult search(SearchOptions options = {}) {
    return find_max_rate(
        [this](const std::vector<double>& factors) {
          batches.push_back(factors);
          std::vector<bool> passed;
          for (const double factor : factors) passed.push_back(factor <= limit);
          return passed;
        },
        options);
  }
};

}  // namespace

TEST_CASE("search for a rate: it starts at 1, doubles to a bracket and halves the bracket's ratio", "[tools]") {
  FakeRuns runs{5.0, {}};
  const SearchResult found = runs.search({.tolerance = 0.2});
  // 1 2 4 8 | 4*sqrt(2) = 5.66 fails, 4*2^(1/4) = 4.757 passes, ratio to 5.66 is 1.19
  const std::vector<double> expected = {1, 2, 4, 8, 4 * std::sqrt(2.0), 4 * std::sqrt(std::sqrt(2.0))};
  REQUIRE(found.tried.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(found.tried[i].factor == Approx(expected[i]));
  CHECK(*found.passing == Approx(expected[5]));
  CHECK(*found.failing == Approx(expected[4]));
  CHECK(found.passed_beyond.empty());
  CHECK(!found.interrupted);
}

TEST_CASE("search for a rate: the limit lies in the bracket, which is as narrow as asked", "[tools]") {
  CHECK(rc::check("any limit, tolerance and number of jobs", [] {
    const double limit = std::exp2(*rc::gen::inRange(-900, 900) / 100.0);
    SearchOptions options;
    options.tolerance = *rc::gen::inRange(1, 500) / 1000.0;
    options.jobs = *rc::gen::inRange(1, 9);
    FakeRuns runs{limit, {}};
    const SearchResult found = runs.search(options);
    RC_ASSERT(found.passing && found.failing);
    RC_ASSERT(*found.passing <= limit && limit < *found.failing);
    RC_ASSERT(*found.failing / *found.passing <= (1 + options.tolerance) * (1 + 1e-9));
    std::set<double> different;
    for (const auto& batch : runs.batches) {
      RC_ASSERT(batch.size() <= static_cast<std::size_t>(options.jobs));
      RC_ASSERT(std::is_sorted(batch.begin(), batch.end()));
      for (const double factor : batch) RC_ASSERT(different.insert(factor).second);
    }
    RC_ASSERT(runs.batches.front() == std::vector<double>{1.0});
  }));
}

TEST_CASE("search for a rate: several jobs need fewer rounds and never try more than one octave too much", "[tools]") {
  FakeRuns one{3.0, {}}, three{3.0, {}};
  one.search();
  three.search({.jobs = 3});
  CHECK(one.batches.size() == 9);    // 1 2 4, then 2^(1/64) is below 1.02
  CHECK(three.batches.size() == 5);  // 1, to 2, to 4, then the bracket's third of an octave is cut into 4 and 3
  for (const auto& batch : three.batches) CHECK(batch.back() <= 4.0);
}

TEST_CASE("search for a rate: limits end it on both sides", "[tools]") {
  const SearchResult above = FakeRuns{1e9, {}}.search({.jobs = 3});
  CHECK(above.passing == 1024.0);
  CHECK(!above.failing);
  const SearchResult below = FakeRuns{0, {}}.search();
  CHECK(!below.passing);
  CHECK(below.failing == 1.0 / 1024);
  CHECK(below.tried.size() == 11);
}

TEST_CASE("search for a rate: where higher ones pass again, the answer stays below the lowest that failed", "[tools]") {
  const SearchResult found = find_max_rate(
      [](const std::vector<double>& factors) {
        std::vector<bool> passed;
        for (const double factor : factors) passed.push_back(factor <= 1.1 || (factor > 1.3 && factor < 2.5));
        return passed;
      },
      {.jobs = 3});
  CHECK(*found.passing <= 1.1);
  CHECK(*found.failing <= 1.1 * 1.02);
  REQUIRE(found.passed_beyond.size() == 2);
  CHECK(found.passed_beyond[0] == Approx(std::exp2(2.0 / 3)));
  CHECK(found.passed_beyond[1] == 2.0);
}

TEST_CASE("search for a rate: an interrupted one says what it knows", "[tools]") {
  int left = 4;
  const SearchResult found = find_max_rate(
      [&](const std::vector<double>& factors) {
        std::vector<bool> passed;
        if (left-- > 0) passed.push_back(factors[0] <= 3);
        return passed;
      },
      {});
  CHECK(found.interrupted);
  CHECK(found.tried.size() == 4);
  CHECK(found.passing == Approx(2 * std::sqrt(2.0)));
  CHECK(found.failing == 4.0);
  const SearchResult nothing = find_max_rate([](const auto&) { return std::vector<bool>{}; }, {});
  CHECK(nothing.interrupted);
  CHECK(!nothing.passing);
  CHECK(!nothing.failing);
}

TEST_CASE("search for a rate: progress counts the rounds that are left", "[tools]") {
  std::vector<int> left;
  find_max_rate([](const std::vector<double>& factors) { return std::vector<bool>{factors[0] <= 1.5}; }, {},
                [&](const auto&, int batches) { left.push_back(batches); });
  CHECK(left == std::vector<int>{6, 6, 5, 4, 3, 2, 1, 0});
}

TEST_CASE("search for a rate: options that make no sense are refused", "[tools]") {
  const auto never = [](const auto&) -> std::vector<bool> { throw std::logic_error("nothing is to be tried"); };
  CHECK_THROWS_AS(find_max_rate(never, {.tolerance = 0}), std::invalid_argument);
  CHECK_THROWS_AS(find_max_rate(never, {.jobs = 0}), std::invalid_argument);
  CHECK_THROWS_AS(find_max_rate(never, {.lowest = 2}), std::invalid_argument);
}

}  // namespace tokenworks::tools
