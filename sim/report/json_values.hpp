// Values that many places of a report share.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/metrics/latency_histogram.hpp"

namespace tokenworks::report {

/// Null: a statistic of nothing.
nlohmann::ordered_json number(std::optional<double> value);
/// Nothing when the whole is not above 0.
std::optional<double> ratio(double part, double whole);
/// Keys in the order of the entries.
nlohmann::ordered_json object(const std::vector<std::pair<std::string, double>>& entries);
/// All its keys, each null when nothing was measured.
nlohmann::ordered_json latency(const std::optional<metrics::LatencySummary>& latency);

}  // namespace tokenworks::report
