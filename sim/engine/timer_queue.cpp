#include "sim/engine/timer_queue.hpp"

#include <algorithm>

namespace tokenworks::engine {

TimerId TimerQueue::add(Rank rank) {
  position_.push_back(kOut);
  rank_.push_back(rank);
  return static_cast<TimerId>(position_.size() - 1);
}

void TimerQueue::place(std::uint32_t position, const Entry& entry) {
  heap_[position] = entry;
  position_[entry.timer] = position;
}

void TimerQueue::sift_up(std::uint32_t position, const Entry& entry) {
  while (position > 0) {
    const std::uint32_t parent = (position - 1) / 4;
    if (!entry.before(heap_[parent])) break;
    place(position, heap_[parent]);
    position = parent;
  }
  place(position, entry);
}

void TimerQueue::sift_down(std::uint32_t position, const Entry& entry) {
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    const std::uint32_t first_child = 4 * position + 1;
    if (first_child >= size) break;
    std::uint32_t least = first_child;
    const std::uint32_t end = first_child + 4 < size ? first_child + 4 : size;
    for (std::uint32_t child = first_child + 1; child < end; ++child) {
      if (heap_[child].before(heap_[least])) least = child;
    }
    if (!heap_[least].before(entry)) break;
    place(position, heap_[least]);
    position = least;
  }
  place(position, entry);
}

void TimerQueue::set(TimerId timer, Picoseconds at) {
  const Entry entry{at, rank_[timer], timer};
  const std::uint32_t position = position_[timer];
  if (position == kOut) {
    heap_.push_back(entry);
    sift_up(static_cast<std::uint32_t>(heap_.size() - 1), entry);
  } else if (entry.before(heap_[position])) {
    sift_up(position, entry);
  } else {
    sift_down(position, entry);
  }
}

void TimerQueue::cancel(TimerId timer) {
  const std::uint32_t position = position_[timer];
  if (position == kOut) return;
  position_[timer] = kOut;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.timer == timer) return;
  if (position > 0 && last.before(heap_[(position - 1) / 4])) {
    sift_up(position, last);
  } else {
    sift_down(position, last);
  }
}

TimerId TimerQueue::second() const {
  if (heap_.size() == 1) return heap_.front().timer;
  std::size_t least = 1;
  const std::size_t end = std::min<std::size_t>(5, heap_.size());
  for (std::size_t child = 2; child < end; ++child) {
    if (heap_[child].before(heap_[least])) least = child;
  }
  return heap_[least].timer;
}

TimerId TimerQueue::pop() {
  const TimerId timer = heap_.front().timer;
  position_[timer] = kOut;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.timer != timer) sift_down(0, last);
  return timer;
}

}  // namespace tokenworks::engine
