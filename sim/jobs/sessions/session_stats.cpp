#include "sim/jobs/sessions/session_stats.hpp"

#include <cmath>

namespace tokenworks::jobs {
namespace {

/// The summary of a histogram whose values are no durations: `unit` is what one picosecond stands for.
std::optional<metrics::LatencySummary> summary_in(const metrics::LatencyHistogram& histogram, double unit) {
  std::optional<metrics::LatencySummary> summary = histogram.summary();
  if (!summary) return summary;
  for (double* value : {&summary->mean, &summary->p50, &summary->p90, &summary->p95, &summary->p99, &summary->max}) {
    // To a thousandth, so that a count of 61 is not told as 60.99999999999999.
    *value = std::round(*value * static_cast<double>(kPicosecondsPerSecond) * 1e3) / 1e3 * unit;
  }
  return summary;
}

}  // namespace

void SessionStats::step_ended(const EndedRequest& request, bool of_sub_agent) {
  ++counts_.steps;
  if (of_sub_agent) ++counts_.sub_agent_steps;
  if (request.ending == Ending::rejected) ++counts_.rejected_steps;
  if (request.ending == Ending::completed) {
    counts_.input_tokens += request.input_tokens;
    counts_.cached_input_tokens += request.cached_tokens;
    counts_.output_tokens += request.generated_tokens;
  }
}

void SessionStats::completed(const SessionSums& sums, Picoseconds started, Picoseconds now) {
  ++counts_.completed;
  if (now < window_start_) return;
  time_.add(now - started);
  llm_time_.add(sums.llm_time);
  wait_time_.add(sums.wait_time);
  steps_.add(sums.steps);
  tokens_.add(sums.input_tokens + sums.output_tokens);
}

metrics::SessionResult SessionStats::report() const {
  metrics::SessionResult result = counts_;
  result.unfinished = counts_.started - counts_.completed - counts_.failed;
  result.time_s = time_.summary();
  result.llm_time_s = llm_time_.summary();
  result.wait_time_s = wait_time_.summary();
  result.steps_per_session = summary_in(steps_, 1.0);
  result.tokens_per_session = summary_in(tokens_, 1.0);
  return result;
}

}  // namespace tokenworks::jobs
