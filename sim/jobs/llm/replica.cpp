#include "sim/jobs/llm/replica.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/jobs/llm/llm_service.hpp"

namespace tokenworks::jobs {
namespace {

/// The next point of a grid of four points an octave, above `tokens`: power follows context in steps of 19 %.
std::int64_t knot_above(std::int64_t tokens) {
  std::int64_t octave = 4;
  while (2 * octave <= tokens) octave *= 2;
  for (std::int64_t quarter = 5; quarter <= 8; ++quarter) {
    const std::int64_t knot = octave * quarter / 4;
    if (knot > tokens) return knot;
  }
  return 2 * octave + octave / 2;
}

}  // namespace

Replica::Replica(LlmService& service, PoolSetup& pool, std::int32_t index, std::vector<placement::Slice> slices,
                 engine::Rank rank)
    : service_(service),
      pool_(pool),
      model_(pool.model.get()),
      slices_(std::move(slices)),
      timer_(service.simulation_.add_timer(*this, 0, rank)),
      index_(index) {
  const DecodeBatchSetup setup{
      .pool = &service.pool_,
      .block_tokens = model_->profile().reserves_full_length ? 0 : model_->profile().kv_block_tokens,
      .window_tokens = model_->steps().window_tokens(),
      .pattern = model_->pattern(),
      .draft_tokens = model_->draft_tokens()};
  batch_ = service.setup_.exact_iterations ? make_exact_decode_batch(setup) : make_coalesced_decode_batch(setup);
  for (const placement::Slice& slice : slices_) {
    gpus_ += slice.gpus;
    gpus_on_node_ = std::max(gpus_on_node_, slice.gpus);
  }
  constexpr std::size_t kUsualPrompts = 8;  // beside the object in memory: many replicas do not fit the cache
  prompts_.reserve(kUsualPrompts);
  chunks_.reserve(kUsualPrompts);
  fresh_.reserve(kUsualPrompts);
  gpu_power_ = to_milliwatts(pool_.idle_gpu_power_w);
  set_gpu_power(model_->waiting_gpu_power_w());
  if (service.setup_.fabric != nullptr) open_ring();
  if (service.setup_.watch != nullptr || service.setup_.on_ended) {
    watch_ = std::make_unique<ReplicaWatch>(ReplicaWatch{.run = service.setup_.watch,
                                                         .replica = {service.number_, index},
                                                         .requests = static_cast<bool>(service.setup_.on_ended)});
  }
}

// ---- Requests in --------------------------------------------------------------------------------------------------

void Replica::submit(RequestId request) {
  const Picoseconds now = service_.simulation_.now();
  const bool first_in_queue = queue_.empty();
  queue_.push_back(service_.pool_, request);
  waiting_tokens_ += service_.pool_[request].prompt_target();
  service_.stats_.waiting_changed(+1, now);
  if (state_ == State::idle) {  // planned after all arrivals of this date
    state_ = State::about_to_plan;
    service_.simulation_.set_timer(timer_, now);
    return;
  }
  if (state_ != State::decoding) return;
  // The head of the queue alone decides; while it cannot be admitted, nothing before the next end of a request changes
  // that, for free blocks only shrink. A batch wait looks at the whole queue.
  const batching::EngineProfile& profile = model_->profile();
  const bool counts_tokens = profile.batch_wait_steps > 0;
  if ((!first_in_queue && !counts_tokens) || running() >= profile.max_sequences || hold_admission_) return;
  const std::int64_t step = segment_.step_at(now);
  if (step < segment_.steps) {
    segment_.steps = step;
    service_.simulation_.set_timer(timer_, segment_.end());
  }
}

void Replica::on_timer(std::uint32_t) {
  for (const Chunk& chunk : chunks_) __builtin_prefetch(&service_.pool_[chunk.request]);
  service_.facility_.prefetch(slices_.front().node);
  switch (state_) {
    case State::prompt_step:
    case State::decoding:
      if (ring_ && fabric_bytes_ > 0.0) {
        sending_ = true;
        sending_since_ = service_.simulation_.now();
        service_.setup_.fabric->ring_step(*ring_, fabric_bytes_ * static_cast<double>(gpus_on_node_),
                                          to_seconds(fabric_time_));
        return;
      }
      return end_step();
    case State::about_to_plan:
      plan();
      if (watch_) watch_levels();
      return;
    case State::idle:
    case State::down:
      return;
  }
}

void Replica::end_step() {
  if (watch_) watch_work(true, service_.simulation_.now());
  if (state_ == State::prompt_step) {
    finish_prompt_step();
  } else {
    finish_decoding();
  }
  if (service_.setup_.plans_after_completions) {
    state_ = State::about_to_plan;
    service_.simulation_.set_timer(timer_, service_.simulation_.now());
  } else {
    plan();
    if (watch_) watch_levels();
  }
}

// ---- Forming a step -----------------------------------------------------------------------------------------------

std::int64_t Replica::running() const { return batch_->size() + static_cast<std::int64_t>(prompts_.size()); }

std::int64_t Replica::blocks_for(std::int64_t tokens) const {
  const std::int64_t length = model_->profile().kv_block_tokens;
  return (tokens + length - 1) / length;
}

/// Of a sequence that holds `tokens` tokens: there is room for those that it drafts, too.
std::int64_t Replica::blocks_held(std::int64_t tokens) const {
  return tokens == 0 ? 0 : blocks_for(tokens + model_->draft_tokens());
}

/// Where blocks are taken once for the whole length of a request.
std::int64_t Replica::blocks_reserved(const InFlight& request) const {
  return blocks_for(request.input_tokens + request.output_tokens + model_->draft_tokens());
}

void Replica::plan() {
  if (is_cut_off()) {
    state_ = State::idle;  // planned again when something gets through
    send_at_mean_rate(0.0, 1.0);
    set_gpu_power(model_->waiting_gpu_power_w());
    return;
  }
  const batching::EngineProfile& profile = model_->profile();
  chunks_.clear();
  just_preempted_ = false;
  if (profile.mixing == batching::StepMixing::prompt_first) {
    form_chunks(profile.max_batch_tokens, admission_due() && !hold_admission_);
    if (!chunks_.empty()) return start_prompt_step(false);
    make_room_for_decodes();
    if (batch_->size() > 0) return start_decoding();
    form_chunks(profile.max_batch_tokens, true);  // the batch had to go: whoever is first starts again
    if (!chunks_.empty()) return start_prompt_step(false);
  } else {
    const bool preempted = make_room_for_decodes();
    form_chunks(profile.max_batch_tokens - model_->decode_tokens(batch_->size()), !preempted && admission_due());
    if (!chunks_.empty()) return start_prompt_step(batch_->size() > 0);
    if (batch_->size() > 0) return start_decoding();
    form_chunks(profile.max_batch_tokens, true);
    if (!chunks_.empty()) return start_prompt_step(false);
  }
  state_ = State::idle;
  send_at_mean_rate(0.0, 1.0);
  set_gpu_power(model_->waiting_gpu_power_w());
}

/// Whether the engine looks at its queue before this step: by polling interval, or by batch wait.
bool Replica::admission_due() {
  const batching::EngineProfile& profile = model_->profile();
  if (running() >= profile.max_sequences) return false;
  if (batch_->size() == 0) return true;
  if (profile.poll_interval_steps > 1 && batch_->steps() % profile.poll_interval_steps != 0) return false;
  if (profile.batch_wait_steps > 0 && !queue_.empty()) {
    if (held_since_step_ < 0) held_since_step_ = batch_->steps();
    const double wanted = profile.batch_wait_token_share * static_cast<double>(profile.max_batch_tokens);
    if (static_cast<double>(waiting_tokens_) < wanted &&
        batch_->steps() - held_since_step_ < profile.batch_wait_steps) {
      return false;
    }
  }
  return true;
}

/// Preempts from the end of the running list until every decoding sequence has its block for the next step.
bool Replica::make_room_for_decodes() {
  bool preempted = false;
  while (batch_->size() > 0 && used_blocks_ + batch_->blocks_for_next_step() > model_->kv_blocks()) {
    preempt_last();
    preempted = true;
  }
  return preempted;
}

/// The request admitted last gives its blocks back, goes to the front of the queue and computes again what it had.
void Replica::preempt_last() {
  InFlightPool& pool = service_.pool_;
  RequestId victim = kNoRequest;
  std::int64_t held = 0;
  if (!prompts_.empty()) {
    victim = prompts_.back();
    prompts_.pop_back();
    held = pool[victim].prompt_done;
  } else {
    victim = batch_->last_admitted();
    held = batch_->remove(victim);
    if (watch_) watch_leave(victim);
    if (pool[victim].joined_step == batch_->steps()) {  // its last token came out of its prompt
      fresh_.erase(std::find(fresh_.begin(), fresh_.end(), pool[victim].last_token));
    } else {
      pool[victim].last_token = last_step_end_;
    }
    composition_changed_ = true;
  }
  if (watch_) watch_preemption(victim, held);
  release_blocks(pool[victim], held);
  pool[victim].prompt_done = 0;
  queue_.push_front(pool, victim);
  waiting_tokens_ += pool[victim].prompt_target();
  service_.stats_.waiting_changed(+1, service_.simulation_.now());
  service_.stats_.preempted();
  just_preempted_ = true;
  if (model_->profile().mixing == batching::StepMixing::prompt_first) hold_admission_ = true;
}

void Replica::form_chunks(std::int64_t budget, bool admit) {
  const batching::EngineProfile& profile = model_->profile();
  for (std::size_t i = 0; i < prompts_.size() && budget > 0; ++i) {
    while (!start_chunk(prompts_[i], budget, false)) {
      const bool itself = i + 1 == prompts_.size();
      preempt_last();
      admit = false;
      if (itself) return;
    }
    budget -= chunks_.back().end - chunks_.back().start;
  }
  while (admit && budget > 0 && !queue_.empty() && running() < profile.max_sequences) {
    if (!start_chunk(queue_.front(), budget, true)) break;
    const RequestId request = queue_.pop_front(service_.pool_);
    service_.pool_[request].admission = ++admissions_;
    if (watch_) watch_admission(request);
    held_since_step_ = -1;
    prompts_.push_back(request);
    budget -= chunks_.back().end - chunks_.back().start;
    waiting_tokens_ -= service_.pool_[request].prompt_target();
    service_.stats_.waiting_changed(-1, service_.simulation_.now());
  }
}

/// Takes blocks for the next chunk of a prompt and notes it; false when budget or blocks do not allow it now.
bool Replica::start_chunk(RequestId id, std::int64_t budget, bool is_new) {
  const batching::EngineProfile& profile = model_->profile();
  const InFlight& request = service_.pool_[id];
  const std::int64_t left = request.prompt_target() - request.prompt_done;
  std::int64_t tokens = left;
  if (profile.chunked_prompts) {
    tokens = std::min(tokens, budget);
    if (profile.max_prompt_chunk_tokens > 0) tokens = std::min(tokens, profile.max_prompt_chunk_tokens);
  } else if (tokens > budget) {
    return false;
  }
  const std::int64_t end = request.prompt_done + tokens;
  std::int64_t blocks;
  if (profile.reserves_full_length) {
    blocks = is_new ? blocks_reserved(request) : 0;
  } else {
    blocks = blocks_held(end) - blocks_held(request.prompt_done);
  }
  // The decodes that share a step with prompts take their blocks at its end.
  const std::int64_t promised = profile.mixing == batching::StepMixing::mixed ? batch_->blocks_for_next_step() : 0;
  if (used_blocks_ + promised + blocks > model_->kv_blocks()) return false;
  used_blocks_ += blocks;
  chunks_.push_back({id, request.prompt_done, static_cast<std::int32_t>(end)});
  return true;
}

// ---- Steps with prompts -------------------------------------------------------------------------------------------

void Replica::start_prompt_step(bool with_decodes) {
  llm::StepModel& model = model_->steps();
  llm::SpeculationModel* speculation = model_->speculation();
  with_decodes_ = with_decodes;
  const std::int64_t decodes = with_decodes ? batch_->size() : 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t finishing = 0;
  llm::StepPart total;
  for (const Chunk& chunk : chunks_) {
    prompt_tokens += chunk.end - chunk.start;
    if (chunk.end == service_.pool_[chunk.request].prompt_target()) ++finishing;
    total += model.prompt_attention(chunk.start, chunk.end);
    if (speculation != nullptr) total += speculation->prompt_attention(chunk.start, chunk.end);
  }
  const std::int64_t tokens = prompt_tokens + model_->decode_tokens(decodes);
  total += model.prompt_launch();
  total += model.tokens(tokens);
  total += model.head(model_->decode_tokens(decodes) + finishing);
  total += model.host(decodes + static_cast<std::int64_t>(chunks_.size()));
  if (speculation != nullptr) {
    total += speculation->prompt_launch();
    total += speculation->drafting(tokens, decodes + finishing);
  }
  if (decodes > 0) {
    const ContextLoad load = batch_->load();
    const llm::DecodeAttention& attention = model_->decode_attention(decodes, load.full_tokens);
    const Picoseconds reading =
        attention.ps_per_full_token * load.full_tokens + attention.ps_per_window_token * load.window_tokens;
    total += attention.fixed;
    total += llm::StepPart{reading, to_seconds(reading) * attention.gpu_power_w};
  }
  if (total.duration_ps < model_->eager_step()) {  // the GPU waits for the host between kernels
    const Picoseconds waiting = model_->eager_step() - total.duration_ps;
    total += llm::StepPart{waiting, to_seconds(waiting) * model.waiting_gpu_power_w()};
  }
  state_ = State::prompt_step;
  composition_changed_ = true;
  step_start_ = service_.simulation_.now();
  const Picoseconds duration = total.duration_ps + note_sending(total.fabric_ps);
  set_gpu_power(total.gpu_energy_j / to_seconds(total.duration_ps));
  send_at_mean_rate(total.fabric_bytes, to_seconds(duration));
  service_.stats_.kv_used(used_blocks_);
  service_.simulation_.set_timer(timer_, step_start_ + duration - begin_sending(total.fabric_ps, total.fabric_bytes));
}

void Replica::finish_prompt_step() {
  const Picoseconds now = service_.simulation_.now();
  count_sending(1);
  if (with_decodes_) {
    after_decode_steps({.start = step_start_,
                        .first = now - step_start_,
                        .growth = 0,
                        .steps = 1,
                        .sequences = batch_->size(),
                        .start_step = batch_->steps(),
                        .pattern = model_->pattern()},
                       1);
  }
  for (const Chunk& chunk : chunks_) finish_chunk(chunk);
  std::erase(prompts_, kNoRequest);
}

void Replica::finish_chunk(const Chunk& chunk) {
  InFlight& request = service_.pool_[chunk.request];
  request.prompt_done = chunk.end;
  if (request.prompt_done < request.prompt_target()) return;
  *std::find(prompts_.begin(), prompts_.end(), chunk.request) = kNoRequest;
  const Picoseconds now = service_.simulation_.now();
  const std::int32_t context = request.prompt_done;
  if (request.first_token < 0) {
    request.first_token = now;
    service_.stats_.prompt_done(request, now);
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
  if (watch_) watch_join(chunk.request);
  fresh_.push_back(now);
  composition_changed_ = true;
}

// ---- Decode steps -------------------------------------------------------------------------------------------------

void Replica::start_decoding() {
  const batching::EngineProfile& profile = model_->profile();
  if (composition_changed_ || batch_->load().full_tokens >= next_knot_) take_decode_power();
  DecodeLimits limits{.free_blocks = model_->kv_blocks() - used_blocks_};
  if (!queue_.empty()) {
    if (just_preempted_) limits.max_steps = 1;  // what it freed may admit the next in the queue after this step
    if (profile.poll_interval_steps > 1) {
      limits.max_steps =
          std::min(limits.max_steps, profile.poll_interval_steps - batch_->steps() % profile.poll_interval_steps);
    }
    const std::int64_t wait_left = held_since_step_ + profile.batch_wait_steps - batch_->steps();
    if (held_since_step_ >= 0 && wait_left > 0) limits.max_steps = std::min(limits.max_steps, wait_left);
  }
  const ServedModel::StepRate& step = model_->step_rate(batch_->size(), batch_->load().full_tokens);
  limits.next_knot = std::min(next_knot_, step.until_full_tokens);
  DecodeRate rate = step.rate;
  rate.fixed += note_sending(step.fabric.time);
  const Picoseconds sending = begin_sending(step.fabric.time, step.fabric.bytes_per_gpu);
  if (sending > 0) limits.max_steps = 1;
  segment_ = batch_->plan(service_.simulation_.now(), rate, limits);
  state_ = State::decoding;
  service_.simulation_.set_timer(timer_, segment_.end() - sending);
}

void Replica::take_decode_power() {
  const ContextLoad load = batch_->load();
  const ServedModel::StepRate& step = model_->step_rate(batch_->size(), load.full_tokens);
  const Picoseconds reading =
      step.rate.per_full_token * load.full_tokens + step.rate.per_window_token * load.window_tokens;
  const double energy = step.fixed_energy_j + to_seconds(reading) * step.attention_power_w;
  set_gpu_power(energy / to_seconds(step.rate.fixed + reading));
  send_at_mean_rate(step.fabric.bytes_per_gpu, to_seconds(step.rate.fixed + reading + stretch(step.fabric.time)));
  composition_changed_ = false;
  next_knot_ = knot_above(load.full_tokens);
}

void Replica::finish_decoding() {
  if (ring_ && fabric_bytes_ > 0.0)
    segment_.first = service_.simulation_.now() - segment_.start;  // as its flows have it
  count_sending(segment_.steps);
  after_decode_steps(segment_, segment_.steps);
}

/// `steps` steps of a segment that ends now: their books, and the requests that are done.
void Replica::after_decode_steps(const DecodeSegment& segment, std::int64_t steps) {
  book_decode_steps(segment, steps);
  fresh_.clear();
  last_step_end_ = segment.end_of_step(steps);
  const std::vector<FinishedDecode>& finished = service_.finished_;
  if (finished.empty()) return;
  composition_changed_ = true;
  if (watch_) {
    for (const FinishedDecode& end : finished) watch_leave(end.request);
  }
  for (const FinishedDecode& end : finished) complete(end.request, end.held_tokens);
}

/// Tokens, gaps and blocks; takes those that have all their tokens out of the batch, into the service's `finished_`.
void Replica::book_decode_steps(const DecodeSegment& segment, std::int64_t steps) {
  used_blocks_ += batch_->advance(steps);
  service_.stats_.kv_used(used_blocks_);
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

// ---- Requests out -------------------------------------------------------------------------------------------------

void Replica::release_blocks(const InFlight& request, std::int64_t held_tokens) {
  used_blocks_ -= model_->profile().reserves_full_length ? blocks_reserved(request) : blocks_held(held_tokens);
}

void Replica::complete(RequestId id, std::int64_t held_tokens) {
  release_blocks(service_.pool_[id], held_tokens);
  hold_admission_ = false;
  service_.setup_.router->load_changed(index_, -1, 0);
  service_.ended(id, Ending::completed);
}

void Replica::go_down(std::vector<RequestId>& lost, std::vector<RequestId>& waiting) {
  const Picoseconds now = service_.simulation_.now();
  if (watch_) watch_work(false, now);
  if (state_ == State::decoding && !sending_) {
    const std::int64_t done = segment_.steps_ended_by(now);
    count_sending(done);
    if (done > 0) after_decode_steps(segment_, done);
  }
  if (sending_) service_.setup_.fabric->cancel_ring_step(*ring_);
  sending_ = false;
  send_at_mean_rate(0.0, 1.0);
  const std::size_t held_before = lost.size() + waiting.size();  // of replicas that went down before this one
  for (const RequestId id : batch_->members()) {
    batch_->remove(id);
    if (watch_) watch_leave(id);
    lost.push_back(id);
  }
  lost.insert(lost.end(), prompts_.begin(), prompts_.end());
  prompts_.clear();
  chunks_.clear();
  fresh_.clear();
  service_.stats_.waiting_changed(-queue_.size(), now);
  while (!queue_.empty()) waiting.push_back(queue_.pop_front(service_.pool_));
  waiting_tokens_ = 0;
  used_blocks_ = 0;
  held_since_step_ = -1;
  hold_admission_ = false;
  composition_changed_ = true;
  const auto held = static_cast<std::int32_t>(lost.size() + waiting.size() - held_before);
  if (held > 0) service_.setup_.router->load_changed(index_, -held, 0);
  service_.setup_.router->set_in_service(index_, false);
  service_.simulation_.cancel_timer(timer_);
  set_gpu_power(pool_.idle_gpu_power_w);
  state_ = State::down;
  if (watch_) {
    watch_levels();
    watch_state(metrics::ReplicaState::down);
  }
}

void Replica::come_up() {
  lost_ring_ = false;
  settle_energy(service_.simulation_.now());
  state_ = State::idle;
  set_gpu_power(model_->waiting_gpu_power_w());
  service_.setup_.router->set_in_service(index_, true);
  if (watch_) watch_state(metrics::ReplicaState::in_service);
}

void Replica::settle_at_end(Picoseconds end) {
  if (watch_) watch_work(false, end);
  service_.finished_.clear();
  if (state_ == State::decoding && !sending_) {
    const std::int64_t done = segment_.steps_ended_by(end);
    count_sending(done);
    book_decode_steps(segment_, done);
  }
  settle_energy(end);
  if (watch_ && watch_->requests) watch_end();
}

// ---- Between scale-up domains -------------------------------------------------------------------------------------

void Replica::open_ring() {
  resources::Fabric& fabric = *service_.setup_.fabric;
  std::vector<std::int64_t> nodes;
  bool spans = false;
  for (const placement::Slice& slice : slices_) {
    if (!nodes.empty() && !fabric.map().same_domain(nodes.front(), slice.node)) spans = true;
    nodes.push_back(slice.node);
  }
  if (!spans) return;
  service_.spans_domains_ = true;
  ring_ = fabric.open_ring(*this, std::move(nodes));
}

/// What contention adds to a step in closed form.
Picoseconds Replica::stretch(Picoseconds fabric_time) const {
  if (!ring_ || fabric_time == 0 || service_.setup_.fabric->behaviour().step_flows) return 0;
  return static_cast<Picoseconds>(std::llround(static_cast<double>(fabric_time) * (fabric_factor_ - 1.0)));
}

/// Notes what each step under way sends; the time that contention adds to it.
Picoseconds Replica::note_sending(Picoseconds fabric_time) {
  if (!ring_) return 0;
  step_sending_ = fabric_time;
  step_contention_ = stretch(fabric_time);
  return step_contention_;
}

/// With step flows: notes what the step will send at its end; the time that this takes alone, else 0.
Picoseconds Replica::begin_sending(Picoseconds fabric_time, double bytes_per_gpu) {
  if (!ring_) return 0;
  const bool as_flows = bytes_per_gpu > 0.0 && service_.setup_.fabric->behaviour().step_flows;
  fabric_bytes_ = as_flows ? bytes_per_gpu : 0.0;
  fabric_time_ = as_flows ? fabric_time : 0;
  return fabric_time_;
}

void Replica::send_at_mean_rate(double bytes_per_gpu, double step_s) {
  if (!ring_ || service_.setup_.fabric->behaviour().step_flows) return;
  service_.setup_.fabric->set_ring_rate(*ring_, bytes_per_gpu * static_cast<double>(gpus_on_node_) / step_s);
}

/// Acts from the next step on.
void Replica::on_ring_factor(double factor) {
  const bool was_cut_off = is_cut_off();
  fabric_factor_ = factor;
  composition_changed_ = true;
  const Picoseconds now = service_.simulation_.now();
  if (state_ == State::decoding && !sending_) {
    const std::int64_t step = segment_.step_at(now);
    if (step < segment_.steps) {
      segment_.steps = step;
      service_.simulation_.set_timer(timer_, segment_.end());
    }
  }
  if (!was_cut_off || is_cut_off()) return;
  if (lost_ring_ && service_.ring_watch_.found) service_.ring_watch_.found(index_);
  if (state_ == State::idle && (!queue_.empty() || running() > 0)) {
    state_ = State::about_to_plan;
    service_.simulation_.set_timer(timer_, now);
  }
}

void Replica::on_ring_lost() {
  if (!is_up()) return;
  lost_ring_ = true;
  if (service_.ring_watch_.lost) service_.ring_watch_.lost(index_);
}

void Replica::on_ring_step_done() {
  sending_ = false;
  step_contention_ = service_.simulation_.now() - sending_since_ - fabric_time_;
  end_step();
}

/// Steps that have ended.
void Replica::count_sending(std::int64_t steps) {
  if (!ring_) return;
  service_.sending_time_ += steps * (step_sending_ + step_contention_);
  service_.contention_ += steps * step_contention_;
}

// ---- Power --------------------------------------------------------------------------------------------------------

void Replica::settle_energy(Picoseconds now) {
  // What the GPUs of a replica that is down draw belongs to nobody.
  if (state_ != State::down) gpu_energy_ += static_cast<Femtojoules>(gpu_power_) * gpus_ * (now - power_since_);
  power_since_ = now;
}

void Replica::set_gpu_power(double watts_per_gpu) {
  const Picoseconds now = service_.simulation_.now();
  const Milliwatts power = to_milliwatts(watts_per_gpu);
  if (power == gpu_power_) return;
  settle_energy(now);
  for (const placement::Slice& slice : slices_) {
    service_.facility_.add_gpu_power(slice.node, slice.gpus * (power - gpu_power_), now);
  }
  gpu_power_ = power;
}

std::string Replica::describe() const {
  static constexpr const char* kStates[] = {"idle", "about to form a step", "in a prompt step", "decoding", "down"};
  return fmt::format("{} replica {} is {}: {} waiting, {} prompts, {} decoding, {} of {} KV blocks used",
                     service_.setup_.name, index_, kStates[static_cast<int>(state_)], queue_.size(), prompts_.size(),
                     batch_->size(), used_blocks_, model_->kv_blocks());
}

}  // namespace tokenworks::jobs
