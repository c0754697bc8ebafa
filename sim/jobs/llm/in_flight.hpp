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
struct InFlight {
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
  RequestId next = kNoRequest;   ///< in its replica's queue
  std::int32_t owner = 0;        ///< who hears of its end; says its class and tenant

  /// Tokens that must be prefilled before the next one comes out: a preempted request computes its own answer again.
  std::int32_t prompt_target() const { return input_tokens + generated; }
};

static_assert(sizeof(InFlight) == 64, "a line of the cache: millions of requests pass through it");

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

/// First in, first out, by links through the pool; a preempted request goes back to the front.
class RequestQueue {
 public:
  bool empty() const { return head_ == kNoRequest; }
  std::int64_t size() const { return size_; }
  RequestId front() const { return head_; }
  void push_back(InFlightPool& pool, RequestId id) {
    pool[id].next = kNoRequest;
    if (tail_ == kNoRequest) {
      head_ = id;
    } else {
      pool[tail_].next = id;
    }
    tail_ = id;
    ++size_;
  }
  void push_front(InFlightPool& pool, RequestId id) {
    pool[id].next = head_;
    if (head_ == kNoRequest) tail_ = id;
    head_ = id;
    ++size_;
  }
  RequestId pop_front(const InFlightPool& pool) {
    const RequestId id = head_;
    head_ = pool[id].next;
    if (head_ == kNoRequest) tail_ = kNoRequest;
    --size_;
    return id;
  }
  /// Takes a request out wherever it stands; false when it is not in this queue. Costs its distance from the front.
  bool remove(InFlightPool& pool, RequestId id) {
    RequestId before = kNoRequest;
    for (RequestId at = head_; at != kNoRequest; before = at, at = pool[at].next) {
      if (at != id) continue;
      (before == kNoRequest ? head_ : pool[before].next) = pool[at].next;
      if (tail_ == at) tail_ = before;
      --size_;
      return true;
    }
    return false;
  }

 private:
  RequestId head_ = kNoRequest, tail_ = kNoRequest;
  std::int64_t size_ = 0;
};

}  // namespace tokenworks::jobs
