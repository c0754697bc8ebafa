// Who of a decoding batch ends next: a heap of four children, each group of which is one line of the cache. With
// thousands of batches none is in the cache, and what a pop costs is the lines that it touches.
#pragma once

#include <boost/align/aligned_allocator.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/jobs/llm/in_flight.hpp"

namespace tokenworks::jobs {

class EndHeap {
 public:
  struct End {
    std::int64_t step;
    std::int32_t admission;
    RequestId request;
    bool before(const End& other) const { return step != other.step ? step < other.step : admission < other.admission; }
  };

  EndHeap() : ends_(kRoot) {}
  void reserve(std::size_t count) { ends_.reserve(kRoot + count); }
  bool empty() const { return ends_.size() == kRoot; }
  std::size_t size() const { return ends_.size() - kRoot; }
  const End& front() const { return ends_[kRoot]; }
  /// All, in no order.
  auto begin() const { return ends_.begin() + kRoot; }
  auto end() const { return ends_.end(); }

  void push(const End& end) {
    ends_.push_back(end);
    sift_up(ends_.size() - 1, end);
  }
  void pop() {
    const End last = ends_.back();
    ends_.pop_back();
    if (!empty()) sift_down(kRoot, last);
  }
  /// Takes out the end of a request. Precondition: it is there. Costs as much as looking at all.
  void remove(RequestId request) {
    std::size_t at = kRoot;
    while (ends_[at].request != request) ++at;
    const End last = ends_.back();
    ends_.pop_back();
    if (at == ends_.size()) return;
    if (at > kRoot && last.before(ends_[parent(at)])) {
      sift_up(at, last);
    } else {
      sift_down(at, last);
    }
  }

 private:
  // Four entries are a line. The root is the last of the first line, so its children are the second, and so on.
  static constexpr std::size_t kRoot = 3;
  static std::size_t parent(std::size_t at) { return (at - kRoot - 1) / 4 + kRoot; }
  static std::size_t first_child(std::size_t at) { return 4 * (at - kRoot) + 1 + kRoot; }

  void sift_up(std::size_t at, const End& end) {
    while (at > kRoot && end.before(ends_[parent(at)])) {
      ends_[at] = ends_[parent(at)];
      at = parent(at);
    }
    ends_[at] = end;
  }
  void sift_down(std::size_t at, const End& end) {
    for (;;) {
      const std::size_t first = first_child(at);
      if (first >= ends_.size()) break;
      const std::size_t past = first + 4 < ends_.size() ? first + 4 : ends_.size();
      std::size_t least = first;
      for (std::size_t child = first + 1; child < past; ++child) {
        if (ends_[child].before(ends_[least])) least = child;
      }
      if (!ends_[least].before(end)) break;
      ends_[at] = ends_[least];
      at = least;
    }
    ends_[at] = end;
  }

  static_assert(sizeof(End) == 16);
  std::vector<End, boost::alignment::aligned_allocator<End, 64>> ends_;
};

}  // namespace tokenworks::jobs
