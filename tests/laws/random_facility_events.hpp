// Random events of power and cooling.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/laws/feature_draw.hpp"

namespace tokenworks::testing {

/// What power and cooling do to the work: events, limits, parts that run out within seconds.
/// Adds to the factory and the services of `scenario`, and to `incidents`, within `duration` (s).
void random_facility_events(FeatureDraw& draw, nlohmann::json& scenario, nlohmann::json& incidents, double duration);

}  // namespace tokenworks::testing
