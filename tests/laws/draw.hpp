// Values by chance that depend on a seed alone, whatever the standard library.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace tokenworks::testing {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}

  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  double real(double low, double high) { return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return real(0, 1) < probability; }
  template <class T>
  T one_of(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(whole(0, static_cast<std::int64_t>(list.size()) - 1))];
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace tokenworks::testing
