// A file of recorded sessions, to be asked again. Readers are in sim/jobs/workload/trace_readers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "models/workload/session_starts.hpp"

namespace tokenworks::workload {

/// `kv_cache_tester`.
std::span<const std::string_view> session_trace_format_names();

struct SessionFile {
  std::string format;
  std::string path;
  double think_time_scale = 1.0;
  std::optional<double> longest_gap_s;  ///< recorded waits are cut to this, before they are scaled
  bool loop = false;                    ///< begin again with the first session after the last
};

struct SessionTrace {
  SessionStarts starts;
  SessionFile file;
};

}  // namespace tokenworks::workload
