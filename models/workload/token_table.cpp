// Question   how many tokens has the next prompt or answer, when every length was counted
// Equation   inversion: the smallest length whose cumulative probability exceeds U; the search begins at a guide of as
//            many cells as there are lengths, so that it takes about one step
// Source     Chen, Asau, On generating random variates from an empirical distribution, AIIE Transactions 6(2), 1974
// Valid for  lengths that occurred while it was counted; nothing in between, nothing beyond
// Checked by tests/models/workload/token_table_test.cpp
#include "models/workload/token_table.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace tokenworks::workload {

TokenTable::TokenTable(std::span<const Entry> entries) {
  double sum = 0.0;
  for (const Entry& entry : entries) {
    if (entry.tokens < 0 || !(entry.probability >= 0.0)) {
      throw std::invalid_argument("table of lengths: a length or its probability is negative");
    }
    if (!tokens_.empty() && entry.tokens <= tokens_.back()) {
      throw std::invalid_argument("table of lengths: lengths must rise");
    }
    if (entry.probability == 0.0) continue;
    sum += entry.probability;
    tokens_.push_back(entry.tokens);
    below_or_equal_.push_back(sum);
  }
  if (!(std::abs(sum - 1.0) <= kSumTolerance)) {
    throw std::invalid_argument("table of lengths: probabilities sum to " + std::to_string(sum) +
                                ", allowed: 1 within " + std::to_string(kSumTolerance));
  }
  for (double& share : below_or_equal_) share /= sum;
  below_or_equal_.back() = 1.0;

  const std::size_t cells = tokens_.size();
  guide_.reserve(cells);
  std::uint32_t at = 0;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    while (below_or_equal_[at] <= static_cast<double>(cell) / static_cast<double>(cells)) ++at;
    guide_.push_back(at);
  }
}

double TokenTable::mean() const {
  double sum = 0.0, before = 0.0;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    sum += tokens_[i] * (below_or_equal_[i] - before);
    before = below_or_equal_[i];
  }
  return sum;
}

std::int32_t TokenTable::draw(RandomEngine& random) const {
  const double share = uniform_open(random);
  std::size_t at = guide_[static_cast<std::size_t>(share * static_cast<double>(guide_.size()))];
  while (below_or_equal_[at] <= share) ++at;
  return tokens_[at];
}

}  // namespace tokenworks::workload
