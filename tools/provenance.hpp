// From what a report of this program is made.
#pragma once

#include "sim/report/report.hpp"
#include "sim/scenario/read_scenario.hpp"

namespace tokenworks::tools {

/// Hashes the scenario's files as they are now.
report::Provenance provenance_of(const scenario::ReadOutcome& scenario);

}  // namespace tokenworks::tools
