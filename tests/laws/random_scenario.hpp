// Random scenarios that reach all features: engines, routers, pools and hand-over, prefix caches and tiers, classes and
// tenants, arrivals, sessions, lengths, cooling, failures, tight memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/laws/feature_draw.hpp"

namespace tokenworks::testing {

/// usual: some hundred requests at most in 20 to 90 s. tiny: a few in 1 to 3 s.
enum class ScenarioSize { usual, tiny };

/// A scenario that depends on `seed` alone.
nlohmann::json random_scenario(std::uint64_t seed, FeatureCounts& features, ScenarioSize size = ScenarioSize::usual);

/// Some scenarios replay traces of prompts that begin alike: their names say what is in them. Writes those that
/// `scenario` names into `folder`.
void write_drawn_traces(const nlohmann::json& scenario, const std::filesystem::path& folder);

}  // namespace tokenworks::testing
