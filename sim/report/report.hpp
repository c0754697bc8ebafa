// A run as the JSON document "tokenworks.report/1" and the CSV that belongs to it. Equal results give equal bytes:
// nothing here depends on the clock on the wall, the machine or addresses.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/core/evidence.hpp"
#include "sim/metrics/run_result.hpp"

namespace tokenworks::report {

inline constexpr const char* kReportFormat = "tokenworks.report/1";

struct InputFile {
  std::string path;    ///< as the scenario or the command line names it
  std::string sha256;  ///< sha256_of_file()
};

/// A catalog entry that acted in the run, and who vouches for it.
struct CatalogEntryUsed {
  std::string section;  ///< "gpus", "racks", "models" ...
  std::string id;
  std::string origin;  ///< "shipped", "scenario", or the file that it came from
  std::vector<SourceNote> sources;
};

struct Provenance {
  std::string version;
  std::string git_revision;
  std::int64_t seed = 0;
  std::vector<InputFile> inputs;
  std::vector<CatalogEntryUsed> catalog;
};

/// The figures that a reader looks at first, over all services. With several services, latencies and attainment are
/// those of the service that does worst. Absent: a statistic of nothing.
struct Summary {
  double output_tokens_per_s = 0.0;  ///< in the window, as in the services
  double requests_per_s = 0.0;
  std::optional<double> ttft_p99_s, tpot_p99_s;
  std::optional<double> slo_attainment;
  std::optional<double> mean_it_w;
  double peak_facility_w = 0.0;
  std::optional<double> pue;
  std::optional<double> output_tokens_per_joule;        ///< whole run, per joule of the facility
  std::optional<double> usd_per_million_output_tokens;  ///< whole run, electricity only
};

Summary summarize(const metrics::RunResult& result);

/// As it stands in every document that the program writes.
nlohmann::ordered_json provenance_json(const Provenance& provenance);

/// `scenario` is the fully resolved scenario.
nlohmann::ordered_json report_json(const metrics::RunResult& result, const nlohmann::ordered_json& scenario,
                                   const Provenance& provenance);

/// RFC 4180: comma-separated, lines end with CR LF, the first line names the columns with their units. Numbers are the
/// shortest that read back as the same double; an empty cell stands for a statistic of nothing.
std::string series_csv(const metrics::RunResult& result);

/// What differs from run to run: wall time, events, memory and rates by wall time.
nlohmann::ordered_json run_json(const metrics::RunResult& result, const metrics::RunCost& cost);

}  // namespace tokenworks::report
