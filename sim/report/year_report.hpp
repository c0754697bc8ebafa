// A year as the JSON document "tokenworks.year/1", a CSV of its hours and a table. Equal results give equal bytes.
// Metrics are those of sim/metrics/site_metrics.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/metrics/run_result.hpp"
#include "sim/metrics/year_result.hpp"
#include "sim/report/report.hpp"

namespace tokenworks::report {

inline constexpr const char* kYearFormat = "tokenworks.year/1";

/// `scenario` is the fully resolved scenario.
nlohmann::ordered_json year_json(const metrics::YearResult& result, const nlohmann::ordered_json& scenario,
                                 const Provenance& provenance);

/// One line an hour, as series_csv() writes; powers to 0.1 W, temperatures to 0.001 K.
std::string year_csv(const metrics::YearResult& result);

/// Lines of at most 80 columns: the year, its months, modes, peaks. `document` is year_json()'s.
std::string year_table(const nlohmann::ordered_json& document);

/// Writes year.json, hours.csv and year_run.json (what differs from run to run) into `folder`, whole or not at all.
/// Throws WriteError.
void write_year(const std::filesystem::path& folder, const nlohmann::ordered_json& document, const std::string& csv,
                const metrics::RunCost& cost);

}  // namespace tokenworks::report
