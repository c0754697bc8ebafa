// Replicas in the order of a load that changes: the least loaded one, and among equals the next in turn.
#pragma once

#include <compare>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

namespace tokenworks::routing {

/// A tournament: each inner node holds the lesser key of its two children. set() and take_least() cost O(log n).
class LoadOrder {
 public:
  struct Key {
    double first;
    double second;
    auto operator<=>(const Key&) const = default;
  };
  /// Of what must not be taken; as all start.
  static constexpr Key kOut{std::numeric_limits<double>::infinity(), 0.0};

  explicit LoadOrder(std::size_t size);
  void set(std::size_t number, Key key);
  /// The number of the least key; among equals the first behind the one taken before, cyclically. Nothing when all
  /// are out.
  std::optional<std::size_t> take_least();

 private:
  std::optional<std::size_t> next_least(std::size_t from) const;

  std::size_t leaves_;      // a power of two
  std::vector<Key> nodes_;  // the root is [1], the children of [i] are [2 i] and [2 i + 1], leaves are the last half
  std::size_t cursor_ = 0;
};

}  // namespace tokenworks::routing
