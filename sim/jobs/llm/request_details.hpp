// What only some requests have: content that others share, a session, a history. Kept apart from what every step
// touches.
#pragma once

#include <cstdint>
#include <vector>

#include "models/workload/content.hpp"
#include "sim/engine/time.hpp"
#include "sim/jobs/llm/prefix_cache.hpp"

namespace tokenworks::jobs {

struct RequestDetails {
  std::vector<workload::ContentRun> runs;
  std::int64_t content_tokens = 0, space = 0;
  std::int32_t unit_tokens = 1;
  std::int32_t tag = 0;
  std::int64_t session = 0;
  std::int64_t number = 0;         ///< counts the requests of its service, in the order in which they reached it
  std::int32_t cached_tokens = 0;  ///< of the prompt, when it was first computed
  std::int32_t preemptions = 0;
  std::int32_t lane = 0;            ///< class of service and tenant
  std::int32_t adapter = -1;        ///< of its service's; -1: none
  std::int32_t swapped_tokens = 0;  ///< whose keys and values are in host memory, since it had to give way
  bool gives_up = false;            ///< its client leaves when the answer has got so far: it ends as cancelled
  PrefixCache::Pin pin{};           ///< what it shares with others
  std::int32_t passage = -1;        ///< on its way from a prefill replica to a decode replica; -1: it is not
  std::int32_t replica = -1;        ///< that serves it or did last
  std::int32_t copy = 0;            ///< of that replica's attention
  std::int32_t decode_copy = 0;     ///< of a decode replica's, which may have been chosen before the prompt is computed
  Femtojoules gpu_energy = 0;

  workload::Content content() const { return {runs, unit_tokens, content_tokens, space}; }
};

class DetailsPool {
 public:
  std::int32_t add() {
    if (free_.empty()) {
      details_.emplace_back();
      return static_cast<std::int32_t>(details_.size() - 1);
    }
    const std::int32_t place = free_.back();
    free_.pop_back();
    return place;
  }
  void remove(std::int32_t place) {
    RequestDetails& gone = (*this)[place];
    std::vector<workload::ContentRun> runs = std::move(gone.runs);  // keeps its memory
    runs.clear();
    gone = {};
    gone.runs = std::move(runs);
    free_.push_back(place);
  }
  RequestDetails& operator[](std::int32_t place) { return details_[static_cast<std::size_t>(place)]; }
  const RequestDetails& operator[](std::int32_t place) const { return details_[static_cast<std::size_t>(place)]; }

 private:
  std::vector<RequestDetails> details_;
  std::vector<std::int32_t> free_;
};

}  // namespace tokenworks::jobs
