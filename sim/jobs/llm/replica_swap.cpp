// Preemption by swapping: a decoding request that gives way leaves a copy of its keys and values in host memory, and
// goes on from there. Its blocks are free at once, for the copy overlaps with what its successors compute.
#include <algorithm>

#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

void Replica::make_swap_space() {
  const batching::EngineProfile& profile = model_->profile();
  const Bytes block = model_->kv_bytes_per_token() * static_cast<double>(profile.kv_block_tokens);
  swap_ =
      std::make_unique<SwapSpace>(SwapSpace::Setup{.fabric = service_.setup_.fabric,
                                                   .slices = slices_,
                                                   .block_bytes = block,
                                                   .blocks = static_cast<std::int64_t>(profile.swap_room / block),
                                                   .on_read = [this](RequestId request) { on_swapped_in(request); }});
}

std::int32_t& Replica::swapped_tokens(RequestId id) {
  return service_.details_[service_.pool_[id].details].swapped_tokens;
}

/// Of a request that has given way and held so many tokens; where there is no room for them it will compute them again.
void Replica::swap_out(RequestId id, std::int64_t held_tokens) {
  const std::int64_t blocks = blocks_for(held_tokens);
  if (!swap_->has_room_for(blocks)) return;
  swap_->write(id, blocks);
  swapped_tokens(id) = static_cast<std::int32_t>(held_tokens);
  service_.swapped_out_tokens_ += held_tokens;
}

/// Takes the request at the head of the queue, whose keys and values are in host memory; false when there are no blocks
/// for them and its next step.
bool Replica::swap_in(RequestId id) {
  InFlight& request = service_.pool_[id];
  const std::int64_t held = swapped_tokens(id);
  const std::int64_t next = blocks_taken(request, held + model_->decode_tokens(1));
  if (used_blocks() + promised_blocks() + next > model_->copy_blocks()) return false;
  take_from_queue(id);
  request.prompt_done = static_cast<std::int32_t>(held);
  used_blocks_ += blocks_taken(request, held);
  evict_what_does_not_fit();
  fetching_.push_back(id);
  count_level(id, -1);
  swap_->read(id);
  return true;
}

/// It goes on decoding with the next step.
void Replica::on_swapped_in(RequestId id) {
  const OnCopy on(*this, copy_of(id));
  service_.swapped_in_tokens_ += swapped_tokens(id);
  swapped_tokens(id) = 0;
  std::erase(fetching_, id);
  count_level(id, +1);
  received_.push_back(id);
  if (!doomed_.empty() && is_between_steps()) withdraw_doomed();
  wake();
}

/// A request that waited here ends, or goes elsewhere.
void Replica::forget_swapped(RequestId id) {
  if (swapped_tokens(id) > 0) swap_->forget(id);
  swapped_tokens(id) = 0;
}

}  // namespace tokenworks::jobs
