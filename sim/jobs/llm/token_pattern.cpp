#include "sim/jobs/llm/token_pattern.hpp"

#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace tokenworks::jobs {

TokenPattern::TokenPattern(double mean_tokens) {
  if (!(mean_tokens >= 1.0)) {
    throw std::invalid_argument("token pattern: a step yields at least 1 token on average, not " +
                                std::to_string(mean_tokens));
  }
  const std::int64_t tokens = std::llround(mean_tokens * static_cast<double>(kResolution));
  const std::int64_t divisor = std::gcd(tokens, kResolution);
  tokens_ = tokens / divisor;
  steps_ = kResolution / divisor;
  sums_.assign(1, 0);
  for (std::int64_t step = 0; step < steps_; ++step) sums_.push_back(sums_.back() + tokens_by(step));
}

std::int64_t TokenPattern::sum_before(std::int64_t start, std::int64_t count) const {
  // The pattern repeats: what counts of `start` is its place in the period.
  const std::int64_t place = start % steps_;
  return sum_from_zero(place + count) - sum_from_zero(place) - count * tokens_by(place);
}

std::int64_t TokenPattern::sum_from_zero(std::int64_t count) const {
  const std::int64_t periods = count / steps_;
  const std::int64_t rest = count % steps_;
  return tokens_ * steps_ * (periods * (periods - 1) / 2) + periods * sums_.back() + periods * tokens_ * rest +
         sums_[static_cast<std::size_t>(rest)];
}

}  // namespace tokenworks::jobs
