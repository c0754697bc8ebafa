#include "models/workload/token_table.hpp"

#include <boost/math/distributions/chi_squared.hpp>
#include <limits>
#include <map>
#include <stdexcept>

#include "tests/catch.hpp"

namespace tokenworks::workload {
namespace {

using Entries = std::vector<TokenTable::Entry>;

TokenTable table(const Entries& entries) { return TokenTable(entries); }

}  // namespace

TEST_CASE("token table: lengths come as often as their probabilities say", "[models][workload]") {
  // A few frequent lengths, far apart, between many rare ones.
  Entries entries = {{0, 0.2}, {1, 0.05}};
  for (int i = 0; i < 200; ++i) entries.push_back({100 + 7 * i, 0.0015});
  entries.push_back({1'000'000, 0.4});
  entries.push_back({2'147'483'647, 0.05});
  const TokenTable lengths = table(entries);
  CHECK(lengths.most() == 2'147'483'647);
  RandomEngine random = random_stream(7, "workload/chat/input");
  constexpr int kDraws = 200'000;
  std::map<std::int32_t, int> counts;
  for (int i = 0; i < kDraws; ++i) ++counts[lengths.draw(random)];
  CHECK(counts.size() == entries.size());
  double chi_squared = 0.0;
  for (const auto& [tokens, probability] : entries) {
    const double expected = kDraws * probability;
    chi_squared += (counts[tokens] - expected) * (counts[tokens] - expected) / expected;
  }
  const boost::math::chi_squared_distribution<double> law(static_cast<double>(entries.size() - 1));
  CHECK(chi_squared < quantile(law, 0.999));
}

TEST_CASE("token table: one length is always drawn, one without probability never", "[models][workload]") {
  RandomEngine random = random_stream(7, "workload/chat/input");
  const TokenTable one = table({{5, 1.0}}), some = table({{3, 0.0}, {5, 0.5}, {6, 0.0}, {7, 0.5}, {9, 0.0}});
  CHECK(some.most() == 7);
  CHECK(some.mean() == 6.0);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(one.draw(random) == 5);
    const std::int32_t tokens = some.draw(random);
    REQUIRE((tokens == 5 || tokens == 7));
  }
}

TEST_CASE("token table: rounded probabilities are scaled to 1; others are refused", "[models][workload]") {
  CHECK(table({{2, 0.4997}, {4, 0.4997}}).mean() == 3.0);
  CHECK(TokenTable().empty());
  CHECK_THROWS_AS(table({}), std::invalid_argument);
  CHECK_THROWS_AS(table({{2, 0.5}, {4, 0.4}}), std::invalid_argument);
  CHECK_THROWS_AS(table({{2, 0.5}, {4, 0.6}}), std::invalid_argument);
  CHECK_THROWS_AS(table({{2, 1.5}, {4, -0.5}}), std::invalid_argument);
  CHECK_THROWS_AS(table({{4, 0.5}, {2, 0.5}}), std::invalid_argument);
  CHECK_THROWS_AS(table({{2, 0.5}, {2, 0.5}}), std::invalid_argument);
  CHECK_THROWS_AS(table({{-1, 1.0}}), std::invalid_argument);
  CHECK_THROWS_AS(table({{1, std::numeric_limits<double>::quiet_NaN()}}), std::invalid_argument);
}

}  // namespace tokenworks::workload
