// A service as report.json tells of it.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/metrics/run_result.hpp"

namespace tokenworks::report {

/// `service` is one of `result`'s.
nlohmann::ordered_json service_json(const metrics::RunResult& result, const metrics::ServiceResult& service);

}  // namespace tokenworks::report
