// Random scenarios that reach all features: engines, routers, arrivals, lengths, cooling, failures, tight memory.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

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

/// A small scenario (some hundred requests at most) that depends on `seed` alone.
nlohmann::json random_scenario(std::uint64_t seed, FeatureCounts& features);

}  // namespace tokenworks::testing
