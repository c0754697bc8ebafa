#include "sim/jobs/llm/service_stats.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tokenworks::jobs {
namespace {

Kept compare(const InFlight& request, const Promise& promise, Picoseconds now) {
  Kept kept;
  kept.late = promise.ttft && request.first_token - request.arrival > *promise.ttft;
  // As a product, so that the comparison is exact.
  kept.slow = promise.tpot && request.output_tokens > 1 &&
              now - request.first_token > *promise.tpot * (request.output_tokens - 1);
  return kept;
}

void note(metrics::PromiseResult& promised, const Kept& kept) {
  ++promised.completed;
  if (kept.late) ++promised.late_first_token;
  if (kept.slow) ++promised.slow_tokens;
  if (!kept.late && !kept.slow) ++promised.kept;
}

void say_limits(metrics::PromiseResult& promised, const Promise& promise) {
  if (promise.ttft) promised.ttft_s = static_cast<double>(*promise.ttft) / 1e12;  // as it was written
  if (promise.tpot) promised.tpot_s = static_cast<double>(*promise.tpot) / 1e12;
}

metrics::GroupResult group_result(const GroupBook& book, const Promise* promise, double window_s) {
  metrics::GroupResult result;
  result.requests = book.counts;
  const metrics::RequestCounts& counts = book.counts;
  result.requests.unfinished = counts.arrived - counts.completed - counts.rejected - counts.failed - counts.cancelled -
                               counts.timed_out - counts.sent_on;
  result.input_tokens = book.input_tokens;
  result.output_tokens = book.output_tokens;
  result.window_arrived = book.window_arrived;
  result.ttft_s = book.ttft.summary();
  result.tpot_s = book.tpot.summary();
  result.e2e_s = book.e2e.summary();
  if (promise == nullptr || !promise->any()) return result;
  result.promises = book.promised;
  say_limits(*result.promises, *promise);
  if (book.judged > 0) {
    result.slo_attainment = static_cast<double>(book.promised.kept) / static_cast<double>(book.judged);
  }
  if (window_s > 0) result.goodput_requests_per_s = static_cast<double>(book.promised.kept) / window_s;
  return result;
}

}  // namespace

ServiceStats::ServiceStats(Setup setup)
    : setup_(std::move(setup)),
      window_(setup_.window),
      arrivals_series_(setup_.series_interval),
      output_tokens_series_(setup_.series_interval),
      in_system_(setup_.series_interval),
      waiting_(setup_.series_interval) {
  for (const Promise& promise : setup_.promises) promises_anything_ = promises_anything_ || promise.any();
  if (setup_.promises.size() > 1) classes_.resize(setup_.promises.size());
  if (setup_.tenants > 1) tenants_.resize(setup_.tenants);
}

template <class Note>
void ServiceStats::in_groups(std::int32_t lane, const Note& note) {
  const auto at = static_cast<std::size_t>(lane);
  if (!classes_.empty()) note(classes_[static_cast<std::size_t>(setup_.class_of_lane[at])]);
  if (!tenants_.empty()) note(tenants_[static_cast<std::size_t>(setup_.tenant_of_lane[at])]);
}

void ServiceStats::arrived(const InFlight& request, std::int32_t lane, Picoseconds now) {
  ++counts_.arrived;
  const bool in_window = window_.holds(request.arrival);
  in_groups(lane, [in_window](GroupBook& book) {
    ++book.counts.arrived;
    if (in_window) ++book.window_arrived;
  });
  arrivals_series_.add(request.arrival, 1);
  const auto owner = static_cast<std::size_t>(request.owner);
  if (owner >= arrivals_.size()) arrivals_.resize(owner + 1);
  if (in_window) ++arrivals_[owner].in_window;
  arrivals_[owner].last = std::max(arrivals_[owner].last, request.arrival);
  in_system_in_window_ += window_.overlap(request.arrival, now);  // on its way to the engine
  settle_in_system(now);
  in_system_.change(+1, now);
}

void ServiceStats::settle_in_system(Picoseconds now) {
  in_system_in_window_ +=
      static_cast<metrics::IntervalSums::Sum>(in_system_.level()) * window_.overlap(in_system_since_, now);
  in_system_since_ = now;
}

void ServiceStats::prompt_done(const InFlight& request, std::int64_t cached_tokens, Picoseconds now) {
  input_tokens_ += request.input_tokens;
  cached_tokens_ += cached_tokens;
  if (window_.holds(now)) window_input_tokens_ += request.input_tokens;
}

void ServiceStats::first_token(const InFlight& request, Picoseconds now) {
  ++output_tokens_;
  output_tokens_series_.add(now, 1);
  if (window_.holds(now)) ++window_output_tokens_;
  if (window_.holds(request.arrival)) ttft_.add(now - request.arrival);
}

void ServiceStats::late_token(const InFlight& request, Picoseconds now) {
  ++output_tokens_;
  output_tokens_series_.add(now, 1);
  if (window_.holds(now)) ++window_output_tokens_;
  gap(request.last_token, now, 1);
}

void ServiceStats::gap(Picoseconds from, Picoseconds to, std::int64_t weight) {
  if (weight > 0 && window_.holds(to)) itl_.add(to - from, weight);
}

void ServiceStats::decoded(const DecodeSegment& segment, std::int64_t steps, Picoseconds last_step_end,
                           std::span<const Picoseconds> fresh, std::int64_t surplus) {
  if (steps == 0) return;
  const StepRange window = in_window(segment, steps);
  count_tokens(segment, steps, window, surplus);
  count_gaps(segment, window, last_step_end, fresh);
}

ServiceStats::StepRange ServiceStats::in_window(const DecodeSegment& segment, std::int64_t steps) const {
  StepRange range;
  range.first = window_.from == 0 ? 0 : std::min(steps, segment.steps_ended_by(window_.from - 1));
  range.last =
      segment.end_of_step(steps) < window_.to ? steps : std::min(steps, segment.steps_ended_by(window_.to - 1));
  return range;
}

void ServiceStats::count_tokens(const DecodeSegment& segment, std::int64_t steps, StepRange window,
                                std::int64_t surplus) {
  const std::int64_t tokens = segment.tokens(steps) * segment.sequences - surplus;
  output_tokens_ += tokens;
  decoded_tokens_ += tokens;
  sequence_steps_ += steps * segment.sequences;
  if (window.last > window.first) {
    std::int64_t in_window = (segment.tokens(window.last) - segment.tokens(window.first)) * segment.sequences;
    if (window.last == steps) in_window -= surplus;
    window_output_tokens_ += in_window;
    // Tokens of one step come out together: between them lies no time.
    itl_.add(0, in_window - (window.last - window.first) * segment.sequences);
  }

  std::int64_t counted = 0;
  const Picoseconds end = segment.end_of_step(steps);
  Picoseconds date = segment.end_of_step(1);
  while (counted < steps) {
    const Picoseconds border = output_tokens_series_.end_of_interval(date);
    const std::int64_t until = end < border ? steps : std::min(steps, segment.steps_ended_by(border - 1));
    const std::int64_t in_interval = (segment.tokens(until) - segment.tokens(counted)) * segment.sequences;
    output_tokens_series_.add(date, until == steps ? in_interval - surplus : in_interval);
    counted = until;
    if (counted < steps) date = segment.end_of_step(counted + 1);
  }
}

void ServiceStats::count_gaps(const DecodeSegment& segment, StepRange window, Picoseconds last_step_end,
                              std::span<const Picoseconds> fresh) {
  // The first step closes gaps that opened at different dates; the gaps of all others are the steps' own durations.
  if (!fresh.empty() || last_step_end != segment.start) {
    const Picoseconds end = segment.end_of_step(1);
    for (const Picoseconds date : fresh) gap(date, end, 1);
    gap(last_step_end, end, segment.sequences - static_cast<std::int64_t>(fresh.size()));
    window.first = std::max<std::int64_t>(1, window.first);
  }
  count_step_durations(segment, window);
}

void ServiceStats::count_step_durations(const DecodeSegment& segment, StepRange range) {
  const std::int64_t count = range.last - range.first;
  if (count <= 0) return;
  if (segment.pattern == nullptr) {
    itl_.add_progression(segment.first + range.first * segment.growth, segment.growth, count, segment.sequences);
    return;
  }
  // Steps a period of the pattern apart grow evenly.
  const std::int64_t period = segment.pattern->steps_of_period();
  for (std::int64_t step = 0; step < std::min(count, period); ++step) {
    const Picoseconds duration = segment.first + segment.growth * segment.tokens(range.first + step);
    itl_.add_progression(duration, segment.growth * segment.pattern->tokens_of_period(),
                         (count - step + period - 1) / period, segment.sequences);
  }
}

void ServiceStats::ended(const InFlight& request, std::int32_t lane, Ending ending, std::string_view reason,
                         Picoseconds now) {
  const auto count = [ending](metrics::RequestCounts& counts) {
    switch (ending) {
      case Ending::completed:
        ++counts.completed;
        break;
      case Ending::rejected:
        ++counts.rejected;
        break;
      case Ending::failed:
        ++counts.failed;
        break;
      case Ending::cancelled:
        ++counts.cancelled;
        break;
      case Ending::timed_out:
        ++counts.timed_out;
        break;
      case Ending::sent_on:
        ++counts.sent_on;
        break;
      case Ending::unfinished:
        break;
    }
  };
  count(counts_);
  if (ending == Ending::rejected) ++reasons_[std::string(reason)];
  const bool completed = ending == Ending::completed;
  const bool arrived_in_window = window_.holds(request.arrival);
  const bool ended_in_window = window_.holds(now);
  // A client that leaves by its own will is no promise that was broken; one sent on is judged where it ends.
  const bool is_judged = arrived_in_window && ending != Ending::cancelled && ending != Ending::sent_on;
  Kept kept;
  if (completed) {
    completed_input_tokens_ += request.input_tokens;
    completed_output_tokens_ += request.output_tokens;
    if (ended_in_window) ++window_completed_;
  }
  const Promise& promise =
      setup_.promises[static_cast<std::size_t>(setup_.class_of_lane[static_cast<std::size_t>(lane)])];
  if (promise.any() && ending != Ending::cancelled) {
    ++attained_.judged;
    const Kept now_kept = completed ? compare(request, promise, now) : Kept{.late = true};
    if (!now_kept.late && !now_kept.slow) ++attained_.kept;
  }
  const bool has_tpot = request.output_tokens > 1;
  const Picoseconds tpot = completed && has_tpot ? (now - request.first_token) / (request.output_tokens - 1) : 0;
  if (completed && arrived_in_window) {
    e2e_.add(now - request.arrival);
    if (has_tpot) tpot_.add(tpot);
    kept = compare(request, promise, now);
    note(promised_, kept);
  }
  if (is_judged) ++judged_;
  const bool went_on = arrived_in_window && ending == Ending::sent_on;
  if (went_on) ++window_sent_on_;
  in_groups(lane, [&](GroupBook& book) {
    count(book.counts);
    if (is_judged) ++book.judged;
    if (went_on) --book.window_arrived;
    if (!completed) return;
    book.input_tokens += request.input_tokens;
    book.output_tokens += request.output_tokens;
    if (ended_in_window) ++book.window_completed;
    if (!arrived_in_window) return;
    note(book.promised, kept);
    book.ttft.add(request.first_token - request.arrival);
    book.e2e.add(now - request.arrival);
    if (has_tpot) book.tpot.add(tpot);
  });
  settle_in_system(now);
  in_system_.change(-1, now);
}

void ServiceStats::finish(Picoseconds end) {
  settle_in_system(end);
  in_system_.settle(end);
  waiting_.settle(end);
}

std::optional<double> ServiceStats::tokens_per_sequence_step() const {
  if (sequence_steps_ == 0) return std::nullopt;
  return static_cast<double>(decoded_tokens_) / static_cast<double>(sequence_steps_);
}

void ServiceStats::report(metrics::ServiceResult& result, Picoseconds end) const {
  result.requests = counts_;
  result.requests.unfinished = in_system_.level();
  result.rejections = reasons_;
  result.input_tokens = input_tokens_;
  result.cached_input_tokens = cached_tokens_;
  result.output_tokens = output_tokens_;
  result.completed_input_tokens = completed_input_tokens_;
  result.completed_output_tokens = completed_output_tokens_;
  const double window_s = to_seconds(std::max<Picoseconds>(0, std::min(end, window_.to) - window_.from));
  result.window_from_s = to_seconds(window_.from);
  result.window_s = window_s;
  result.window_input_tokens = window_input_tokens_;
  result.window_output_tokens = window_output_tokens_;
  result.window_completed = window_completed_;
  result.window_sent_on = window_sent_on_;
  result.ttft_s = ttft_.summary();
  result.tpot_s = tpot_.summary();
  result.itl_s = itl_.summary();
  result.e2e_s = e2e_.summary();
  for (const Arrivals& workload : arrivals_) result.arrivals.push_back({workload.in_window, to_seconds(workload.last)});
  if (promises_anything_) {
    result.promises = promised_;
    if (setup_.promises.size() == 1) say_limits(*result.promises, setup_.promises.front());
  }
  if (promises_anything_ && judged_ > 0) {
    result.slo_attainment = static_cast<double>(promised_.kept) / static_cast<double>(judged_);
    if (window_s > 0) result.goodput_requests_per_s = static_cast<double>(promised_.kept) / window_s;
  }
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    result.classes.push_back(group_result(classes_[i], &setup_.promises[i], window_s));
  }
  for (const GroupBook& tenant : tenants_) result.tenants.push_back(group_result(tenant, nullptr, window_s));
  result.preemptions = preemptions_;
  if (window_s > 0) result.mean_requests_in_system = static_cast<double>(in_system_in_window_) * 1e-12 / window_s;
}

}  // namespace tokenworks::jobs
