// What moved, as it stands in the report: "network" and "storage".
#pragma once

#include <nlohmann/json.hpp>

#include "sim/metrics/run_result.hpp"

namespace tokenworks::report {

/// "fabric" is null without one, and then links and traffic may be empty lists.
nlohmann::ordered_json network_json(const metrics::NetworkResult& network);
/// "kind" is null without a storage system.
nlohmann::ordered_json storage_json(const metrics::StorageResult& storage);

}  // namespace tokenworks::report
