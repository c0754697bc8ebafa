// How a replica uses its prefix cache: what a new prompt finds there, what is kept of what was computed, and what
// leaves.
#include <algorithm>

#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

workload::Content Replica::content_of(const InFlight& request) const {
  if (!cache_ || request.details < 0) return {};
  return service_.details_[request.details].content();
}

/// At least one token of a prompt is computed, for its answer's first token comes out of that.
Found Replica::find_cached(const InFlight& request) const {
  const workload::Content content = content_of(request);
  if (content.empty() || request.prompt_done > 0) return {};
  const std::int64_t most = std::min<std::int64_t>(content.tokens, request.prompt_target() - 1);
  const PrefixCache::Match match = cache_->match(content, most);
  Found found{match.tokens[0], match.unpinned_blocks, match.tokens[0]};
  // Without room it waits, and what it would cost to compute is nobody's question yet.
  const std::int64_t held = found.in_gpu_memory / cache_->block_tokens() - found.unpinned_blocks;
  const std::int64_t wanted = blocks_taken(request, request.prompt_target()) - held;
  if (used_blocks() + promised_blocks() + wanted > model_->copy_blocks()) return found;
  const KvTiers& tiers = cache_->tiers();
  const double token_bytes = cache_->block_bytes().value / static_cast<double>(cache_->block_tokens());
  Picoseconds fetching = 0;
  for (std::size_t t = 0; t < tiers.tiers.size(); ++t) {
    const std::int64_t tokens = match.tokens[t + 1] - match.tokens[t];
    if (tokens == 0) continue;
    const KvTier& tier = tiers.tiers[t];
    const double bandwidth = tier.bandwidth.value / static_cast<double>(model_->copies());  // of the GPUs of a copy
    fetching += tier.latency + to_picoseconds(static_cast<double>(tokens) * token_bytes / bandwidth);
    if (!tiers.fetch_always && fetching >= model_->prompt_time(found.in_gpu_memory, match.tokens[t + 1])) continue;
    found.with_fetch = match.tokens[t + 1];
  }
  return found;
}

std::int64_t Replica::pinned_of(const InFlight& request) const {
  if (!cache_ || request.details < 0) return 0;
  return service_.details_[request.details].pin.tokens() / cache_->block_tokens();
}

/// What was computed of a request's content becomes the cache's; the request goes on holding it.
void Replica::keep(InFlight& request, std::int64_t tokens) {
  const workload::Content content = content_of(request);
  if (content.empty()) return;
  PrefixCache::Pin& pin = service_.details_[request.details].pin;
  const std::int64_t length = cache_->block_tokens();
  const std::int64_t known = std::min(tokens, content.tokens) / length * length;
  if (known <= pin.tokens()) return;
  const PrefixCache::Extended extended = cache_->extend(pin, content, known);
  used_blocks_ -= extended.inserted + extended.present;
  cache_->write_through(extended.inserted);
}

void Replica::let_go(InFlight& request) {
  if (!cache_ || request.details < 0) return;
  cache_->release(service_.details_[request.details].pin);
}

void Replica::evict_what_does_not_fit() {
  if (!cache_) return;
  const std::int64_t over = used_blocks_ + cache_->gpu_blocks() - model_->copy_blocks();
  if (over > 0) cache_->evict(over);
}

/// The request shares what the cache has of its beginning.
void Replica::begin_with(InFlight& request, std::int64_t tokens) {
  RequestDetails& details = service_.details_[request.details];
  details.pin = cache_->pin(details.content(), tokens);
  note_cached(request, tokens);
}

void Replica::note_cached(InFlight& request, std::int64_t tokens) {
  request.prompt_done = static_cast<std::int32_t>(tokens);
  RequestDetails& details = service_.details_[request.details];
  // What it computed itself before it was preempted is not found by luck.
  if (request.first_token < 0 && details.preemptions == 0) details.cached_tokens = request.prompt_done;
}

/// The prompt's beginning is read from lower tiers; what is left of it is computed when that is there. False when
/// making room for it has pushed it out.
bool Replica::start_fetch(RequestId id, const Found& found) {
  InFlight& request = service_.pool_[id];
  RequestDetails& details = service_.details_[request.details];
  const workload::Content content = details.content();
  const std::int64_t length = cache_->block_tokens();
  details.pin = cache_->pin(content, found.in_gpu_memory);
  const std::int64_t coming = found.with_fetch / length - pinned_of(request);
  const std::int64_t over = used_blocks_ + cache_->gpu_blocks() + coming - model_->copy_blocks();
  if (over > 0) cache_->evict(over);
  const PrefixCache::ByTier blocks = cache_->fetch(details.pin, content, found.with_fetch);
  note_cached(request, details.pin.tokens());
  if (request.prompt_done > 0) used_blocks_ += blocks_taken(request, request.prompt_done) - pinned_of(request);
  evict_what_does_not_fit();
  if (blocks[1] + blocks[2] == 0) return false;
  fetching_.push_back(id);
  count_level(id, -1);
  cache_->read(id, blocks);
  return true;
}

void Replica::on_fetched(RequestId id) {
  const OnCopy on(*this, copy_of(id));
  std::erase(fetching_, id);
  count_level(id, +1);
  prompts_.push_back(id);
  if (!doomed_.empty() && is_between_steps()) withdraw_doomed();
  wake();
}

void Replica::make_cache() {
  ReplicaCache::Setup setup;
  setup.tree.block_tokens = model_->profile().kv_block_tokens;
  setup.block_bytes = model_->kv_bytes_per_token() * static_cast<double>(setup.tree.block_tokens);
  setup.tiers = &pool_.tiers;
  for (const KvTier& tier : pool_.tiers.tiers) {
    const double room = tier.room.value / static_cast<double>(model_->copies());
    setup.tree.tier_blocks.push_back(static_cast<std::int64_t>(room / setup.block_bytes.value));
  }
  setup.fabric = service_.setup_.fabric;
  setup.slices = slices_;
  setup.when_scheduled = model_->profile().shares_when_scheduled;
  setup.on_read = [this](RequestId request) { on_fetched(request); };
  cache_ = std::make_unique<ReplicaCache>(std::move(setup));
}

/// The replica has lost its memory, the host's and what is known of its drives included.
void Replica::cache_lost() {
  cache_->abandon_reads();
  cache_->clear(PrefixCache::Lost::everything);
}

}  // namespace tokenworks::jobs
