// Runs the built program as a user does: a scenario file in, a report out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tokenworks::testing {

struct ProgramRun {
  int exit_code = -1;
  std::string report_text;                        ///< bytes of report.json; empty when there is none
  nlohmann::json report;                          ///< the same, parsed
  std::string messages;                           ///< standard error
  std::string series;                             ///< bytes of series.csv
  std::string max_rate;                           ///< bytes of max_rate.json
  std::string output;                             ///< standard output
  std::string requests, request_lines, timeline;  ///< of requests.csv, requests.jsonl and timeline.json, beside `out`
};

/// `tokenworks run` on `scenario` in a folder of its own, which is removed again; with --quiet unless `quiet` is off.
ProgramRun run_program(const nlohmann::json& scenario, const std::vector<std::string>& arguments = {},
                       bool quiet = true);

}  // namespace tokenworks::testing
