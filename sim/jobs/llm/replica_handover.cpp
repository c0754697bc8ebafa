// A replica as the one end or the other of a hand-over: what a decode replica promises and receives, and what a prefill
// replica keeps until it has been taken.
#include <algorithm>

#include "sim/jobs/llm/kv_handover.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

/// Blocks in use when the step that `now` falls into has ended.
std::int64_t Replica::used_after_step(const CopyState& copy, Picoseconds now) const {
  const std::int64_t used = copy.used_blocks();
  if (state_ == State::decoding) return used + copy.batch_->blocks_of_steps(segment_.step_at(now));
  if (state_ == State::prompt_step && copy.with_decodes_) return used + copy.batch_->blocks_for_next_step();
  return used;
}

/// Of a prompt that another replica has computed: what is here already.
Found Replica::find_received(const InFlight& request) const {
  const workload::Content content = content_of(request);
  if (content.empty()) return {};
  const PrefixCache::Match match = cache_->match(content, std::min<std::int64_t>(content.tokens, request.input_tokens));
  return {match.tokens[0], match.unpinned_blocks, match.tokens[0]};
}

bool Replica::has_room_for(const InFlight& request) {
  if (!is_up() || is_draining_) return false;
  if (has_copies()) return copy_with_room(request) >= 0;
  return has_copy_room_for(request);
}

bool Replica::has_copy_room_for(const InFlight& request) const {
  // Who had to give way here goes first.
  if (!queue_.empty() && service_.pool_[queue_.front(service_.pool_)].generated > 0) return false;
  if (sequences_taken() >= model_->copy_sequences()) return false;
  if (has_adapters() && !adapters_.can_take(service_.details_[request.details].adapter)) return false;
  // What is found here counts as if it were not: that may change until the request is taken.
  return used_after_step(*this, service_.simulation_.now()) + blocks_taken(request, request.input_tokens) <=
         model_->copy_blocks();
}

PrefixCache::Pin Replica::expect(RequestId id) {
  const InFlight& request = service_.pool_[id];
  const OnCopy on(*this, has_copies() ? copy_with_room(request) : 0);
  if (has_copies()) enters(id);
  if (has_adapters()) take_adapter(id);
  PrefixCache::Pin pin;
  if (cache_) {
    const Picoseconds now = service_.simulation_.now();
    if (state_ == State::decoding) {  // what has been decoded so far takes its room first
      const std::int64_t grown = batch_->blocks_of_steps(segment_.steps_ended_by(now));
      const std::int64_t over = used_blocks_ + grown + cache_->gpu_blocks() - model_->copy_blocks();
      if (over > 0) cache_->evict(over);
    }
    if (const Found found = find_received(request); found.in_gpu_memory > 0) {
      pin = cache_->pin(content_of(request), found.in_gpu_memory);
    }
  }
  used_blocks_ += blocks_taken(request, request.input_tokens) - pin.tokens() / model_->profile().kv_block_tokens;
  evict_what_does_not_fit();
  expected_.push_back(id);
  note_blocks(used_after_step(*this, service_.simulation_.now()));          // however many steps a run of them has
  if (state_ == State::decoding) cut_decoding(service_.simulation_.now());  // there is less room for what decodes
  return pin;
}

/// Before blocks are given back in the middle of a run of steps: what the steps that have ended used.
void Replica::note_steps_so_far() {
  std::int64_t grown = 0;
  if (state_ == State::decoding) {
    grown = batch_->blocks_of_steps(segment_.step_at(service_.simulation_.now()) - 1);
  }
  note_blocks(used_blocks() + grown);
}

void Replica::expect_no_more(RequestId id, PrefixCache::Pin& pin) {
  if (!is_up()) return;
  const OnCopy on(*this, copy_of(id));
  note_steps_so_far();
  goes(service_.pool_[id]);
  if (has_adapters()) adapters_.release(adapter_of(id));
  std::erase(expected_, id);
  used_blocks_ -= blocks_taken(service_.pool_[id], service_.pool_[id].input_tokens) -
                  pin.tokens() / model_->profile().kv_block_tokens;
  if (cache_) cache_->release(pin);
  wake();
}

/// All of its cache is here: its first token comes out, and it decodes from the next step on.
void Replica::receive(RequestId id, const PrefixCache::Pin& pin) {
  InFlight& request = service_.pool_[id];
  RequestDetails& details = service_.details_[request.details];
  const Picoseconds now = service_.simulation_.now();
  const OnCopy on(*this, copy_of(id));
  note_steps_so_far();
  std::erase(expected_, id);
  received_.push_back(id);
  details.pin = pin;
  details.replica = index_;
  request.prompt_done = request.input_tokens;
  number_admission(id);
  if (cache_) {
    keep(request, request.input_tokens);
    evict_what_does_not_fit();
  }
  if (request.first_token < 0) {
    service_.prompt_computed(*this, id);
    request.first_token = now;
    service_.stats_.first_token(request, now);
  } else {  // it has started again
    service_.stats_.late_token(request, now);
  }
  request.last_token = now;
  request.generated = 1;
  wake();
}

void Replica::join_received() {
  for (const RequestId id : received_) {
    const InFlight& request = service_.pool_[id];
    batch_->join(id, request.output_tokens - request.generated);
    if (has_adapters()) adapters_.joins(adapter_of(id));
    if (watch_) watch_join(id);
    fresh_.push_back(request.last_token);
    composition_changed_ = true;
  }
  received_.clear();
}

/// The step under way: what it computes of prompts for decode replicas moves while it does.
void Replica::send_layers() {
  for (const Chunk& chunk : chunks_) {
    const std::int32_t details = service_.pool_[chunk.request].details;
    if (details < 0 || service_.details_[details].passage < 0) continue;
    service_.handover_->computing(chunk.request, chunk.start, chunk.end);
  }
}

/// A prefill replica has computed the prompt; its blocks are kept until handed_over().
void Replica::hand_over(RequestId id) {
  InFlight& request = service_.pool_[id];
  const RequestDetails& details = service_.details_[request.details];
  handing_over_.push_back(id);
  count_level(id, -1);
  goes(request);
  service_.stats_.prompt_done(request, details.cached_tokens, service_.simulation_.now());
  if (service_.prompt_watch_) service_.prompt_watch_(index_, request.input_tokens);
  service_.load_changed(*this, -1, id);
  const auto doom = std::find_if(doomed_.begin(), doomed_.end(), [id](const auto& one) { return one.first == id; });
  if (doom == doomed_.end()) return service_.handover_->prompt_done(id, *this);
  const Ending ending = doom->second;
  doomed_.erase(doom);
  handed_over(id);
  service_.ended(id, ending);
}

void Replica::handed_over(RequestId id) {
  const OnCopy on(*this, copy_of(id));
  std::erase(handing_over_, id);
  count_level(id, +1);  // leaves() takes it back
  leaves(id, service_.pool_[id].input_tokens);
  if (!queue_.empty() || is_draining_) wake();
}

}  // namespace tokenworks::jobs
