// What `run --find-max-rate` has found: the document "tokenworks.max_rate/1" and a table.
#pragma once

#include <string>

#include "sim/report/report.hpp"
#include "tools/max_rate/scaled_runs.hpp"
#include "tools/max_rate/search.hpp"

namespace tokenworks::tools {

inline constexpr const char* kMaxRateFormat = "tokenworks.max_rate/1";

struct MaxRate {
  scenario::Json scenario;  ///< fully resolved, at the rates that it states
  report::Provenance provenance;
  double attainment = 0.99;
  SearchOptions search;
  SearchResult found;
};

/// `runs` are those that the search has made.
scenario::Json max_rate_json(const MaxRate& rate, const ScaledRuns& runs);

/// The runs by their factors, the answer, what fails above it, and what is to be noted. `document` is
/// max_rate_json()'s.
std::string max_rate_table(const scenario::Json& document);

}  // namespace tokenworks::tools
