// GPUs that go on drawing power for a while after their work has ended, so that the grid sees no cliff: the power floor
// of models/power/power_smoothing.hpp, node by node.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "sim/engine/time.hpp"
#include "sim/resources/it_load.hpp"

namespace tokenworks::resources {

class PowerFloors {
 public:
  /// At first all GPUs draw their idle power, and no floor is held.
  PowerFloors(const std::vector<RackGroup>& groups, const ItLoad& racks);

  /// What the GPUs of `node` draw more when their work asks for `delta` more.
  Milliwatts add(std::int64_t node, Milliwatts delta, Picoseconds now);
  /// A node goes off: what its GPUs draw more (0 or less), its floor being dropped.
  Milliwatts drop(std::int64_t node);
  /// When the next floor may end; kNever: none is held.
  Picoseconds next_end() const;
  /// A node whose floor ends by `now`, and what it draws more from then on; call until there is none.
  std::optional<std::pair<std::int64_t, Milliwatts>> end_one(Picoseconds now);
  /// Drawn by a group beyond what its work asks for.
  Milliwatts extra(std::size_t group) const { return groups_[group].extra; }

 private:
  struct Group {
    Milliwatts floor = 0;  // of a node; 0: none
    Picoseconds hold = 0;
    Milliwatts extra = 0;
    std::deque<std::pair<Picoseconds, std::int64_t>> ends;  // by date, since all hold for as long; some are outdated
  };
  struct Node {
    Milliwatts asked = 0;
    Picoseconds until = -1;  // its floor is held; below 0: it is not
    std::uint32_t group = 0;
    // As it was before the changes of the last date, whose order does not matter.
    Picoseconds changed_at = -1;
    Milliwatts asked_before = 0;
    Picoseconds until_before = -1;
  };
  Milliwatts extra_of(const Node& node) const { return node.until < 0 ? 0 : groups_[node.group].floor - node.asked; }

  std::vector<Group> groups_;
  std::vector<Node> nodes_;
};

}  // namespace tokenworks::resources
