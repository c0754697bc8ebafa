// First in, first out; a preempted request goes back to the front. Ids stand side by side, so that who comes next can
// be fetched before it is needed: thousands may wait, and none of them is in the processor's cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/jobs/llm/in_flight.hpp"

namespace tokenworks::jobs {

/// A ring; in place while few wait, as at most replicas at most times.
class RequestQueue {
 public:
  bool empty() const { return size_ == 0; }
  std::int64_t size() const { return size_; }
  RequestId front() const { return place(0); }
  /// The one at a place from the front; kNoRequest where there is none.
  RequestId at(std::uint32_t from_front) const { return from_front < size_ ? place(from_front) : kNoRequest; }
  void push_back(RequestId id) {
    if (size_ == capacity_) grow();
    place(size_++) = id;
  }
  void push_front(RequestId id) {
    if (size_ == capacity_) grow();
    head_ = (head_ - 1) & (capacity_ - 1);
    ++size_;
    place(0) = id;
  }
  RequestId pop_front() {
    const RequestId id = place(0);
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    return id;
  }
  /// Takes a request out wherever it stands; false when it is not in this queue. Costs as much as looking at all.
  bool remove(RequestId id) {
    std::uint32_t at = 0;
    while (at < size_ && place(at) != id) ++at;
    if (at == size_) return false;
    for (; at + 1 < size_; ++at) place(at) = place(at + 1);
    --size_;
    return true;
  }

 private:
  static constexpr std::uint32_t kInPlace = 8;  // capacities are powers of two

  RequestId& place(std::uint32_t from_front) {
    const std::uint32_t at = (head_ + from_front) & (capacity_ - 1);
    return capacity_ == kInPlace ? few_[at] : many_[at];
  }
  const RequestId& place(std::uint32_t from_front) const { return const_cast<RequestQueue&>(*this).place(from_front); }
  void grow() {
    std::vector<RequestId> larger(2 * std::size_t{capacity_});
    for (std::uint32_t i = 0; i < size_; ++i) larger[i] = place(i);
    many_ = std::move(larger);
    capacity_ *= 2;
    head_ = 0;
  }

  std::uint32_t head_ = 0, size_ = 0, capacity_ = kInPlace;
  std::array<RequestId, kInPlace> few_{};
  std::vector<RequestId> many_;
};

}  // namespace tokenworks::jobs
