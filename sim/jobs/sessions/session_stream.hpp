// Sessions one after another, drawn or read: nothing is held but the next one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/workload/agent_sessions.hpp"
#include "models/workload/session_plan.hpp"
#include "models/workload/session_trace.hpp"

namespace tokenworks::jobs {

class SessionStream {
 public:
  virtual ~SessionStream() = default;
  /// The next session; nothing when there are no more. Throws InputError when a file is at fault.
  virtual std::optional<workload::SessionPlan> next() = 0;
};

/// The sessions of a file in its order, with waits as `file` says. Reads the first one at once, to find a wrong path
/// or format before the run. Throws InputError.
std::unique_ptr<SessionStream> make_recorded_sessions(const workload::SessionFile& file);

/// Sessions 1, 2, 3 ... of a planner.
std::unique_ptr<SessionStream> make_drawn_sessions(std::unique_ptr<workload::AgentSessionPlanner> planner,
                                                   std::uint64_t seed, std::string workload_name);

}  // namespace tokenworks::jobs
