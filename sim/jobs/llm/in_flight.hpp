// The requests that a service holds, in one pool: their number is what memory grows with.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/engine/time.hpp"

namespace tokenworks::jobs {

/// Index of a request in its service's pool. A slot is used again after its request has ended.
using RequestId = std::int32_t;
inline constexpr RequestId kNoRequest = -1;

/// A request between arrival and end.
struct alignas(64) InFlight {
  Picoseconds arrival = 0;
  Picoseconds first_token = -1;  ///< date; -1 before it
  Picoseconds last_token = -1;   ///< date of the newest token when it joined or left the decoding batch
  std::int64_t joined_step = 0;  ///< decode step of the replica at which it joined the batch
  std::int32_t admission = 0;    ///< counts admissions of its replica; larger is later
  std::int32_t input_tokens = 0;
  std::int32_t output_tokens = 0;
  std::int32_t generated = 0;    ///< tokens produced, without those of the present stay in the batch
  std::int32_t prompt_done = 0;  ///< tokens whose keys and values are there; when it decodes: were when it joined
  std::int32_t details = -1;     ///< place among the details of requests; -1: it has none
  std::int32_t owner = 0;        ///< who hears of its end; says its class and tenant

  /// Tokens that must be prefilled before the next one comes out: a preempted request computes its own answer again.
  std::int32_t prompt_target() const { return input_tokens + generated; }
};

static_assert(sizeof(InFlight) <= 64, "a line of the cache: millions of requests pass through it");

class InFlightPool {
 public:
  RequestId add(const InFlight& request) {
    if (free_.empty()) {
      requests_.push_back(request);
      return static_cast<RequestId>(requests_.size() - 1);
    }
    const RequestId id = free_.back();
    free_.pop_back();
    requests_[static_cast<std::size_t>(id)] = request;
    return id;
  }
  void remove(RequestId id) {
    requests_[static_cast<std::size_t>(id)].owner = -1;
    free_.push_back(id);
  }
  InFlight& operator[](RequestId id) { return requests_[static_cast<std::size_t>(id)]; }
  const InFlight& operator[](RequestId id) const { return requests_[static_cast<std::size_t>(id)]; }
  /// All requests in the pool.
  std::vector<RequestId> all() const {
    std::vector<bool> is_free(requests_.size());
    for (const RequestId id : free_) is_free[static_cast<std::size_t>(id)] = true;
    std::vector<RequestId> ids;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (!is_free[i]) ids.push_back(static_cast<RequestId>(i));
    }
    return ids;
  }
  std::int64_t in_flight() const { return static_cast<std::int64_t>(requests_.size() - free_.size()); }

 private:
  std::vector<InFlight> requests_;
  std::vector<RequestId> free_;
};

}  // namespace tokenworks::jobs
