// What a replica knows of one copy of its attention. Each copy is a scheduler of its own: its queue, its blocks and
// their cache, the requests that run on it. A replica with one copy, as nearly all are, has this in place; one with
// several works on them in turn, and keeps the others aside (replica_copies.cpp).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "sim/jobs/llm/adapter_slots.hpp"
#include "sim/jobs/llm/decode_batch.hpp"
#include "sim/jobs/llm/in_flight.hpp"
#include "sim/jobs/llm/replica_cache.hpp"
#include "sim/jobs/llm/replica_watch.hpp"
#include "sim/jobs/llm/waiting_line.hpp"

namespace tokenworks::jobs {

/// What keeps the first of a queue from being admitted.
enum class Blocked : std::uint8_t {
  by_nothing,    ///< nobody waits
  by_sequences,  ///< as many run as may
  by_kv_memory,  ///< there are no blocks
  by_compute,    ///< the step is full of tokens
  by_adapters,   ///< all places for adapters are needed
  count
};

struct CopyState {
  explicit CopyState(const LaneSetup& lanes) : queue_(lanes) {}

  /// Of a prompt, in the step under way.
  struct Chunk {
    RequestId request;
    std::int32_t start, end;
  };
  /// What a step that has been formed holds.
  enum class Formed : std::uint8_t { nothing, prompts, prompts_with_decodes, decodes };

  std::unique_ptr<DecodeBatch> batch_;
  bool with_decodes_ = false;    // the prompt step under way carries the decoding batch along
  bool look_again_ = false;      // after the step under way: what it did may let others in
  bool hold_admission_ = false;  // after a retraction, until a request ends
  WaitingLine queue_;
  std::vector<RequestId> prompts_;  // admitted, prompt not finished, in order of admission
  std::vector<Chunk> chunks_;       // of the step under way
  std::vector<Picoseconds> fresh_;  // dates of the last token of members that joined since the last decode step
  Picoseconds last_step_end_ = 0;   // of the last decode step
  std::int64_t used_blocks_ = 0;
  std::int64_t held_since_step_ = -1;  // batch wait: decode step at which a prompt was first held back
  std::int64_t waiting_tokens_ = 0;    // prompt tokens in the queue
  std::int64_t peak_blocks_ = 0;
  Blocked blocked_ = Blocked::by_nothing;
  Picoseconds blocked_since_ = 0;
  std::array<Picoseconds, static_cast<std::size_t>(Blocked::count)> blocked_time_{};
  std::unique_ptr<ReplicaCache> cache_;         // null: nothing is kept of what has ended
  std::vector<RequestId> expected_;             // whose caches are on their way from prefill replicas
  std::vector<RequestId> received_;             // that decode from the next step on
  std::vector<RequestId> handing_over_;         // prompts that were computed for decode replicas
  std::vector<RequestId> fetching_;             // admitted; their beginning is on its way from a lower tier
  std::vector<std::int32_t> running_at_level_;  // that can give way; empty: all requests are of one level
  DecodeEnergy decode_energy_;                  // watched
  AdapterSlots adapters_;                       // without places where the service has none
  Picoseconds loading_ = 0;                     // of adapters, for which the next step waits
  // Of several copies.
  Formed formed_ = Formed::nothing;
  std::int64_t prompt_tokens_ = 0;     // of all requests that are here
  std::vector<FinishedDecode> ended_;  // with the step under way

  bool is_empty() const { return queue_.empty() && sequences_taken() == 0 && handing_over_.empty(); }
  std::int64_t running() const {
    return batch_->size() + static_cast<std::int64_t>(prompts_.size() + fetching_.size());
  }
  /// With those that come from prefill replicas.
  std::int64_t sequences_taken() const {
    return running() + static_cast<std::int64_t>(expected_.size() + received_.size());
  }
  /// Blocks that requests hold, those that they share counted once.
  std::int64_t used_blocks() const { return used_blocks_ + (cache_ ? cache_->pinned_blocks() : 0); }
};

}  // namespace tokenworks::jobs
