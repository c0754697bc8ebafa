#include "sim/resources/level_books.hpp"

namespace tokenworks::resources {
namespace {

/// Nearest, halves up.
std::int64_t mean(LevelBooks::Wide total, Picoseconds span) {
  LevelBooks::Wide shifted = total + span / 2;
  LevelBooks::Wide quotient = shifted / span;
  if (shifted % span < 0) --quotient;
  return static_cast<std::int64_t>(quotient);
}

}  // namespace

LevelBooks::LevelBooks(std::size_t levels, Picoseconds interval) : at_(levels), interval_(interval) {
  if (interval > 0) sample_end_ = interval;
}

void LevelBooks::close_sample(Picoseconds end) {
  if (last_is_partial_) {  // somebody looked in between
    samples_.pop_back();
    last_is_partial_ = false;
  }
  std::vector<std::int64_t>& sample = samples_.emplace_back();
  sample.reserve(at_.size());
  for (Level& at : at_) {
    at.total += static_cast<Wide>(at.value) * (end - at.since);
    at.since = end;
    const std::int64_t until = mean(at.total, interval_);
    sample.push_back(until - at.rounded_until_sample);
    at.rounded_until_sample = until;
    at.at_sample = at.total;
  }
  sample_end_ += interval_;
}

const std::vector<std::vector<std::int64_t>>& LevelBooks::samples() {
  if (last_is_partial_) {
    samples_.pop_back();
    last_is_partial_ = false;
  }
  const Picoseconds partial = interval_ > 0 ? now_ - (sample_end_ - interval_) : 0;
  if (partial > 0) {
    std::vector<std::int64_t>& sample = samples_.emplace_back();
    for (std::size_t i = 0; i < at_.size(); ++i) sample.push_back(mean(total(i) - at_[i].at_sample, partial));
    last_is_partial_ = true;
  }
  return samples_;
}

}  // namespace tokenworks::resources
