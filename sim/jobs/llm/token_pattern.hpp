// How many tokens a verified step of speculative decoding yields. After `step` steps of its replica, a sequence that
// decoded in all of them would have floor(step * mean) tokens: the floor or the ceiling of the mean in each step, the
// mean itself over many, and the same in a step for all sequences, so that a batch still needs sums only.
#pragma once

#include <cstdint>
#include <vector>

namespace tokenworks::jobs {

class TokenPattern {
 public:
  /// Means are kept in hundredths of a token, as acceptance is published.
  static constexpr std::int64_t kResolution = 100;

  /// Throws std::invalid_argument when `mean_tokens` is less than 1.
  explicit TokenPattern(double mean_tokens);

  /// The mean as a fraction in lowest terms.
  std::int64_t tokens_of_period() const { return tokens_; }
  std::int64_t steps_of_period() const { return steps_; }
  double mean() const { return static_cast<double>(tokens_) / static_cast<double>(steps_); }

  /// Tokens of a sequence that has decoded from step 0 on, after `step` steps.
  std::int64_t tokens_by(std::int64_t step) const { return step * tokens_ / steps_; }
  /// The smallest number of steps after which it has at least so many tokens.
  std::int64_t first_step_with(std::int64_t tokens) const { return (tokens * steps_ + tokens_ - 1) / tokens_; }
  /// Sum over i = 0 .. count - 1 of the tokens that steps `start` .. `start` + i - 1 yield.
  std::int64_t sum_before(std::int64_t start, std::int64_t count) const;

 private:
  /// Sum over step = 0 .. count - 1 of tokens_by(step).
  std::int64_t sum_from_zero(std::int64_t count) const;

  std::int64_t tokens_ = 1, steps_ = 1;
  std::vector<std::int64_t> sums_;  ///< sum_from_zero of 0 .. steps_
};

}  // namespace tokenworks::jobs
