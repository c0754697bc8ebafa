// A year as the JSON document "tokenworks.year/1", a CSV of its hours and a table. Equal results give equal bytes.
//
// Metrics (ISO/IEC 30134-2, -6, -8, -9; The Green Grid; Patterson et al. 2013), with E the energy of the year:
//   PUE = E_facility / E_IT, category 3: IT at the racks' input      DCiE = 1 / PUE
//   pPUE of a zone = (E_IT + E_zone) / E_IT                           zones: cooling, power chain
//   ITUE = E_IT / (E_IT - server fans and losses of power supplies)   TUE = ITUE * PUE
//   WUE_site = water taken at the site / E_IT                         WUE_source = WUE_site + PUE * EWIF
//   CUE = CO2e / E_IT        ERF = E_reused / E_facility              ERE = (E_facility - E_reused) / E_IT
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
