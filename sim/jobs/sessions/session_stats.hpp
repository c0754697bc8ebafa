// What is counted of the sessions of a workload.
#pragma once

#include <cstdint>

#include "sim/jobs/request.hpp"
#include "sim/metrics/latency_histogram.hpp"
#include "sim/metrics/run_result.hpp"

namespace tokenworks::jobs {

/// Sums over the steps of one session.
struct SessionSums {
  std::int64_t steps = 0;
  std::int64_t input_tokens = 0, output_tokens = 0;
  Picoseconds llm_time = 0;   ///< arrival to end, of steps that ran side by side too
  Picoseconds wait_time = 0;  ///< of users and tools
};

class SessionStats {
 public:
  /// Distributions are over sessions that completed at `window_start` or later.
  explicit SessionStats(Picoseconds window_start) : window_start_(window_start) {}

  void started() { ++counts_.started; }
  /// A step has ended, in whatever way.
  void step_ended(const EndedRequest& request, bool of_sub_agent);
  void compacted() { ++counts_.compactions; }
  void completed(const SessionSums& sums, Picoseconds started, Picoseconds now);
  void failed() { ++counts_.failed; }

  /// Counts, sums and distributions; names, energy and cost are left to the caller.
  metrics::SessionResult report() const;

 private:
  Picoseconds window_start_;
  metrics::SessionResult counts_;
  metrics::LatencyHistogram time_, llm_time_, wait_time_;
  metrics::LatencyHistogram steps_, tokens_;  // of counts: one is a picosecond
};

}  // namespace tokenworks::jobs
