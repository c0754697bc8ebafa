// Measured cases through our simulator: each scenario is read as a user's would be, run whole, and compared.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "sim/scenario/read_scenario.hpp"
#include "tools/forked_runs.hpp"
#include "tools/validation/measured_case.hpp"

namespace tokenworks::validation {

struct CaseOutcome {
  enum class Status {
    predicted,
    left_out,  ///< our simulator refuses the scenario: no catalog entry, does not fit ...
    failed,    ///< the run threw or died
    not_run    ///< interrupted before
  } status = Status::not_run;
  std::vector<double> predicted;  ///< in the order of the case's comparisons
  std::string reason;             ///< of left_out and failed
};

/// In the order of `cases`.
/// `overrides` change every case's scenario: how far do the errors follow one value?
std::vector<CaseOutcome> run_cases(const std::vector<const MeasuredCase*>& cases, const tools::ForkedRuns& how,
                                   const scenario::Overrides& overrides = {});

}  // namespace tokenworks::validation
