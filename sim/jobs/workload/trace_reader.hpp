// Recorded requests, read one at a time from a file. One file a format in trace_readers/, listed in trace_formats.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "models/workload/arrival_process.hpp"
#include "sim/engine/time.hpp"

namespace tokenworks::jobs {

struct TraceRecord {
  Picoseconds date = 0;            ///< since the trace's first request; never falls
  std::int32_t input_tokens = 0;   ///< >= 1
  std::int32_t output_tokens = 0;  ///< >= 1
  std::int64_t session = 0;        ///< requests of one session have one number; 0: of none
};

class TraceReader {
 public:
  virtual ~TraceReader() = default;
  /// The next request; nothing at the end. Throws InputError.
  virtual std::optional<TraceRecord> next() = 0;
  /// Ids of the KV blocks of the last request's prompt, in order: equal leading ids are a shared prefix. They stand
  /// until the next call of next(). Empty in formats that have none, and unless PromptBlocks::keep was asked for.
  virtual std::span<const std::int64_t> prompt_blocks() const { return {}; }
  /// Tokens that each of these blocks has; the last may have fewer.
  virtual std::int64_t prompt_block_tokens() const { return 1; }
};

enum class PromptBlocks { skip, keep };

/// Opens a trace. `format` is one of workload::trace_format_names(). Throws InputError.
std::unique_ptr<TraceReader> open_trace(std::string_view format, const std::string& path,
                                        PromptBlocks blocks = PromptBlocks::skip);

/// Reads the first `requests` of a trace, to find a wrong path or format before a run. Throws InputError.
void check_trace(const workload::TraceFile& trace, std::int64_t requests = 1000);

}  // namespace tokenworks::jobs
