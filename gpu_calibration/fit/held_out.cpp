#include "gpu_calibration/fit/held_out.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

namespace tokenworks::gpu_calibration {
namespace {

/// Finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

bool is_held_out(std::initializer_list<double> shape) {
  std::uint64_t state = kHoldOutSeed;
  for (const double size : shape) state = mixed(state ^ std::bit_cast<std::uint64_t>(size));
  return state % kHoldOutShare == 0;
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) throw std::invalid_argument("quantile: no values; at least one is needed");
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::clamp<std::size_t>(rank, 1, values.size()) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

ErrorSummary summarise_errors(std::vector<double> errors) {
  if (errors.empty()) return {};
  return {errors.size(), quantile(errors, 0.5), quantile(errors, 0.9)};
}

}  // namespace tokenworks::gpu_calibration
