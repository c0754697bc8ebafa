// Sends the steps of sessions to a service: each after the end of the one before it and a wait, sub-agents beside them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "models/workload/arrival_process.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/request_source.hpp"
#include "sim/jobs/run_end.hpp"
#include "sim/jobs/sessions/session_stream.hpp"

namespace tokenworks::jobs {

struct SessionSourceSetup {
  std::unique_ptr<SessionStream> sessions;
  std::unique_ptr<workload::ArrivalProcess> starts;  ///< null: `concurrency` at once, a new one when one ends
  std::int64_t concurrency = 0;
  std::optional<std::int64_t> limit;  ///< sessions in all
  RandomEngine starts_random;
  std::int64_t content_space = 0;  ///< of the workload; from here on by session number where a plan has its own space
  Picoseconds window_start = 0;    ///< distributions leave out sessions that ended before
  Picoseconds until = 0;           ///< nothing is sent at or after it
  SenderTraits traits;
};

/// Rules of what can go wrong:
/// - A rejected step is left out: its session goes on, the next step at least a second later.
/// - A step that is lost with its replica, cancelled or timed out ends its session as failed: what runs of it ends, and
///   nothing more of it is sent.
/// - A session that has a step to send at `until` or later is cut off and counts as unfinished, as do those under way
///   when the run stops. In a closed loop it keeps its place.
/// A session is over when its last chain is; in a closed loop the next one starts at that date, a second later when its
/// last step was not answered.
std::unique_ptr<RequestSource> make_session_source(engine::Simulation& simulation, LlmService& service, RunEnd& run_end,
                                                   SessionSourceSetup setup, engine::Rank rank);

}  // namespace tokenworks::jobs
