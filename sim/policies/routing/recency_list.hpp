#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tokenworks::routing {

/// Small numbers in the order of their last use.
class RecencyList {
 public:
  using Slot = std::uint32_t;

  bool empty() const { return links_[kEnds].next == kEnds; }
  /// The one that was used least recently. Precondition: not empty.
  Slot back() const { return links_[kEnds].previous - 1; }
  /// Precondition: not in the list.
  void push_front(Slot slot) {
    if (links_.size() < std::size_t{slot} + 2) links_.resize(std::size_t{slot} + 2);
    const Slot link = slot + 1;
    const Slot front = links_[kEnds].next;
    links_[link] = {kEnds, front};
    links_[front].previous = link;
    links_[kEnds].next = link;
  }
  /// Precondition: in the list.
  void remove(Slot slot) {
    const Link link = links_[slot + 1];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
  }
  void move_to_front(Slot slot) {
    remove(slot);
    push_front(slot);
  }

 private:
  struct Link {
    Slot previous = kEnds;
    Slot next = kEnds;
  };
  static constexpr Slot kEnds = 0;  // the link that closes the ring; slot s has link s + 1
  std::vector<Link> links_{Link{}};
};

}  // namespace tokenworks::routing
