// The time that prompts spend in attention, by length.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace tokenworks::llm {

/// Seconds that a prompt of so many tokens spends in attention, from zero: a rate by length that never falls, linear
/// between four nodes an octave. Up to 128 tokens, the tile of the kernels, the rate is that of a whole tile.
class PromptCurve {
 public:
  template <class SecondsOf>
  PromptCurve(double longest, SecondsOf seconds_of) {
    constexpr double kTile = 128.0;
    double rate = seconds_of(kTile) / kTile;
    for (int i = 0;; ++i) {
      const double length = node(i);
      if (length >= kTile) rate = std::max(rate, seconds_of(length) / length);
      rates_.push_back(rate);
      if (length >= longest && i % 4 == 0) break;
    }
  }

  double seconds(double length) const {
    if (length <= 0.0) return 0.0;
    int exponent = 0;
    const double fraction = 2.0 * std::frexp(std::max(length, 1.0), &exponent);  // 1 <= fraction < 2
    const int quarter = std::min(3, static_cast<int>((fraction - 1.0) * 4.0));
    const auto cell = std::min(static_cast<std::size_t>(4 * (exponent - 1) + quarter), rates_.size() - 2);
    const double low = node(static_cast<int>(cell)), high = node(static_cast<int>(cell) + 1);
    const double share = (std::max(length, 1.0) - low) / (high - low);
    return length * (rates_[cell] + share * (rates_[cell + 1] - rates_[cell]));
  }

 private:
  static double node(int i) { return std::ldexp(1.0 + 0.25 * (i % 4), i / 4); }
  std::vector<double> rates_;
};

}  // namespace tokenworks::llm
