// First in, first out; a preempted request goes back to the front. Ids stand side by side, so that who comes next can
// be fetched before it is needed: thousands may wait, and none of them is in the processor's cache.
#pragma once

#include <algorithm>
#include <boost/circular_buffer.hpp>
#include <cstdint>

#include "sim/jobs/llm/in_flight.hpp"

namespace tokenworks::jobs {

class RequestQueue {
 public:
  bool empty() const { return ids_.empty(); }
  std::int64_t size() const { return static_cast<std::int64_t>(ids_.size()); }
  RequestId front() const { return ids_.front(); }
  /// The one at a place from the front; kNoRequest where there is none.
  RequestId at(std::size_t place) const { return place < ids_.size() ? ids_[place] : kNoRequest; }
  void push_back(RequestId id) {
    make_room();
    ids_.push_back(id);
  }
  void push_front(RequestId id) {
    make_room();
    ids_.push_front(id);
  }
  RequestId pop_front() {
    const RequestId id = ids_.front();
    ids_.pop_front();
    return id;
  }
  /// Takes a request out wherever it stands; false when it is not in this queue.
  bool remove(RequestId id) {
    const auto at = std::find(ids_.begin(), ids_.end(), id);
    if (at == ids_.end()) return false;
    ids_.erase(at);
    return true;
  }

 private:
  void make_room() {
    if (ids_.full()) ids_.set_capacity(std::max<std::size_t>(8, 2 * ids_.capacity()));
  }

  boost::circular_buffer<RequestId> ids_;
};

}  // namespace tokenworks::jobs
