// What the parts of the factory's building share: lists in the order of names, for the order in the file must not show
// in any number.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/topology/parts.hpp"
#include "sim/policies/placement/placement.hpp"
#include "sim/resources/facility.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// Pointers to the elements, sorted by name.
template <class T, class Name>
std::vector<const T*> sorted_by_name(const std::vector<T>& list, Name name) {
  std::vector<const T*> sorted;
  for (const T& element : list) sorted.push_back(&element);
  std::sort(sorted.begin(), sorted.end(), [&](const T* a, const T* b) { return name(*a) < name(*b); });
  return sorted;
}

inline std::vector<const LlmServiceSpec*> llm_services(const ScenarioSpec& spec) {
  std::vector<const LlmServiceSpec*> list;
  for (const ServiceSpec* service : sorted_by_name(spec.services, [](const ServiceSpec& s) { return s->name; })) {
    list.push_back(&dynamic_cast<const LlmServiceSpec&>(**service));
  }
  return list;
}

inline std::optional<Picoseconds> span_of(const std::optional<Seconds>& span) {
  if (!span) return std::nullopt;
  return to_picoseconds(span->value);
}

inline std::int64_t total_nodes(const placement::RackGroup& group) { return group.racks * group.nodes_per_rack; }

/// Draw of switches and transceivers; network cards are their servers'.
inline resources::SharedPower network_power(const std::vector<topology::PartCount>& bill) {
  resources::SharedPower power;
  for (const topology::PartCount& part : bill) {
    power.idle_w += part.watts_each_idle * static_cast<double>(part.count);
    power.full_w += part.watts_each_full * static_cast<double>(part.count);
  }
  return power;
}

}  // namespace tokenworks::scenario
