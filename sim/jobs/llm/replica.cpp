#include "sim/jobs/llm/replica.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/jobs/llm/kv_handover.hpp"
#include "sim/jobs/llm/llm_service.hpp"

namespace tokenworks::jobs {
Replica::Replica(LlmService& service, PoolSetup& pool, std::int32_t index, std::int32_t candidate,
                 std::vector<placement::Slice> slices, engine::Rank rank)
    : CopyState(service.setup_.lanes),
      service_(service),
      pool_(pool),
      model_(pool.model.get()),
      full_costs_(&model_->costs()),
      costs_(full_costs_),
      slices_(std::move(slices)),
      timer_(service.simulation_.add_timer(*this, 0, rank)),
      index_(index),
      candidate_(candidate) {
  first_node_ = slices_.front().node;
  for (const placement::Slice& slice : slices_) {
    gpus_ += slice.gpus;
    gpus_on_node_ = std::max(gpus_on_node_, slice.gpus);
  }
  open_copies();
  gpu_power_ = to_milliwatts(pool_.idle_gpu_power_w);
  if (!pool.sharing.turns.empty()) join_turns(pool.sharing.turns[static_cast<std::size_t>(index)]);
  set_gpu_power(model_->waiting_gpu_power_w());
  if (model_->profile().swaps) make_swap_space();
  if (service.setup_.spans_domains) open_ring();
  if (service.setup_.watch != nullptr || service.setup_.shares_out_energy) {
    watch_ = std::make_unique<ReplicaWatch>(ReplicaWatch{.run = service.setup_.watch,
                                                         .replica = {service.number_, index},
                                                         .requests = service.setup_.shares_out_energy});
  }
}

Replica::~Replica() = default;

PoolRole Replica::role() const { return pool_.role; }

// ---- Requests in --------------------------------------------------------------------------------------------------

void Replica::submit(RequestId request) {
  const Picoseconds now = service_.simulation_.now();
  const OnCopy on(*this, has_copies() ? choose_copy() : 0);
  if (has_copies()) enters(request);
  queue_.push_back(request, service_.lane_of(service_.pool_[request]));
  waiting_tokens_ += service_.pool_[request].prompt_target();
  service_.stats_.waiting_changed(+1, now);
  if (state_ != State::decoding) return wake();
  // The head of the queue alone decides; while it cannot be admitted, nothing before the next end of a request changes
  // that, for free blocks only shrink. A batch wait looks at the whole queue.
  const batching::EngineProfile& profile = model_->profile();
  const bool counts_tokens = profile.batch_wait_steps > 0;
  const bool goes_first = queue_.front(service_.pool_) == request;
  // It may stand before one that had to give way, for whom others are kept out.
  if (goes_first && pool_.role == PoolRole::decode) service_.look_for_rooms();
  // With adapters whoever can run may pass others.
  if (!goes_first && !counts_tokens && !has_adapters()) return;
  if ((sequences_taken() >= model_->copy_sequences() || hold_admission_) && !can_preempt_for(request)) {
    // Found out when the next step is formed.
    if (goes_first) {
      note_blocked(hold_admission_ ? Blocked::by_kv_memory : Blocked::by_sequences,
                   segment_.end_of_step(segment_.step_at(now)));
    }
    return;
  }
  cut_decoding(now);
}

/// There may be something new to do: plans after all arrivals of this date, or at the end of the step under way.
void Replica::wake() {
  const Picoseconds now = service_.simulation_.now();
  if (state_ == State::idle) {
    state_ = State::about_to_plan;
    service_.simulation_.set_timer(timer_, now);
  } else if (state_ == State::decoding) {
    cut_decoding(now);
  }
}

/// Ends a run of decode steps with the step that `now` falls into.
void Replica::cut_decoding(Picoseconds now) {
  if (sending_) return;  // its last step is under way
  const std::int64_t step = segment_.step_at(now);
  if (step >= segment_.steps) return;
  segment_.steps = step;
  service_.simulation_.set_timer(timer_, segment_.end());
}

// ---- Requests taken back ------------------------------------------------------------------------------------------

void Replica::withdraw(RequestId id, Ending ending) {
  const InFlight& request = service_.pool_[id];
  const OnCopy on(*this, copy_of(id));
  if (queue_.remove(id, service_.lane_of(request))) {
    waiting_tokens_ -= tokens_to_compute(id);
    if (swap_) forget_swapped(id);
    goes(request);
    service_.stats_.waiting_changed(-1, service_.simulation_.now());
    service_.load_changed(*this, -1, id);
    if (queue_.empty()) note_blocked(Blocked::by_nothing, service_.simulation_.now());
    service_.ended(id, ending);
    wait_no_more();
    return wake();  // who comes next may be admitted
  }
  const auto is_the_same = [id](const auto& one) { return one.first == id; };
  if (std::any_of(doomed_.begin(), doomed_.end(), is_the_same)) return;  // who was first has its way
  doomed_.emplace_back(id, ending);
  if (!is_between_steps()) return wake();
  withdraw_doomed();
  wait_no_more();
}

/// Between two steps.
void Replica::withdraw_doomed() {
  const std::vector<std::pair<RequestId, Ending>> doomed = std::exchange(doomed_, {});
  for (const auto& [id, ending] : doomed) {
    const OnCopy on(*this, copy_of(id));
    if (!is_between_steps(id)) {  // its beginning is on the way: it ends when that is there
      doomed_.emplace_back(id, ending);
      continue;
    }
    take_out(id);
    hold_admission_ = false;
    goes(service_.pool_[id]);
    service_.load_changed(*this, -1, id);
    service_.ended(id, ending);
  }
  const bool matters = pool_.role == PoolRole::decode || is_draining_;
  if (state_ == State::idle && matters) wake();  // there may be room for others, or it is empty
}

bool Replica::is_between_steps(RequestId id) const {
  const auto is_in = [id](const std::vector<RequestId>& list) {
    return std::find(list.begin(), list.end(), id) != list.end();
  };
  return is_in(prompts_) || is_in(received_) || batch_->holds(id);
}

/// Takes a request out that decodes or has its prompt under way, and frees its blocks; returns the tokens it held.
std::int64_t Replica::take_out(RequestId id) {
  InFlight& request = service_.pool_[id];
  std::int64_t held = 0;
  if (const auto at = std::find(prompts_.begin(), prompts_.end(), id); at != prompts_.end()) {
    prompts_.erase(at);
    held = request.prompt_done;
  } else if (std::erase(received_, id) > 0) {
    held = request.prompt_done;
  } else {
    held = batch_->remove(id);
    if (has_adapters()) adapters_.leaves(adapter_of(id));
    if (watch_) watch_leave(id);
    if (request.joined_step == batch_->steps()) {  // its last token came out of its prompt
      fresh_.erase(std::find(fresh_.begin(), fresh_.end(), request.last_token));
    } else {
      request.last_token = last_step_end_;
    }
    composition_changed_ = true;
  }
  leaves(id, held);
  return held;
}

/// Of a request that runs no more: blocks that others may find stay, the rest is free.
void Replica::leaves(RequestId id, std::int64_t held_tokens) {
  InFlight& request = service_.pool_[id];
  if (has_adapters()) adapters_.release(adapter_of(id));
  count_level(id, -1);
  if (cache_) keep(request, std::min<std::int64_t>(held_tokens, request.input_tokens + request.generated));
  used_blocks_ -= blocks_taken(request, held_tokens) - pinned_of(request);
  if (cache_) let_go(request);
}

void Replica::prefetch() const {
  soon_needed_.fetch();
  service_.facility_.prefetch(first_node_);
}

/// After a step has begun: whom its end will ask about.
void Replica::note_soon_needed() {
  constexpr std::uint32_t kUsualAdmissions = 2;
  constexpr std::size_t kUsualChunks = 2;
  soon_needed_.clear();
  batch_->note(soon_needed_);
  for (std::size_t i = 0; i < std::min(kUsualChunks, chunks_.size()); ++i) {
    soon_needed_.add(&service_.pool_[chunks_[i].request]);
  }
  for (std::uint32_t i = 0; i < kUsualAdmissions; ++i) {
    if (const RequestId id = queue_.probable(i); id != kNoRequest) soon_needed_.add(&service_.pool_[id]);
  }
}

void Replica::on_timer(std::uint32_t) {
  for (std::size_t i = 2; i < chunks_.size(); ++i) __builtin_prefetch(&service_.pool_[chunks_[i].request]);
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
      return;
    case State::idle:
    case State::waiting_for_turn:
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
  if (!doomed_.empty()) withdraw_doomed();
  if (service_.setup_.plans_after_completions) {
    state_ = State::about_to_plan;
    service_.simulation_.set_timer(timer_, service_.simulation_.now());
  } else {
    plan();
  }
}

// ---- Requests out -------------------------------------------------------------------------------------------------

void Replica::complete(RequestId id, std::int64_t held_tokens) {
  leaves(id, held_tokens);
  hold_admission_ = false;
  const InFlight& request = service_.pool_[id];
  goes(request);
  queue_.charge(service_.lane_of(request), 2 * std::int64_t{request.output_tokens});
  if (service_.split_ && pool_.role != PoolRole::decode) {
    service_.split_->completed(candidate_, request, service_.simulation_.now());
  }
  if (!doomed_.empty()) std::erase_if(doomed_, [id](const auto& one) { return one.first == id; });
  service_.load_changed(*this, -1, id);
  service_.ended(id, Ending::completed);
}

void Replica::go_down(std::vector<RequestId>& lost, std::vector<RequestId>& waiting) {
  const Picoseconds now = service_.simulation_.now();
  if (watch_) watch_work(false, now);
  if (state_ == State::decoding && !sending_) {
    const std::int64_t done = segment_.steps_ended_by(now);
    count_sending(done);
    if (done > 0 && has_copies()) {
      decode_copies(segment_, done);
    } else if (done > 0) {
      after_decode_steps(segment_, done);
    }
  }
  if (sending_) service_.setup_.fabric->cancel_ring_step(*ring_);
  sending_ = false;
  send_at_mean_rate(0.0, 1.0);
  const std::size_t lost_before = lost.size(), waiting_before = waiting.size();  // of replicas before this one
  each_copy([&] {
    for (const RequestId id : batch_->members()) {
      batch_->remove(id);
      if (watch_) watch_leave(id);
      InFlight& request = service_.pool_[id];
      if (request.joined_step != batch_->steps()) request.last_token = last_step_end_;
      lost.push_back(id);
    }
    lost.insert(lost.end(), prompts_.begin(), prompts_.end());
    prompts_.clear();
    lost.insert(lost.end(), received_.begin(), received_.end());
    received_.clear();
    lost.insert(lost.end(), fetching_.begin(), fetching_.end());
    fetching_.clear();
    if (cache_) cache_lost();
    std::fill(running_at_level_.begin(), running_at_level_.end(), 0);
    chunks_.clear();
    fresh_.clear();
    empty_queue(waiting);
    prompt_tokens_ = 0;
    used_blocks_ = 0;
    held_since_step_ = -1;
    hold_admission_ = false;
    look_again_ = false;
    adapters_.clear();
    loading_ = 0;
  });
  if (swap_) {
    swap_->forget_all();
    for (std::size_t i = lost_before; i < lost.size(); ++i) swapped_tokens(lost[i]) = 0;
  }
  doomed_.clear();
  composition_changed_ = true;
  for (std::size_t i = lost_before; i < lost.size(); ++i) service_.load_changed(*this, -1, lost[i]);
  for (std::size_t i = waiting_before; i < waiting.size(); ++i) service_.load_changed(*this, -1, waiting[i]);
  service_.went_down(*this);
  is_draining_ = false;
  if (service_.handover_) service_.handover_->replica_down(*this, lost);
  each_copy([this] {
    handing_over_.clear();
    expected_.clear();
  });
  if (state_ == State::prompt_step) note_prompt_time(now - step_start_);
  if (state_ == State::decoding) note_decode_time(now - segment_.start);
  up_time_ += now - up_since_;
  service_.simulation_.cancel_timer(timer_);
  set_gpu_power(pool_.idle_gpu_power_w);
  state_ = State::down;
  if (turns_ != nullptr) turns_->go_down(place_);
  if (watch_) {
    watch_levels();
    watch_state(metrics::ReplicaState::down);
  }
}

/// Of the copy that it works on.
void Replica::empty_queue(std::vector<RequestId>& waiting) {
  const Picoseconds now = service_.simulation_.now();
  service_.stats_.waiting_changed(-queue_.size(), now);
  while (!queue_.empty()) {
    const RequestId id = queue_.pop_front(service_.pool_);
    if (swap_) forget_swapped(id);
    goes(service_.pool_[id]);
    waiting.push_back(id);
  }
  note_blocked(Blocked::by_nothing, now);
  waiting_tokens_ = 0;
}

void Replica::drain(std::vector<RequestId>& waiting) {
  const std::size_t before = waiting.size();
  is_draining_ = true;
  service_.set_in_service(*this, false);
  each_copy([&] { empty_queue(waiting); });
  for (std::size_t i = before; i < waiting.size(); ++i) service_.load_changed(*this, -1, waiting[i]);
  if (state_ == State::idle) wake();
}

bool Replica::is_empty() const {
  return over_copies([](const CopyState& copy) { return copy.is_empty() ? 0 : 1; }) == 0;
}

void Replica::set_model(ServedModel& model) {
  if (&model == model_) return;
  peak_share_ = peak_share();
  each_copy([this] {
    peak_blocks_ = 0;
    last_step_end_ = 0;
    if (cache_) retired_caches_.push_back(std::move(cache_));
  });
  if (swap_) retired_swaps_.push_back(std::move(swap_));
  model_ = &model;
  full_costs_ = costs_ = &model.costs();
  each_copy([this] {
    make_batch();
    if (model_->profile().prefix_cache && service_.keeps_prefixes_) make_cache();
  });
  if (model_->profile().swaps) make_swap_space();
}

void Replica::come_up() {
  lost_ring_ = false;
  up_since_ = service_.simulation_.now();
  settle_energy(service_.simulation_.now());
  state_ = State::idle;
  if (has_copies()) begin_balance();
  if (turns_ != nullptr) turns_->come_up(place_);
  set_gpu_power(model_->waiting_gpu_power_w());
  if (watch_) watch_state(metrics::ReplicaState::in_service);
  service_.came_up(*this);
}

/// From a date on, not before the last one.
void Replica::note_blocked(Blocked reason, Picoseconds from) {
  if (reason == blocked_) return;
  const Picoseconds since = std::max(from, blocked_since_);
  blocked_time_[static_cast<std::size_t>(blocked_)] += since - blocked_since_;
  blocked_ = reason;
  blocked_since_ = since;
}

void Replica::note_blocks(std::int64_t used) {
  peak_blocks_ = std::max(peak_blocks_, used);
  service_.stats_.kv_used(used);
}

void Replica::settle_at_end(Picoseconds end) {
  if (watch_) watch_work(false, end);
  service_.finished_.clear();
  each_copy([this, end] { note_blocked(Blocked::count, end); });
  if (state_ == State::prompt_step) note_prompt_time(end - step_start_);
  if (state_ == State::decoding) note_decode_time(end - segment_.start);
  if (is_up()) up_time_ += end - up_since_;
  if (state_ == State::decoding && !sending_) {
    const std::int64_t done = segment_.steps_ended_by(end);
    count_sending(done);
    if (has_copies()) {
      book_copies(segment_, done);
    } else {
      book_decode_steps(segment_, done);
    }
  }
  settle_energy(end);
  if (turns_ != nullptr) turns_->finish(place_, end);
  if (watch_ && watch_->requests) watch_end();
}

// ---- Power --------------------------------------------------------------------------------------------------------

void Replica::settle_energy(Picoseconds now) {
  // What the GPUs of a replica that is down draw belongs to nobody.
  if (state_ != State::down && has_boards_)
    gpu_energy_ += static_cast<Femtojoules>(gpu_power_) * gpus_ * (now - power_since_);
  power_since_ = now;
}

void Replica::set_gpu_power(double watts_per_gpu) {
  const Picoseconds now = service_.simulation_.now();
  const Milliwatts power = to_milliwatts(watts_per_gpu);
  if (power == gpu_power_ || !has_boards_) return;
  settle_energy(now);
  if (slices_.size() == 1) {  // the slice itself need not be in the cache
    service_.facility_.add_gpu_power(first_node_, gpus_ * (power - gpu_power_), now);
  } else {
    for (const placement::Slice& slice : slices_) {
      service_.facility_.add_gpu_power(slice.node, slice.gpus * (power - gpu_power_), now);
    }
  }
  gpu_power_ = power;
}

std::string Replica::describe() const {
  static constexpr const char* kStates[] = {
      "idle", "about to form a step", "waiting for its turn", "in a prompt step", "decoding", "down"};
  if (!is_up()) return fmt::format("{} replica {} is down", service_.setup_.name, index_);
  const auto all = [this](const auto& size) {
    return over_copies([&size](const CopyState& copy) { return static_cast<std::int64_t>(size(copy)); });
  };
  std::string text = fmt::format(
      "{} replica {} is {}: {} waiting, {} prompts, {} decoding, {} of {} KV blocks used", service_.setup_.name, index_,
      kStates[static_cast<int>(state_)], waiting(), all([](const CopyState& copy) { return copy.prompts_.size(); }),
      all([](const CopyState& copy) { return copy.batch_->size(); }), all_used_blocks(), model_->kv_blocks());
  const auto add = [&text](std::int64_t count, const char* what) {
    if (count > 0) text += fmt::format(", {} {}", count, what);
  };
  add(all([](const CopyState& copy) { return copy.fetching_.size(); }), "fetched from lower tiers");
  add(all([](const CopyState& copy) { return copy.expected_.size(); }), "expected from prefill replicas");
  add(all([](const CopyState& copy) { return copy.received_.size(); }), "received from them");
  add(all([](const CopyState& copy) { return copy.handing_over_.size(); }), "kept for decode replicas");
  add(std::ssize(doomed_), "to end with the step");
  if (is_cut_off()) text += ", cut off between its domains";
  return text;
}

bool Replica::is_clear() const {
  const std::int64_t left = over_copies([](const CopyState& copy) {
    const bool no_levels = std::all_of(copy.running_at_level_.begin(), copy.running_at_level_.end(),
                                       [](std::int32_t count) { return count == 0; });
    const bool clear = copy.is_empty() && no_levels && copy.used_blocks() == 0 && copy.waiting_tokens_ == 0;
    return clear ? 0 : 1;
  });
  return left == 0 && doomed_.empty();
}

}  // namespace tokenworks::jobs
