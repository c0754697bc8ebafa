// The steps of a replica: what they cost, and what has come out when they end.
#include <algorithm>

#include "sim/jobs/llm/kv_handover.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

std::int64_t Replica::knot_above(std::int64_t tokens) {
  std::int64_t octave = 4;
  while (2 * octave <= tokens) octave *= 2;
  for (std::int64_t quarter = 5; quarter <= 8; ++quarter) {
    const std::int64_t knot = octave * quarter / 4;
    if (knot > tokens) return knot;
  }
  return 2 * octave + octave / 2;
}

// ---- Steps with prompts -------------------------------------------------------------------------------------------

void Replica::start_prompt_step(bool with_decodes) {
  with_decodes_ = with_decodes;
  service_.prompt_chunks_.clear();
  StepContents contents;
  add_contents(contents);
  llm::StepPart total;
  at_best_clock(prompt_guess_, [&] {
    contents.attention = chunks_attention();
    total = even_part(contents);
    return wait_for_host(total);
  });
  service_.bubble_time_ += contents.bubble;
  begin_prompt_step(total);
}

Replica::StepContents& Replica::StepContents::operator+=(const StepContents& other) {
  prompt_tokens += other.prompt_tokens;
  chunks += other.chunks;
  finishing += other.finishing;
  decodes += other.decodes;
  adapters = std::max(adapters, other.adapters);
  loading = std::max(loading, other.loading);
  attention += other.attention;
  load.full_tokens += other.load.full_tokens;
  load.window_tokens += other.load.window_tokens;
  return *this;
}

/// Adds what the step that has been formed holds of the copy, but for the attention of its prompts.
void Replica::add_contents(StepContents& contents) {
  for (const Chunk& chunk : chunks_) {
    contents.prompt_tokens += chunk.end - chunk.start;
    if (chunk.end == service_.pool_[chunk.request].prompt_target()) ++contents.finishing;
    if (costs_->bubble() != nullptr) service_.prompt_chunks_.push_back({chunk.start, chunk.end});
  }
  contents.chunks += std::ssize(chunks_);
  if (has_adapters()) {
    contents.adapters = std::max(contents.adapters, adapters_in_step(with_decodes_));
    contents.loading = std::max(contents.loading, std::exchange(loading_, 0));
  }
  if (!with_decodes_) return;
  const ContextLoad load = batch_->load();
  contents.decodes += batch_->size();
  contents.load.full_tokens += load.full_tokens;
  contents.load.window_tokens += load.window_tokens;
}

/// Of the prompts that the copy computes in the step that has been formed.
llm::StepPart Replica::chunks_attention() const {
  const llm::StepModel& model = costs_->steps();
  const llm::SpeculationModel* speculation = costs_->speculation();
  llm::StepPart sum;
  for (const Chunk& chunk : chunks_) {
    sum += model.prompt_attention(chunk.start, chunk.end);
    if (speculation != nullptr) sum += speculation->prompt_attention(chunk.start, chunk.end);
  }
  return sum;
}

/// What a step with prompts takes when copies of the attention and stages of a pipeline share it evenly.
llm::StepPart Replica::even_part(StepContents& contents) {
  llm::StepModel& model = costs_->steps();
  llm::SpeculationModel* speculation = costs_->speculation();
  const std::int64_t decodes = contents.decodes;
  const std::int64_t tokens = contents.prompt_tokens + model_->decode_tokens(decodes);
  llm::StepPart total = contents.attention;
  total += model.prompt_launch();
  total += model.tokens(tokens);
  total += model.head(model_->decode_tokens(decodes) + contents.finishing);
  total += model.host(decodes + contents.chunks);
  if (speculation != nullptr) {
    total += speculation->prompt_launch();
    total += speculation->drafting(tokens, decodes + contents.finishing);
  }
  if (decodes > 0) {
    const ContextLoad& load = contents.load;
    const llm::DecodeAttention& attention = costs_->decode_attention(decodes, load.full_tokens);
    const Picoseconds reading =
        attention.ps_per_full_token * load.full_tokens + attention.ps_per_window_token * load.window_tokens;
    total += attention.fixed;
    total += llm::StepPart{reading, to_seconds(reading) * attention.gpu_power_w};
  }
  if (has_adapters()) total += adapters_part(contents);
  if (costs_->bubble() != nullptr) {
    const llm::StepPart bubble = costs_->bubble()->of(service_.prompt_chunks_, model_->decode_tokens(decodes));
    contents.bubble = bubble.duration_ps;
    total += bubble;
  }
  return total;
}

/// Adds what a step with prompts waits for the host between kernels; the watts of one GPU in all of it.
double Replica::wait_for_host(llm::StepPart& total) const {
  if (total.duration_ps < model_->eager_step()) {
    const Picoseconds waiting = model_->eager_step() - total.duration_ps;
    total += llm::StepPart{waiting, to_seconds(waiting) * model_->waiting_gpu_power_w()};
  }
  return total.gpu_energy_j / to_seconds(total.duration_ps);
}

void Replica::begin_prompt_step(const llm::StepPart& total) {
  state_ = State::prompt_step;
  if (pool_.role == PoolRole::prefill) send_layers();
  composition_changed_ = true;
  step_start_ = service_.simulation_.now();
  const Picoseconds duration = total.duration_ps + note_sending(total.fabric_ps);
  set_gpu_power(total.gpu_energy_j / to_seconds(total.duration_ps));
  send_at_mean_rate(total.fabric_bytes, to_seconds(duration));
  note_blocks();
  service_.simulation_.set_timer(timer_, step_start_ + duration - begin_sending(total.fabric_ps, total.fabric_bytes));
  note_soon_needed();
}

void Replica::finish_prompt_step() {
  const Picoseconds now = service_.simulation_.now();
  note_prompt_time(now - step_start_);
  count_sending(1);
  if (has_copies()) {
    ++steps_made_;
    decode_copies(single_step(step_start_), 1);
    each_copy([this] { finish_chunks(); });
    return;
  }
  if (with_decodes_) after_decode_steps(single_step(step_start_), 1);
  finish_chunks();
}

/// The decodes of a step with prompts that began at `start` and ends now.
DecodeSegment Replica::single_step(Picoseconds start) const {
  return {.start = start,
          .first = service_.simulation_.now() - start,
          .growth = 0,
          .steps = 1,
          .sequences = batch_->size(),
          .start_step = batch_->steps(),
          .pattern = model_->pattern()};
}

void Replica::finish_chunks() {
  for (const Chunk& chunk : chunks_) finish_chunk(chunk);
  std::erase(prompts_, kNoRequest);
}

void Replica::finish_chunk(const Chunk& chunk) {
  InFlight& request = service_.pool_[chunk.request];
  request.prompt_done = chunk.end;
  if (cache_ && !cache_->when_scheduled()) keep(request, chunk.end);
  const bool is_sent = request.details >= 0 && service_.details_[request.details].passage >= 0;
  if (is_sent) service_.handover_->computed(chunk.request, chunk.end);
  if (request.prompt_done < request.prompt_target()) return;
  *std::find(prompts_.begin(), prompts_.end(), chunk.request) = kNoRequest;
  if (pool_.role == PoolRole::prefill && request.output_tokens > 1) return hand_over(chunk.request);
  const Picoseconds now = service_.simulation_.now();
  const std::int32_t context = request.prompt_done;
  if (request.first_token < 0) {
    service_.prompt_computed(*this, chunk.request);
    request.first_token = now;
    service_.stats_.prompt_done(request, request.details < 0 ? 0 : service_.details_[request.details].cached_tokens,
                                now);
    if (service_.prompt_watch_) service_.prompt_watch_(index_, request.input_tokens);
    service_.stats_.first_token(request, now);
  } else {
    service_.stats_.late_token(request, now);
  }
  ++request.generated;
  if (request.generated == request.output_tokens) {
    complete(chunk.request, context);
    return;
  }
  request.last_token = now;
  batch_->join(chunk.request, request.output_tokens - request.generated);
  if (has_adapters()) adapters_.joins(adapter_of(chunk.request));
  if (watch_) watch_join(chunk.request);
  fresh_.push_back(now);
  composition_changed_ = true;
}

// ---- Decode steps -------------------------------------------------------------------------------------------------

void Replica::start_decoding() {
  StepContents contents;  // without adapters of no interest
  DecodeLimits limits = decode_limits();
  const bool loads = loading_ > 0;
  if (has_adapters()) {
    contents.decodes = batch_->size();
    contents.adapters = adapters_in_step(true);
    contents.loading = std::exchange(loading_, 0);
    if (loads) limits.max_steps = 1;
  }
  if (composition_changed_ || batch_->load().full_tokens >= next_knot_) take_decode_power(contents);
  const StepRate& step = costs_->step_rate(batch_->size(), batch_->load().full_tokens);
  limits.next_knot = std::min(next_knot_, step.until_full_tokens);
  DecodeRate rate = step.rate;
  rate.fixed += note_sending(step.fabric.time);
  if (has_adapters()) rate.fixed += adapters_part(contents).duration_ps;
  const Picoseconds sending = begin_sending(step.fabric.time, step.fabric.bytes_per_gpu);
  if (sending > 0) limits.max_steps = 1;
  begin_decoding(batch_->plan(service_.simulation_.now(), rate, limits), sending);
  if (loads) composition_changed_ = true;  // power of the next step is another
}

void Replica::begin_decoding(const DecodeSegment& segment, Picoseconds sending) {
  segment_ = segment;
  state_ = State::decoding;
  service_.simulation_.set_timer(timer_, segment_.end() - sending);
  note_soon_needed();
  if (turns_ != nullptr && turns_->others_wait()) end_run_after(turns_->run_ends_after());
}

/// How long the decodes of the copy may go on without another look at its queue, or more blocks.
DecodeLimits Replica::decode_limits() const {
  const batching::EngineProfile& profile = model_->profile();
  DecodeLimits limits{.free_blocks = model_->copy_blocks() - used_blocks()};
  if (look_again_) limits.max_steps = 1;
  if (prompts_held_ > 0) limits.max_steps = std::min(limits.max_steps, prompts_held_);
  if (queue_.empty()) return limits;
  if (profile.poll_interval_steps > 1) {
    limits.max_steps =
        std::min(limits.max_steps, profile.poll_interval_steps - batch_->steps() % profile.poll_interval_steps);
  }
  const std::int64_t wait_left = held_since_step_ + profile.batch_wait_steps - batch_->steps();
  if (held_since_step_ >= 0 && wait_left > 0) limits.max_steps = std::min(limits.max_steps, wait_left);
  return limits;
}

/// Clock and power of the decode steps from now on; `contents`: of the adapters.
void Replica::take_decode_power(const StepContents& contents) {
  const ContextLoad load = batch_->load();
  double watts = 0.0;
  Picoseconds duration = 0;
  FabricPart fabric;
  at_best_clock(decode_guess_, [&] {
    const StepRate& step = costs_->step_rate(batch_->size(), load.full_tokens);
    llm::StepPart adapters;
    if (has_adapters()) adapters = adapters_part(contents);
    const Picoseconds reading =
        step.rate.per_full_token * load.full_tokens + step.rate.per_window_token * load.window_tokens;
    const double energy = step.fixed_energy_j + adapters.gpu_energy_j + to_seconds(reading) * step.attention_power_w;
    duration = step.rate.fixed + adapters.duration_ps + reading;
    fabric = step.fabric;
    return watts = energy / to_seconds(duration);
  });
  set_gpu_power(watts);
  send_at_mean_rate(fabric.bytes_per_gpu, to_seconds(duration + stretch(fabric.time)));
  composition_changed_ = false;
  next_knot_ = knot_above(load.full_tokens);
}

void Replica::finish_decoding() {
  if (ring_ && fabric_bytes_ > 0.0)
    segment_.first = service_.simulation_.now() - segment_.start;  // as its flows have it
  count_sending(segment_.steps);
  if (has_copies()) {
    steps_made_ += segment_.steps;
    decode_copies(segment_, segment_.steps);
  } else {
    after_decode_steps(segment_, segment_.steps);
  }
  note_decode_time(service_.simulation_.now() - segment_.start);
}

/// `steps` steps of a segment that ends now: their books, and the requests that are done.
void Replica::after_decode_steps(const DecodeSegment& segment, std::int64_t steps) {
  book_decode_steps(segment, steps);
  fresh_.clear();
  last_step_end_ = segment.end_of_step(steps);
  if (!service_.finished_.empty()) end_decodes(service_.finished_);
}

void Replica::end_decodes(const std::vector<FinishedDecode>& finished) {
  composition_changed_ = true;
  if (watch_) {
    for (const FinishedDecode& end : finished) watch_leave(end.request);
  }
  if (has_adapters()) {
    for (const FinishedDecode& end : finished) adapters_.leaves(adapter_of(end.request));
  }
  for (const FinishedDecode& end : finished) complete(end.request, end.held_tokens);
}

/// Tokens, gaps and blocks; takes those that have all their tokens out of the batch, into the service's `finished_`.
void Replica::book_decode_steps(const DecodeSegment& segment, std::int64_t steps) {
  used_blocks_ += batch_->advance(steps);
  if (cache_) evict_what_does_not_fit();
  note_blocks();
  std::vector<FinishedDecode>& finished = service_.finished_;
  finished.clear();
  batch_->take_finished(finished);
  std::int64_t surplus = 0;
  if (segment.pattern != nullptr) {
    for (const FinishedDecode& end : finished) {
      const InFlight& request = service_.pool_[end.request];
      surplus += end.held_tokens - (request.input_tokens + request.output_tokens - 1);
    }
  }
  service_.stats_.decoded(segment, steps, last_step_end_, fresh_, surplus);
}

}  // namespace tokenworks::jobs
