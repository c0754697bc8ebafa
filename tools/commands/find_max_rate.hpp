// tokenworks run SCENARIO --find-max-rate: the highest rate of all workloads together that a factory sustains.
#pragma once

#include "tools/commands/simulate.hpp"

namespace tokenworks::tools {

struct MaxRateArguments {
  double attainment = 0.99;
  double tolerance = 0.02;
  int jobs = 1;
};

/// Writes max_rate.json and, where there is an answer, the report of its run. Returns the exit code.
int find_max_rate(const RunArguments& run, const MaxRateArguments& arguments);

}  // namespace tokenworks::tools
