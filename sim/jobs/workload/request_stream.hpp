// A stream of requests of an open workload, drawn or read one at a time: nothing is held but the next one.
#pragma once

#include <optional>

#include "sim/jobs/request.hpp"

namespace tokenworks::jobs {

class RequestStream {
 public:
  virtual ~RequestStream() = default;
  /// The next request, with arrival dates that never fall; nothing when the stream has ended.
  /// Throws InputError (file, line, what was found, what is allowed) when a trace is at fault.
  virtual std::optional<Request> next() = 0;
};

}  // namespace tokenworks::jobs
