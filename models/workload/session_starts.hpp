// When sessions start: at the dates of an open process, or so many at once and a new one whenever one ends.
#pragma once

#include <cstdint>
#include <optional>

#include "models/workload/arrival_process.hpp"

namespace tokenworks::workload {

/// Those arrival processes that are open: `poisson`, `gamma`, `diurnal`. Their rates count sessions.
Options<ArrivalOption> session_process_options();

struct SessionProcess : Choice<ArrivalOption> {
  SessionProcess() : Choice(session_process_options()) {}
};

/// Exactly one of `process` and `concurrency` is there (sim/scenario/check_sessions).
struct SessionStarts {
  std::optional<SessionProcess> process;
  std::optional<std::int64_t> concurrency;
  std::optional<std::int64_t> limit;  ///< sessions in all
  void visit(FieldVisitor& v);
  /// `factor` times as many sessions: of a closed loop rounded, to 1 at least.
  void scale_rate(double factor);
};

}  // namespace tokenworks::workload
