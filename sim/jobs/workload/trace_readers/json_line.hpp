// A request as one JSON object on a line, read as a stream of events: nothing of the line is stored but what is asked.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/jobs/workload/trace_readers/line_trace.hpp"

namespace tokenworks::jobs {

/// The keys of a format.
struct JsonLineKeys {
  std::string_view date;
  int picosecond_exponent;  ///< 12 when the date is in seconds, 9 when it is in milliseconds
  std::string_view input_tokens;
  std::string_view output_tokens;
  std::string_view prompt_blocks;   ///< a list of whole numbers; empty when the format has none
  std::string_view block_tokens{};  ///< tokens of each such block; empty when the format does not say
  std::string_view session{};       ///< a whole number that requests of one session share; empty when there are none
  bool others_allowed = false;      ///< other keys are skipped; otherwise they are faults
};

/// Parses `line`. The ids under keys.prompt_blocks are checked, and stored in `blocks` unless that is null.
/// Where the format says their length, blocks without one are a fault.
RawRecord parse_json_line(const TextLines& lines, std::string_view line, const JsonLineKeys& keys,
                          std::vector<std::int64_t>* blocks);

}  // namespace tokenworks::jobs
