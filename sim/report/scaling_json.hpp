// Replicas that come and go, in the report.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "sim/metrics/run_result.hpp"

namespace tokenworks::report {

/// Null where failures alone take replicas down.
nlohmann::ordered_json scaling_json(const std::optional<metrics::ScalingResult>& scaling);

}  // namespace tokenworks::report
