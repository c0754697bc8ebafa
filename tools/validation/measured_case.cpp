#include "tools/validation/measured_case.hpp"

#include <algorithm>

namespace tokenworks::validation {

double Comparison::nearest(double predicted_value) const {
  return measured_most ? std::clamp(predicted_value, measured, *measured_most) : measured;
}

void ReasonCounts::count(std::string_view reason, std::size_t rows) {
  if (rows == 0) return;
  const auto found =
      std::find_if(reasons_.begin(), reasons_.end(), [&](const auto& entry) { return entry.first == reason; });
  if (found != reasons_.end()) {
    found->second += rows;
  } else {
    reasons_.emplace_back(reason, rows);
  }
}

}  // namespace tokenworks::validation
