#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tokenworks::routing {

/// A set of small numbers: a bit each, and a summary bit for each word, so that the next member is found in a few
/// steps.
class NumberSet {
 public:
  explicit NumberSet(std::size_t size) : words_((size + 63) / 64), summary_((words_.size() + 63) / 64) {}

  bool contains(std::size_t number) const { return (words_[number / 64] & bit(number)) != 0; }
  /// Precondition: not a member.
  void insert(std::size_t number) {
    words_[number / 64] |= bit(number);
    summary_[number / 4096] |= bit(number / 64);
    ++count_;
  }
  /// Precondition: a member.
  void erase(std::size_t number) {
    words_[number / 64] &= ~bit(number);
    if (words_[number / 64] == 0) summary_[number / 4096] &= ~bit(number / 64);
    --count_;
  }
  bool empty() const { return count_ == 0; }

  /// The first member >= `from`, or else the first of all. Precondition: not empty.
  std::size_t next_cyclic(std::size_t from) const {
    const std::size_t found = next(from);
    return found != kNone ? found : next(0);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  static std::uint64_t bit(std::size_t number) { return std::uint64_t{1} << (number % 64); }
  static std::uint64_t from_bit(std::size_t number) { return ~std::uint64_t{0} << (number % 64); }

  std::size_t next(std::size_t from) const {
    const std::size_t word = from / 64;
    if (word >= words_.size()) return kNone;
    if (const std::uint64_t rest = words_[word] & from_bit(from)) return word * 64 + lowest(rest);
    const std::size_t after = word + 1;
    for (std::size_t s = after / 64; s < summary_.size(); ++s) {
      const std::uint64_t rest = s == after / 64 ? summary_[s] & from_bit(after) : summary_[s];
      if (rest == 0) continue;
      const std::size_t found = s * 64 + lowest(rest);
      return found * 64 + lowest(words_[found]);
    }
    return kNone;
  }
  static std::size_t lowest(std::uint64_t bits) { return static_cast<std::size_t>(std::countr_zero(bits)); }

  std::vector<std::uint64_t> words_, summary_;
  std::size_t count_ = 0;
};

}  // namespace tokenworks::routing
