// What can never work in a workload of agents whose single values are all allowed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "models/workload/arrival_process.hpp"
#include "models/workload/length_distribution.hpp"
#include "sim/scenario/fault.hpp"

namespace tokenworks::scenario {

struct SessionCheck {
  std::string pointer;                         ///< of the workload's arrivals
  std::optional<std::int64_t> context_tokens;  ///< of the model that is asked; nothing when that is not known
  /// Draws on a table of lengths for the value at `pointer`; faults of the table are told by whoever made this.
  std::function<void(const std::string& pointer, const workload::LengthDistribution& lengths)> check_length;
};

/// Adds faults of arrivals of kind session_trace or agent_sessions; none of other kinds.
void check_sessions(const workload::ArrivalOption& arrivals, const SessionCheck& check, FaultList& faults);

}  // namespace tokenworks::scenario
