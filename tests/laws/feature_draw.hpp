// Values by chance, with counts of the features that they stand for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/laws/draw.hpp"

namespace tokenworks::testing {

/// How often each feature was drawn.
class FeatureCounts {
 public:
  void note(const std::string& feature) { ++counts_[feature]; }
  void scenario() { ++scenarios_; }
  /// Features in fewer than 5 % of the scenarios, one a line; empty when the draw was rich.
  std::string rare() const;

 private:
  std::map<std::string, int> counts_;
  int scenarios_ = 0;
};

/// Draws values and notes the features that they stand for.
class FeatureDraw : public Draw {
 public:
  FeatureDraw(std::uint64_t seed, FeatureCounts& features) : Draw(seed), features_(features) {}

  std::string one_of(const std::string& what, const std::vector<std::string>& names) {
    const std::string name = Draw::one_of(names);
    features_.note(what + ":" + name);
    return name;
  }
  /// A feature that is on with `probability`.
  bool feature(const std::string& name, double probability) {
    if (!chance(probability)) return false;
    features_.note(name);
    return true;
  }

 private:
  FeatureCounts& features_;
};

}  // namespace tokenworks::testing
