// A distribution of token counts as it was counted: each with its probability.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/core/random.hpp"

namespace tokenworks::workload {

class TokenTable {
 public:
  struct Entry {
    std::int32_t tokens = 0;   ///< >= 0
    double probability = 0.0;  ///< >= 0
  };

  /// The sum of probabilities may be off by this much, as they are rounded; they are scaled to 1.
  static constexpr double kSumTolerance = 1e-3;

  /// Nothing can be drawn from it.
  TokenTable() = default;
  /// `entries` rise in tokens. Throws std::invalid_argument when they do not, when a value is negative, or when the sum
  /// of the probabilities is not about 1.
  explicit TokenTable(std::span<const Entry> entries);

  bool empty() const { return tokens_.empty(); }
  /// Of a table that is not empty.
  std::int32_t most() const { return tokens_.back(); }
  double mean() const;
  std::int32_t draw(RandomEngine& random) const;

 private:
  std::vector<std::int32_t> tokens_;
  std::vector<double> below_or_equal_;  ///< their cumulative probabilities; the last is 1
  std::vector<std::uint32_t> guide_;    ///< for each of as many equal shares of [0, 1): where the search begins
};

}  // namespace tokenworks::workload
