#include "sim/policies/routing/load_order.hpp"

#include <algorithm>
#include <bit>

namespace tokenworks::routing {

LoadOrder::LoadOrder(std::size_t size) : leaves_(std::bit_ceil(size)), nodes_(2 * leaves_, kOut) {}

void LoadOrder::set(std::size_t number, Key key) {
  std::size_t node = leaves_ + number;
  nodes_[node] = key;
  for (node /= 2; node > 0; node /= 2) {
    const Key least = std::min(nodes_[2 * node], nodes_[2 * node + 1]);
    if (nodes_[node] == least) return;
    nodes_[node] = least;
  }
}

std::optional<std::size_t> LoadOrder::take_least() {
  if (nodes_[1] == kOut) return std::nullopt;
  std::optional<std::size_t> found = next_least(cursor_);
  if (!found) found = next_least(0);
  cursor_ = *found + 1;
  return found;
}

std::optional<std::size_t> LoadOrder::next_least(std::size_t from) const {
  if (from >= leaves_) return std::nullopt;
  const Key least = nodes_[1];
  std::size_t node = leaves_ + from;
  if (nodes_[node] == least) return from;
  // Up until a subtree on the right holds it, then down to its first leaf.
  while (node > 1 && (node % 2 == 1 || nodes_[node + 1] != least)) node /= 2;
  if (node <= 1) return std::nullopt;
  ++node;
  while (node < leaves_) {
    node *= 2;
    if (nodes_[node] != least) ++node;
  }
  return node - leaves_;
}

}  // namespace tokenworks::routing
