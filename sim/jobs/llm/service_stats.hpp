// What one service counts: requests by how they ended, tokens, latencies inside the window, and the series.
//
// All sums are whole numbers, so that neither the order of replicas nor the cutting of decode segments shows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/jobs/llm/decode_segment.hpp"
#include "sim/jobs/llm/in_flight.hpp"
#include "sim/jobs/request.hpp"
#include "sim/metrics/interval_series.hpp"
#include "sim/metrics/latency_histogram.hpp"
#include "sim/metrics/run_result.hpp"

namespace tokenworks::jobs {

/// Distributions and rates refer to [from, to): requests that arrive in it, tokens that come out in it.
struct Window {
  Picoseconds from = 0;
  Picoseconds to = kNever;
  bool holds(Picoseconds date) const { return date >= from && date < to; }
  /// Duration of the part of [begin, end) that lies in the window.
  Picoseconds overlap(Picoseconds begin, Picoseconds end) const {
    return std::max<Picoseconds>(0, std::min(end, to) - std::max(begin, from));
  }
};

/// What the service promises for each request; absent parts promise nothing.
struct Promise {
  std::optional<Picoseconds> ttft, tpot;
  bool any() const { return ttft || tpot; }
};

/// What one request did of what was promised.
struct Kept {
  bool late = false, slow = false;
};

/// What is counted apart for some of the requests: a class of service, a tenant.
struct GroupBook {
  metrics::RequestCounts counts;
  std::int64_t input_tokens = 0, output_tokens = 0;  ///< of requests that completed
  std::int64_t window_arrived = 0, window_completed = 0, judged = 0;
  metrics::PromiseResult promised;
  metrics::LatencyHistogram ttft, tpot, e2e;
};

class ServiceStats {
 public:
  /// `promises` by class of service; `lanes` of requests belong to a class and a tenant. With one class and one tenant
  /// nothing is counted apart.
  struct Setup {
    Window window;
    std::vector<Promise> promises{};
    std::vector<std::int32_t> class_of_lane{}, tenant_of_lane{};
    std::size_t tenants = 1;
    Picoseconds series_interval = 0;
  };
  explicit ServiceStats(Setup setup);

  void arrived(const InFlight& request, std::int32_t lane, Picoseconds now);
  void prompt_done(const InFlight& request, std::int64_t cached_tokens, Picoseconds now);
  /// The first token of all of a request.
  void first_token(const InFlight& request, Picoseconds now);
  /// A later token that did not come out of a decode step: the gap since the one before.
  void late_token(const InFlight& request, Picoseconds now);
  /// The first `steps` steps of a segment. `fresh` are members whose last token came at dates of their own; all others
  /// had theirs at `last_step_end`. `surplus` tokens of the last of these steps lie beyond the ends of their answers.
  void decoded(const DecodeSegment& segment, std::int64_t steps, Picoseconds last_step_end,
               std::span<const Picoseconds> fresh, std::int64_t surplus);
  void preempted() { ++preemptions_; }
  /// A request has ended, however; `reason` of a rejected one.
  void ended(const InFlight& request, std::int32_t lane, Ending ending, std::string_view reason, Picoseconds now);
  /// Of requests to which something is promised, whole run: those that ended other than by their client's will, and of
  /// these, those for which every promise was kept.
  struct Attained {
    std::int64_t judged = 0, kept = 0;
  };
  const Attained& attained() const { return attained_; }
  const std::vector<GroupBook>& classes() const { return classes_; }  ///< empty: there is one
  const std::vector<GroupBook>& tenants() const { return tenants_; }  ///< likewise
  void waiting_changed(std::int64_t delta, Picoseconds now) { waiting_.change(delta, now); }
  void kv_used(std::int64_t blocks) { kv_peak_blocks_ = std::max(kv_peak_blocks_, blocks); }
  std::int64_t kv_peak_blocks() const { return kv_peak_blocks_; }

  /// Settles levels up to `end` (the end of the run).
  void finish(Picoseconds end);
  std::int64_t in_system() const { return in_system_.level(); }
  /// Decode steps, each counted for every sequence in it, and the tokens that one of these yielded on average.
  std::int64_t sequence_steps() const { return sequence_steps_; }
  std::optional<double> tokens_per_sequence_step() const;
  /// Fills counts, tokens, distributions and rates. The window ends at the run's end when that is earlier.
  void report(metrics::ServiceResult& result, Picoseconds end) const;

  const metrics::IntervalSums& arrivals_series() const { return arrivals_series_; }
  const metrics::IntervalSums& output_tokens_series() const { return output_tokens_series_; }
  const metrics::LevelSeries& in_system_series() const { return in_system_; }
  const metrics::LevelSeries& waiting_series() const { return waiting_; }

 private:
  struct StepRange {
    std::int64_t first = 0, last = 0;  ///< steps first + 1 .. last, counted from 1
  };
  /// Of the first `steps` steps, those that end in the window.
  StepRange in_window(const DecodeSegment& segment, std::int64_t steps) const;
  void count_tokens(const DecodeSegment& segment, std::int64_t steps, StepRange window, std::int64_t surplus);
  void count_gaps(const DecodeSegment& segment, StepRange window, Picoseconds last_step_end,
                  std::span<const Picoseconds> fresh);
  void count_step_durations(const DecodeSegment& segment, StepRange range);
  void gap(Picoseconds from, Picoseconds to, std::int64_t weight);
  void settle_in_system(Picoseconds now);  ///< before its level changes
  template <class Note>
  void in_groups(std::int32_t lane, const Note& note);

  Setup setup_;
  Window window_;
  bool promises_anything_ = false;
  std::vector<GroupBook> classes_, tenants_;
  metrics::RequestCounts counts_;
  metrics::RejectionReasons reasons_;
  std::int64_t input_tokens_ = 0, cached_tokens_ = 0, output_tokens_ = 0;
  std::int64_t completed_input_tokens_ = 0, completed_output_tokens_ = 0;
  std::int64_t window_input_tokens_ = 0, window_output_tokens_ = 0, window_completed_ = 0;
  std::int64_t window_sent_on_ = 0;
  std::int64_t judged_ = 0;          // requests of the window that have ended
  metrics::PromiseResult promised_;  // and how they fared
  Attained attained_;
  struct Arrivals {
    std::int64_t in_window = 0;
    Picoseconds last = 0;
  };
  std::vector<Arrivals> arrivals_;                        // by owner
  std::int64_t decoded_tokens_ = 0, sequence_steps_ = 0;  // of decode steps; in a step each sequence counts
  std::int64_t preemptions_ = 0;
  std::int64_t kv_peak_blocks_ = 0;  // of one replica
  metrics::LatencyHistogram ttft_, tpot_, itl_, e2e_;
  metrics::IntervalSums arrivals_series_, output_tokens_series_;
  metrics::LevelSeries in_system_, waiting_;
  __extension__ __int128 in_system_in_window_ = 0;  // requests times picoseconds
  Picoseconds in_system_since_ = 0;
};

}  // namespace tokenworks::jobs
