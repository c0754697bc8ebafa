#include "tests/laws/feature_draw.hpp"

namespace tokenworks::testing {

std::string FeatureCounts::rare() const {
  std::string text;
  for (const auto& [feature, count] : counts_) {
    if (20 * count < scenarios_) text += feature + " in " + std::to_string(count) + "\n";
  }
  return text;
}

}  // namespace tokenworks::testing
