#include "sim/jobs/workload/trace_stream.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "sim/jobs/workload/input_error.hpp"

namespace tokenworks::jobs {
namespace {

/// a + b for dates and durations, not beyond kNever.
Picoseconds saturating_sum(Picoseconds a, Picoseconds b) { return a > kNever - b ? kNever : a + b; }

}  // namespace

TraceStream::TraceStream(workload::TraceFile trace, Picoseconds until, PromptBlocks blocks, std::int64_t space)
    : trace_(std::move(trace)),
      until_(until),
      blocks_(blocks),
      space_(space),
      window_start_(to_picoseconds(trace_.start_s)),
      window_end_(trace_.duration_s ? saturating_sum(window_start_, to_picoseconds(*trace_.duration_s)) : kNever),
      reader_(open_trace(trace_.format, trace_.path, blocks_)) {}

std::optional<Request> TraceStream::next() {
  while (!ended_) {
    if (const std::optional<TraceRecord> record = next_in_window()) {
      const Picoseconds arrival = saturating_sum(loop_start_, replayed(record->date - window_start_));
      if (arrival < until_) {
        return Request{.arrival = arrival,
                       .input_tokens = record->input_tokens,
                       .output_tokens = record->output_tokens,
                       .session = record->session,
                       .content = content(record->input_tokens)};
      }
      ended_ = true;
    } else if (trace_.loop) {
      start_again();
    } else {
      ended_ = true;
    }
  }
  return std::nullopt;
}

/// Ids of blocks as runs of consecutive ones.
workload::Content TraceStream::content(std::int64_t tokens) {
  const std::span<const std::int64_t> blocks = reader_->prompt_blocks();
  if (blocks.empty()) return {};
  runs_.clear();
  for (const std::int64_t id : blocks) {
    if (!runs_.empty() && runs_.back().first + runs_.back().units == id) {
      ++runs_.back().units;
    } else {
      runs_.push_back({id, 1});
    }
  }
  return {runs_, reader_->prompt_block_tokens(), tokens, space_};
}

std::optional<TraceRecord> TraceStream::next_in_window() {
  Picoseconds trace_end = 0;
  while (const std::optional<TraceRecord> record = reader_->next()) {
    trace_end = record->date;
    if (record->date < window_start_) continue;
    if (record->date >= window_end_) break;
    if (count_++ == 0) first_ = record->date;
    last_ = record->date;
    return record;
  }
  if (count_ == 0) {
    throw InputError(
        trace_.path, 0,
        fmt::format("holds no request in the window from start_s {}{} (dates were read up to {} s)", trace_.start_s,
                    trace_.duration_s ? fmt::format(" of duration_s {}", *trace_.duration_s) : "",
                    to_seconds(trace_end)));
  }
  return std::nullopt;
}

void TraceStream::start_again() {
  const Picoseconds duration = replayed(period());
  if (duration == 0)
    throw InputError(trace_.path, 0, fmt::format("cannot loop: at rate_scale {} it takes no time", trace_.rate_scale));
  loop_start_ = saturating_sum(loop_start_, duration);
  ++space_;
  ended_ = loop_start_ >= until_;
  if (ended_) return;
  count_ = 0;
  reader_ = open_trace(trace_.format, trace_.path, blocks_);
}

Picoseconds TraceStream::period() const {
  if (trace_.duration_s) return window_end_ - window_start_;
  const Picoseconds mean_gap = count_ > 1 ? (last_ - first_) / (count_ - 1) : 0;
  if (mean_gap == 0) {
    throw InputError(trace_.path, 0,
                     "cannot loop: its requests have one date only; duration_s must say how long a loop is");
  }
  return last_ - window_start_ + mean_gap;
}

Picoseconds TraceStream::replayed(Picoseconds since_window_start) const {
  if (trace_.rate_scale == 1.0) return since_window_start;  // exactly as recorded
  const double scaled = static_cast<double>(since_window_start) / trace_.rate_scale;
  return scaled < static_cast<double>(kNever) ? std::llround(scaled) : kNever;
}

}  // namespace tokenworks::jobs
