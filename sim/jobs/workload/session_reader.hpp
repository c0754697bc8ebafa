// Recorded sessions of agents, read one at a time from a file. One file a format in trace_readers/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "models/workload/session_plan.hpp"

namespace tokenworks::jobs {

class SessionReader {
 public:
  virtual ~SessionReader() = default;
  /// The next session, with waits as recorded; nothing at the end. Throws InputError.
  virtual std::optional<workload::SessionPlan> next() = 0;
};

/// Opens a file of sessions. `format` is one of workload::session_trace_format_names(). Throws InputError.
std::unique_ptr<SessionReader> open_session_trace(std::string_view format, const std::string& path);

}  // namespace tokenworks::jobs
