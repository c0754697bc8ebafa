#include "sim/metrics/latency_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace tokenworks::metrics {
namespace {

// Octave 0 holds 0 .. 1023 in buckets of one value. Octave k > 0 holds [2^(k+9), 2^(k+10)) in 1,024 buckets of
// 2^(k-1) values each, so half a bucket is at most 2^(k-2) / 2^(k+9) = 1/2048 of any value in it.
std::uint64_t bucket_width(int octave) { return octave == 0 ? 1 : std::uint64_t{1} << (octave - 1); }

}  // namespace

int LatencyHistogram::bucket(std::uint64_t value) {
  constexpr int kBuckets = 1 << kSubBits;
  if (value < kBuckets) return static_cast<int>(value);
  const int shift = std::bit_width(value) - 1 - kSubBits;
  return (shift << kSubBits) + static_cast<int>(value >> shift);  // value >> shift is in [1024, 2048)
}

std::uint64_t LatencyHistogram::lower_bound(int bucket) {
  constexpr int kBuckets = 1 << kSubBits;
  const int octave = bucket >> kSubBits;
  const auto position = static_cast<std::uint64_t>(bucket & (kBuckets - 1));
  return octave == 0 ? position : (kBuckets + position) << (octave - 1);
}

std::int64_t& LatencyHistogram::slot(int bucket) {
  constexpr int kBuckets = 1 << kSubBits;
  auto& octave = octaves_[static_cast<std::size_t>(bucket >> kSubBits)];
  if (!octave) octave = std::make_unique<std::int64_t[]>(kBuckets);
  return octave[static_cast<std::size_t>(bucket & (kBuckets - 1))];
}

void LatencyHistogram::add(Picoseconds duration, std::int64_t weight) {
  assert(duration >= 0 && weight >= 0);
  if (weight == 0) return;
  slot(bucket(static_cast<std::uint64_t>(duration))) += weight;
  count_ += weight;
  sum_ps_ += static_cast<decltype(sum_ps_)>(duration) * weight;
  maximum_ = std::max(maximum_, duration);
}

void LatencyHistogram::add_progression(Picoseconds first, Picoseconds step, std::int64_t count, std::int64_t weight) {
  assert(first >= 0 && step >= 0 && count >= 0 && weight >= 0);
  if (count == 0 || weight == 0) return;
  if (step == 0) return add(first, count * weight);

  const auto stride = static_cast<std::uint64_t>(step);
  auto value = static_cast<std::uint64_t>(first);
  for (std::int64_t left = count; left > 0;) {
    const int index = bucket(value);
    const std::uint64_t room = lower_bound(index) + bucket_width(index >> kSubBits) - 1 - value;
    // The terms value, value + step ... that are still in this bucket.
    const std::uint64_t fitting = room < stride ? 1 : room / stride + 1;
    const std::int64_t terms = std::min(left, static_cast<std::int64_t>(fitting));
    slot(index) += terms * weight;
    left -= terms;
    value += static_cast<std::uint64_t>(terms) * stride;
  }

  using Sum = decltype(sum_ps_);
  count_ += count * weight;
  sum_ps_ += (Sum{first} * count + Sum{step} * (Sum{count} * (count - 1) / 2)) * weight;
  maximum_ = std::max(maximum_, first + step * (count - 1));
}

double LatencyHistogram::quantile_s(double q) const {
  assert(count_ > 0 && q > 0 && q <= 1);
  // A share such as 0.99 is not a binary number: without the small allowance 0.99 of 100 could become rank 100.
  const double exact_rank = q * static_cast<double>(count_) * (1 - 0x1p-51);
  const auto rank = std::clamp(static_cast<std::int64_t>(std::ceil(exact_rank)), std::int64_t{1}, count_);

  std::int64_t below = 0;
  for (int octave = 0; octave <= kOctaves; ++octave) {
    const auto& counts = octaves_[static_cast<std::size_t>(octave)];
    if (!counts) continue;
    for (int position = 0; position < 1 << kSubBits; ++position) {
      below += counts[static_cast<std::size_t>(position)];
      if (below < rank) continue;
      const std::uint64_t lower = lower_bound((octave << kSubBits) + position);
      const auto middle = static_cast<Picoseconds>(lower + (bucket_width(octave) - 1) / 2);
      return to_seconds(std::min(middle, maximum_));
    }
  }
  return to_seconds(maximum_);
}

std::optional<LatencySummary> LatencyHistogram::summary() const {
  if (count_ == 0) return std::nullopt;
  const double mean = static_cast<double>(sum_ps_) / static_cast<double>(count_) * 1e-12;
  return LatencySummary{
      mean, quantile_s(0.5), quantile_s(0.9), quantile_s(0.95), quantile_s(0.99), to_seconds(maximum_)};
}

}  // namespace tokenworks::metrics
