// Requests of a recorded trace: a window of it, faster or slower than recorded, once or again and again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "models/workload/arrival_process.hpp"
#include "sim/jobs/workload/request_stream.hpp"
#include "sim/jobs/workload/trace_reader.hpp"

namespace tokenworks::jobs {

/// The file is read as the run goes on, and opened again for every loop.
///
/// The window's start falls on the run's start. A loop begins where the window ends; without `duration_s`, one mean gap
/// of the window's requests after the last of them, so that looping keeps the mean rate.
class TraceStream final : public RequestStream {
 public:
  /// Requests arrive before `until`. Throws InputError when the file cannot be opened or has the wrong header.
  /// `space` of what its prompts say; each loop says something new.
  TraceStream(workload::TraceFile trace, Picoseconds until, PromptBlocks blocks = PromptBlocks::skip,
              std::int64_t space = 0);

  /// Throws InputError for a fault of the file, and when no request lies in the window.
  std::optional<Request> next() override;

  /// Ids of the KV blocks of the last request's prompt; see TraceReader::prompt_blocks.
  std::span<const std::int64_t> prompt_blocks() const { return reader_->prompt_blocks(); }

 private:
  workload::Content content(std::int64_t tokens);
  std::optional<TraceRecord> next_in_window();
  void start_again();
  Picoseconds period() const;
  Picoseconds replayed(Picoseconds since_window_start) const;

  workload::TraceFile trace_;
  Picoseconds until_;
  PromptBlocks blocks_;
  std::int64_t space_;
  Picoseconds window_start_, window_end_;
  std::unique_ptr<TraceReader> reader_;
  std::vector<workload::ContentRun> runs_;  ///< of the last request's prompt
  bool ended_ = false;

  Picoseconds loop_start_ = 0;        ///< of this pass, in the run's time
  std::int64_t count_ = 0;            ///< requests of this pass
  Picoseconds first_ = 0, last_ = 0;  ///< their dates in the trace
};

}  // namespace tokenworks::jobs
