// What sends requests to a service over time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "models/workload/arrival_process.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/run_end.hpp"
#include "sim/jobs/workload/length_source.hpp"
#include "sim/jobs/workload/request_stream.hpp"
#include "sim/metrics/run_result.hpp"

namespace tokenworks::jobs {

class RequestSource {
 public:
  virtual ~RequestSource() = default;
  /// Sets the first timer. To be called once, before the run.
  virtual void start() = 0;
  /// What became of its sessions, where it has them; names, energy and cost are left to the caller.
  virtual std::optional<metrics::SessionResult> sessions() const { return std::nullopt; }
};

/// Sends the requests of a stream at their dates, holding one at a time.
std::unique_ptr<RequestSource> make_open_source(engine::Simulation& simulation, LlmService& service, RunEnd& run_end,
                                                std::unique_ptr<RequestStream> stream, const SenderTraits& traits,
                                                engine::Rank rank);

/// Users in a closed loop: all start at once, each sends its next request a think time after the end of its last.
/// A user whose request did not complete waits at least a second, so that a refusing service is not asked without
/// pause. No request is sent at or after `until`.
std::unique_ptr<RequestSource> make_closed_loop_source(engine::Simulation& simulation, LlmService& service,
                                                       RunEnd& run_end, const workload::ClosedLoop& loop,
                                                       LengthSource lengths, Picoseconds until,
                                                       const SenderTraits& traits, engine::Rank rank);

}  // namespace tokenworks::jobs
