// Random scenarios that reach all features: engines, routers, pools and hand-over, prefix caches and tiers, classes and
// tenants, arrivals, sessions, lengths, cooling, failures, tight memory.
#pragma once

#include <cstdint>
#include <filesystem>
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

/// usual: some hundred requests at most in 20 to 90 s. tiny: a few in 1 to 3 s.
enum class ScenarioSize { usual, tiny };

/// A scenario that depends on `seed` alone.
nlohmann::json random_scenario(std::uint64_t seed, FeatureCounts& features, ScenarioSize size = ScenarioSize::usual);

/// Some scenarios replay traces of prompts that begin alike: their names say what is in them. Writes those that
/// `scenario` names into `folder`.
void write_drawn_traces(const nlohmann::json& scenario, const std::filesystem::path& folder);

}  // namespace tokenworks::testing
