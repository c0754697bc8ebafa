// A run of round numbers, so that every derived figure can be computed by hand.
#pragma once

#include "sim/metrics/run_result.hpp"
#include "sim/report/report.hpp"

namespace tokenworks::report {

/// 1,000 s simulated, a window of 500 s; one service on 8 GPUs: 20 of 25 requests completed, 100,000 tokens of input
/// and 50,000 of output in the window (80,000 in all); 1e7 J IT, 1.25e7 J facility, 2 USD.
metrics::RunResult sample_run();

/// The same factory where nothing happened at all.
metrics::RunResult idle_run();

Provenance sample_provenance();

}  // namespace tokenworks::report
