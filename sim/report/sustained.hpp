// Whether a factory could go on for ever as it did in a run: promises are kept, and no backlog grows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/metrics/run_result.hpp"

namespace tokenworks::report {

struct SustainedCriterion {
  double attainment = 0.99;    ///< share of a service's requests that keep all its promises, at least
  double window_from_s = 0.0;  ///< of the run: requests that arrive in it are judged
  double window_to_s = 0.0;
};

/// What speaks against a run. Shares are of the window's requests.
struct Shortfall {
  std::string service;  ///< empty: all of them
  /// "ttft_s", "tpot_s": this promise was broken. "promises": each by itself was kept often enough, all together not.
  /// "answered": requests were rejected, failed, timed out or did not end. "backlog": more requests stay than leave.
  /// "throughput": a service without promises does not complete what arrives. "arrivals": nothing arrived.
  std::string what;
  double share = 0.0;                       ///< that went well
  double wanted_share = 0.0;                ///< at least
  std::optional<double> promised_s, p99_s;  ///< of ttft_s and tpot_s
};

struct Sustained {
  bool kept = true;    ///< every service with promises kept them, every other one completed what arrived
  bool stable = true;  ///< no service's backlog grew
  std::vector<Shortfall> shortfalls;
  explicit operator bool() const { return kept && stable; }
};

/// Judges a run that was not interrupted. Requests that had not ended when it ended have not kept their promises. The
/// backlog is read from the series, whose rows must be much shorter than the window; with fewer than six inside it, it
/// is not judged.
Sustained judge_sustained(const metrics::RunResult& result, const SustainedCriterion& criterion);

/// Whether the backlog of a service stays within what chance moves, over its window; nothing where that is too short to
/// tell.
std::optional<bool> is_stable(const metrics::RunResult& result, const metrics::ServiceResult& service);

/// What the first in the queue waits for most, where somebody waits a twentieth of the time; "admission" where requests
/// are turned away.
std::optional<std::string> limit_of(const metrics::ServiceResult& service);

/// Share of the requests that arrived in the window and kept all promises; nothing without promises or requests.
std::optional<double> attainment(const metrics::ServiceResult& service);
/// Requests of a service that arrived in the window, without those that it sent on to another one.
std::int64_t window_arrivals(const metrics::ServiceResult& service);

/// "chat: 93.1 % of requests keep ttft_s 2 s (p99 3.1 s), 99 % are wanted"
std::string shortfall_words(const Shortfall& shortfall);

}  // namespace tokenworks::report
