#include "sim/resources/power_floors.hpp"

#include <algorithm>

namespace tokenworks::resources {

PowerFloors::PowerFloors(const std::vector<RackGroup>& groups, const ItLoad& racks)
    : groups_(groups.size()), nodes_(static_cast<std::size_t>(racks.nodes())) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (!groups[g].smoothing) continue;
    const power::SmoothingSpec& spec = *groups[g].smoothing;
    groups_[g].hold = to_picoseconds(spec.floor_hold.value);
    groups_[g].floor = to_milliwatts(groups[g].gpu_max_power_w * spec.floor_share) * groups[g].kind.gpus_per_node;
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const std::size_t g = racks.group_of(static_cast<std::int64_t>(i));
    nodes_[i].group = static_cast<std::uint32_t>(g);
    nodes_[i].asked = to_milliwatts(groups[g].gpu_idle_power_w) * groups[g].kind.gpus_per_node;
  }
}

Milliwatts PowerFloors::add(std::int64_t number, Milliwatts delta, Picoseconds now) {
  Node& node = nodes_[static_cast<std::size_t>(number)];
  Group& group = groups_[node.group];
  const Milliwatts before = extra_of(node);
  if (node.changed_at != now) {
    node.changed_at = now;
    node.asked_before = node.asked;
    node.until_before = node.until;
  }
  node.asked += delta;
  if (node.asked >= group.floor) {
    node.until = -1;
  } else if (node.asked_before < group.floor) {
    node.until = node.until_before;
  } else if (group.hold > 0 && node.until != now + group.hold) {
    node.until = now + group.hold;
    group.ends.emplace_back(node.until, number);
  }
  const Milliwatts more = extra_of(node) - before;
  group.extra += more;
  return delta + more;
}

Milliwatts PowerFloors::drop(std::int64_t number) {
  Node& node = nodes_[static_cast<std::size_t>(number)];
  const Milliwatts extra = extra_of(node);
  node.until = node.until_before = -1;
  groups_[node.group].extra -= extra;
  return -extra;
}

Picoseconds PowerFloors::next_end() const {
  Picoseconds next = kNever;
  for (const Group& group : groups_) {
    if (!group.ends.empty()) next = std::min(next, group.ends.front().first);
  }
  return next;
}

std::optional<std::pair<std::int64_t, Milliwatts>> PowerFloors::end_one(Picoseconds now) {
  for (Group& group : groups_) {
    while (!group.ends.empty() && group.ends.front().first <= now) {
      const auto [at, number] = group.ends.front();
      group.ends.pop_front();
      if (nodes_[static_cast<std::size_t>(number)].until != at) continue;  // dropped or held anew since
      return std::pair(number, drop(number));
    }
  }
  return std::nullopt;
}

}  // namespace tokenworks::resources
