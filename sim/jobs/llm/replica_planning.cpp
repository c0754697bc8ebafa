// How a replica forms its next step, as its engine would: who is admitted, what of which prompt is computed, who has to
// give way.
#include <algorithm>

#include "sim/jobs/llm/kv_handover.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

void Replica::plan() {
  plan_step();
  if (watch_) watch_levels();
  // What the step did not take, others may.
  if (pool_.role == PoolRole::decode) service_.handover_->room_made(*this);
  if (is_draining_ && state_ == State::idle && is_empty()) service_.drained(*this);
}

void Replica::plan_step() {
  if (is_cut_off()) return go_idle();  // planned again when something gets through
  if (turns_ != nullptr && !takes_turn()) return;
  if (has_copies()) return plan_copies();
  switch (form_step()) {
    case Formed::prompts:
      return start_prompt_step(false);
    case Formed::prompts_with_decodes:
      return start_prompt_step(true);
    case Formed::decodes:
      return start_decoding();
    case Formed::nothing:
      return go_idle();
  }
}

CopyState::Formed Replica::form_step() {
  const batching::EngineProfile& profile = model_->profile();
  chunks_.clear();
  look_again_ = false;
  if (!received_.empty()) join_received();
  if (profile.mixing == batching::StepMixing::prompt_first) {
    form_chunks(model_->step_tokens(), admission_due() && !hold_admission_);
    if (!chunks_.empty()) return Formed::prompts;
    make_room_for_decodes();
  } else {
    const bool preempted = make_room_for_decodes();
    if (prompts_held_ > 0) return batch_->size() > 0 ? Formed::decodes : Formed::nothing;
    form_chunks(model_->step_tokens() - model_->decode_tokens(batch_->size()), !preempted && admission_due());
    if (!chunks_.empty()) return batch_->size() > 0 ? Formed::prompts_with_decodes : Formed::prompts;
  }
  if (batch_->size() > 0) return Formed::decodes;
  form_chunks(model_->step_tokens(), true);  // when the batch had to go, whoever is first starts again
  return chunks_.empty() ? Formed::nothing : Formed::prompts;
}

void Replica::go_idle() {
  state_ = State::idle;
  send_at_mean_rate(0.0, 1.0);
  set_gpu_power(model_->waiting_gpu_power_w());
  if (turns_ != nullptr) turns_->stop(place_);
}

/// Whether the engine looks at its queue before this step: by polling interval, or by batch wait.
bool Replica::admission_due() {
  const batching::EngineProfile& profile = model_->profile();
  if (queue_.empty()) return false;
  const bool is_polled =
      batch_->size() == 0 || profile.poll_interval_steps <= 1 || batch_->steps() % profile.poll_interval_steps == 0;
  if (sequences_taken() >= model_->copy_sequences()) {
    return is_polled && can_preempt_for(queue_.front(service_.pool_));
  }
  if (batch_->size() == 0) return true;
  if (!is_polled) return false;
  if (profile.batch_wait_steps > 0) {
    if (held_since_step_ < 0) held_since_step_ = batch_->steps();
    const double wanted = profile.batch_wait_token_share * static_cast<double>(model_->step_tokens());
    if (static_cast<double>(waiting_tokens_) < wanted &&
        batch_->steps() - held_since_step_ < profile.batch_wait_steps) {
      return false;
    }
  }
  return true;
}

// ---- Sizes --------------------------------------------------------------------------------------------------------

std::int64_t Replica::blocks_for(std::int64_t tokens) const {
  const std::int64_t length = model_->profile().kv_block_tokens;
  return (tokens + length - 1) / length;
}

/// Of a sequence that holds `tokens` tokens: there is room for those that it drafts, too.
std::int64_t Replica::blocks_held(std::int64_t tokens) const {
  return tokens == 0 ? 0 : blocks_for(tokens + model_->draft_tokens());
}

/// Where blocks are taken once for the whole length of a request. A prefill replica writes one token of it.
std::int64_t Replica::blocks_reserved(const InFlight& request) const {
  const std::int64_t output = pool_.role == PoolRole::prefill ? 1 : request.output_tokens;
  return blocks_for(request.input_tokens + output + model_->draft_tokens());
}

/// Of a request whose first `tokens` tokens are there, or being computed.
std::int64_t Replica::blocks_taken(const InFlight& request, std::int64_t tokens) const {
  return model_->profile().reserves_full_length ? blocks_reserved(request) : blocks_held(tokens);
}

/// Blocks that the decodes of a step take at its end, when prompts share it with them.
std::int64_t Replica::promised_blocks() const {
  return model_->profile().mixing == batching::StepMixing::mixed ? batch_->blocks_for_next_step() : 0;
}

// ---- Who gives way ------------------------------------------------------------------------------------------------

std::int32_t Replica::level_of(RequestId id) const {
  if (running_at_level_.empty()) return 0;
  return service_.setup_.lanes.lanes[static_cast<std::size_t>(service_.lane_of(service_.pool_[id]))].level;
}

/// The least urgent level of which a request runs.
std::int32_t Replica::lowest_running_level() const {
  for (std::size_t level = running_at_level_.size(); level-- > 0;) {
    if (running_at_level_[level] > 0) return static_cast<std::int32_t>(level);
  }
  return 0;
}

/// Whether something less urgent runs, and the engine takes its place for the more urgent.
bool Replica::can_preempt_for(RequestId id) const {
  return !running_at_level_.empty() && service_.setup_.preempts_for_urgent && level_of(id) < lowest_running_level() &&
         batch_->size() + static_cast<std::int64_t>(prompts_.size()) > 0;
}

/// Preempts until every decoding sequence has its block for the next step.
bool Replica::make_room_for_decodes() {
  bool preempted = false;
  while (batch_->size() > 0 && used_blocks() + batch_->blocks_for_next_step() > model_->copy_blocks()) {
    preempt_last();
    preempted = true;
  }
  return preempted;
}

/// Of the least urgent that run, the one admitted last gives way. Prompts count as admitted after all that decode.
void Replica::preempt_last() {
  if (!running_at_level_.empty()) {
    const RequestId least = batch_->size() > 0 ? batch_->last_admitted() : kNoRequest;
    const std::int32_t level = least == kNoRequest ? -1 : level_of(least);
    RequestId victim = least;
    std::int32_t lowest = level;
    for (const RequestId prompt : prompts_) {
      if (prompt == kNoRequest || level_of(prompt) < lowest) continue;
      if (has_chunk(prompt)) continue;  // an urgent one that has just taken its place
      victim = prompt;
      lowest = level_of(prompt);
    }
    return preempt(victim);
  }
  preempt(prompts_.empty() ? batch_->last_admitted() : prompts_.back());
}

/// A running request gives its blocks back, goes to the front of its queue and computes again what it had, but for what
/// the prefix cache or the swap space keeps of it.
void Replica::preempt(RequestId victim) {
  InFlightPool& pool = service_.pool_;
  const bool decodes = batch_->holds(victim);
  const std::int64_t held = take_out(victim);
  if (watch_) watch_preemption(held);
  pool[victim].prompt_done = 0;
  if (swap_ && decodes) swap_out(victim, held);
  queue_.push_front(victim, service_.lane_of(pool[victim]));
  waiting_tokens_ += tokens_to_compute(victim);
  service_.stats_.waiting_changed(+1, service_.simulation_.now());
  service_.stats_.preempted();
  if (pool[victim].details >= 0) ++service_.details_[pool[victim].details].preemptions;
  look_again_ = true;
  if (model_->profile().mixing == batching::StepMixing::prompt_first) hold_admission_ = true;
}

// ---- Who goes on, and who is admitted -----------------------------------------------------------------------------

void Replica::form_chunks(std::int64_t budget, bool admit) {
  Blocked blocked = Blocked::by_compute;
  const bool tried = admit;
  if (!running_at_level_.empty()) {
    // The least urgent are last, and the first to give way: what is in the step already stays.
    std::stable_sort(prompts_.begin(), prompts_.end(),
                     [this](RequestId a, RequestId b) { return level_of(a) < level_of(b); });
    if (admit) admit_urgent(budget, blocked);
  }
  const std::size_t urgent = chunks_.size();
  for (std::size_t i = 0; i < prompts_.size() && budget > 0; ++i) {
    const RequestId request = prompts_[i];
    if (urgent > 0 && has_chunk(request)) continue;
    while (!continue_prompt(request, budget)) {
      if (!is_cut_to_fit(service_.pool_[request]) && prompt_left(request) > budget) return;  // waits for room in a step
      preempt_last();
      admit = false;
      if (i >= prompts_.size() || prompts_[i] != request) return;  // it had to go itself
    }
    budget -= chunks_.back().end - chunks_.back().start;
  }
  std::vector<RequestId>& passed = service_.passed_;
  while (admit && budget > 0 && !queue_.empty()) {
    if (const RequestId request = queue_.front(service_.pool_); has_adapters() && !can_take_adapter(request)) {
      if (sequences_taken() >= model_->copy_sequences()) break;
      passed.push_back(queue_.set_aside(service_.pool_));  // others may go before it
      continue;
    }
    const std::size_t chunks = chunks_.size();
    if (!admit_next(queue_.front(service_.pool_), budget, blocked)) break;
    if (chunks_.size() > chunks) budget -= chunks_.back().end - chunks_.back().start;
    blocked = Blocked::by_compute;
  }
  if (!passed.empty()) blocked = Blocked::by_adapters;
  for (; !passed.empty(); passed.pop_back()) {
    queue_.put_back(passed.back(), service_.lane_of(service_.pool_[passed.back()]));
  }
  if (queue_.empty()) {
    note_blocked(Blocked::by_nothing, service_.simulation_.now());
  } else if (tried) {
    note_blocked(blocked, service_.simulation_.now());
  }
}

/// Those that wait and are more urgent than some that run go before these, and take their places.
void Replica::admit_urgent(std::int64_t& budget, Blocked& blocked) {
  while (budget > 0 && !queue_.empty() && can_preempt_for(queue_.front(service_.pool_))) {
    if (has_adapters() && !can_take_adapter(queue_.front(service_.pool_))) return;
    const std::size_t chunks = chunks_.size();
    if (admit_next(queue_.front(service_.pool_), budget, blocked)) {
      if (chunks_.size() > chunks) budget -= chunks_.back().end - chunks_.back().start;
      blocked = Blocked::by_compute;
    } else if (blocked == Blocked::by_compute) {
      return;
    } else {
      preempt_last();
    }
  }
}

bool Replica::has_chunk(RequestId id) const {
  return std::any_of(chunks_.begin(), chunks_.end(), [id](const Chunk& chunk) { return chunk.request == id; });
}

/// Whether its prompt may be spread over steps: as the engine has it, or because it is longer than a step, as it may be
/// when an answer is computed again.
bool Replica::is_cut_to_fit(const InFlight& request) const {
  return model_->profile().chunked_prompts || request.prompt_target() > model_->whole_prompt_tokens();
}

/// Of a request that waits.
std::int64_t Replica::tokens_to_compute(RequestId id) {
  return swap_ && swapped_tokens(id) > 0 ? 0 : service_.pool_[id].prompt_target();
}

std::int64_t Replica::prompt_left(RequestId id) const {
  const InFlight& request = service_.pool_[id];
  return request.prompt_target() - request.prompt_done;
}

/// Where a prompt's next piece may end, and the blocks that it takes; false when budget or blocks do not allow it now.
/// `found` is what a new prompt begins with.
bool Replica::fits(const InFlight& request, const Found& found, std::int64_t budget, std::int64_t& end,
                   std::int64_t& blocks) const {
  const batching::EngineProfile& profile = model_->profile();
  const bool is_new = request.prompt_done == 0;
  const std::int64_t done = request.prompt_done + found.in_gpu_memory;
  std::int64_t tokens = request.prompt_target() - done;
  if (is_cut_to_fit(request)) {
    tokens = std::min(tokens, budget);
    if (const std::int64_t most = model_->prompt_piece_tokens(); most > 0) tokens = std::min(tokens, most);
  } else if (tokens > budget) {
    return false;
  }
  end = done + tokens;
  const std::int64_t shared = found.in_gpu_memory / profile.kv_block_tokens;
  blocks = blocks_taken(request, end) - (is_new ? shared : blocks_taken(request, request.prompt_done));
  // The decodes that share a step with prompts take their blocks at its end.
  return used_blocks() + promised_blocks() + found.unpinned_blocks + blocks <= model_->copy_blocks();
}

/// Takes the next piece of an admitted prompt into the step; false when budget or blocks do not allow it now.
bool Replica::continue_prompt(RequestId id, std::int64_t budget) {
  std::int64_t end = 0, blocks = 0;
  if (!fits(service_.pool_[id], {}, budget, end, blocks)) return false;
  take_chunk(id, end, blocks);
  return true;
}

/// Takes the request at the head of the queue into the step, or begins to read its beginning from a lower tier; false
/// when sequences, budget or blocks do not allow it now.
bool Replica::admit_next(RequestId id, std::int64_t budget, Blocked& blocked) {
  blocked = Blocked::by_sequences;
  if (sequences_taken() >= model_->copy_sequences()) return false;
  blocked = Blocked::by_kv_memory;
  if (swap_ && swapped_tokens(id) > 0) return swap_in(id);
  InFlight& request = service_.pool_[id];
  const Found found = cache_ ? find_cached(request) : Found{};
  if (!content_of(request).empty()) {
    // Room for the whole prompt, but for what others hold of it. What nobody holds may leave while the request waits;
    // if it counted, room could come without that anything ends.
    const std::int64_t held = found.in_gpu_memory / model_->profile().kv_block_tokens - found.unpinned_blocks;
    const std::int64_t wanted = blocks_taken(request, request.prompt_target()) - held;
    if (used_blocks() + promised_blocks() + wanted > model_->copy_blocks()) return false;
  }
  if (found.with_fetch > found.in_gpu_memory) {
    take_from_queue(id);
    if (start_fetch(id, found)) return true;
    prompts_.push_back(id);
    if (!continue_prompt(id, budget)) look_again_ = true;
    return true;
  }
  std::int64_t end = 0, blocks = 0;
  if (!fits(request, found, budget, end, blocks)) {
    if (end == 0) blocked = Blocked::by_compute;  // a whole prompt is longer than what is left of the step
    return false;
  }
  take_from_queue(id);
  if (found.in_gpu_memory > 0) begin_with(request, found.in_gpu_memory);
  prompts_.push_back(id);
  take_chunk(id, end, blocks);
  return true;
}

void Replica::take_from_queue(RequestId id) {
  queue_.pop_front(service_.pool_);
  InFlight& request = service_.pool_[id];
  held_since_step_ = -1;
  const std::int64_t tokens = tokens_to_compute(id);
  waiting_tokens_ -= tokens;
  service_.stats_.waiting_changed(-1, service_.simulation_.now());
  number_admission(id);
  if (has_adapters()) take_adapter(id);
  queue_.charge(service_.lane_of(request), tokens);
  if (request.details >= 0) service_.details_[request.details].replica = index_;
}

void Replica::number_admission(RequestId id) {
  InFlight& request = service_.pool_[id];
  request.admission = ++admissions_;
  if (running_at_level_.empty()) return;
  count_level(id, +1);
  request.admission += level_of(id) << kAdmissionBits;
}

/// Of those that could give way to more urgent ones.
void Replica::count_level(RequestId id, std::int32_t change) {
  if (!running_at_level_.empty()) running_at_level_[static_cast<std::size_t>(level_of(id))] += change;
}

void Replica::take_chunk(RequestId id, std::int64_t end, std::int64_t blocks) {
  InFlight& request = service_.pool_[id];
  used_blocks_ += blocks;
  chunks_.push_back({id, request.prompt_done, static_cast<std::int32_t>(end)});
  if (!cache_) return;
  if (cache_->when_scheduled()) keep(request, end);
  evict_what_does_not_fit();
}

}  // namespace tokenworks::jobs
