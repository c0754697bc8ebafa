// Lines of memory that an event will need, noted while they are at hand: thousands of objects take turns, and none of
// them stays in the processor's cache. What is noted may be gone by then; fetching it does no harm.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tokenworks::engine {

class CacheLines {
 public:
  void clear() { count_ = 0; }
  /// All lines from `start` on that hold `bytes` bytes; those for which there is no room are left out.
  void add(const void* start, std::size_t bytes = kLine) {
    for (std::size_t at = 0; at < bytes && count_ < lines_.size(); at += kLine) {
      lines_[count_++] = static_cast<const char*>(start) + at;
    }
  }
  void fetch() const {
    for (std::uint32_t i = 0; i < count_; ++i) __builtin_prefetch(lines_[i]);
  }

 private:
  static constexpr std::size_t kLine = 64, kMost = 14;
  std::array<const void*, kMost> lines_;
  std::uint32_t count_ = 0;
};

}  // namespace tokenworks::engine
