// The lowest of the values whose keys (dates, numbers) are in a window that moves on: each value is added and dropped
// once.
#pragma once

#include <deque>
#include <utility>

namespace tokenworks {

template <class Key, class Value>
class SlidingLowest {
 public:
  /// Keys rise.
  void add(Key key, Value value) {
    while (!values_.empty() && values_.back().second >= value) values_.pop_back();
    values_.emplace_back(key, value);
  }
  void drop_before(Key key) {
    while (!values_.empty() && values_.front().first < key) values_.pop_front();
  }
  bool empty() const { return values_.empty(); }
  /// Of a window that is not empty.
  Value lowest() const { return values_.front().second; }

 private:
  std::deque<std::pair<Key, Value>> values_;  // the lowest first, then the lowest behind it
};

}  // namespace tokenworks
