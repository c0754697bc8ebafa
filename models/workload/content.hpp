// What a prompt says, as far as caches and routers care: which leading tokens it shares with other prompts. Content is
// named, not stored: `unit_tokens` tokens at a time have an id, and consecutive ids are kept as a run. Two prompts
// share their leading tokens as far as their ids agree.
#pragma once

#include <cstdint>
#include <span>

namespace tokenworks::workload {

/// Units with the ids first, first + 1, ... first + units - 1.
struct ContentRun {
  std::int64_t first = 0;
  std::int64_t units = 0;
  bool operator==(const ContentRun&) const = default;
};

/// Content of a prompt and, where it is known beforehand (sessions whose next prompt repeats it), of its answer. It
/// covers `tokens` tokens; the last unit may be partial.
///
/// Ids mean something within a `space`: prompts of different spaces share nothing, unless sources agree on one.
struct Content {
  std::span<const ContentRun> runs{};  ///< empty: nothing is shared with anybody
  std::int64_t unit_tokens = 1;
  std::int64_t tokens = 0;
  std::int64_t space = 0;
  bool empty() const { return runs.empty(); }
};

}  // namespace tokenworks::workload
