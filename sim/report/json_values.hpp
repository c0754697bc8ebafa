// Values that many places of a report share.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/validity.hpp"
#include "sim/metrics/latency_histogram.hpp"
#include "sim/metrics/site_metrics.hpp"

namespace tokenworks::report {

using metrics::ratio;

/// Null: a statistic of nothing.
nlohmann::ordered_json number(std::optional<double> value);
/// Keys in the order of the entries.
nlohmann::ordered_json object(const std::vector<std::pair<std::string, double>>& entries);
/// All its keys, each null when nothing was measured.
nlohmann::ordered_json latency(const std::optional<metrics::LatencySummary>& latency);

/// As every report lists them.
nlohmann::ordered_json assumptions_json(const std::vector<Assumption>& assumptions);
nlohmann::ordered_json validity_json(const std::map<std::string, ValidityNote>& notes);

}  // namespace tokenworks::report
