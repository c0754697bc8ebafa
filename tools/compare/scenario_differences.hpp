// What differs between the scenarios that reports were made from, value by value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/json_text.hpp"

namespace tokenworks::compare {

/// Which question a setting belongs to.
enum class Part { traffic, factory, site, incidents, other };
std::string_view part_name(Part part);

struct SettingDifference {
  std::string pointer;  ///< JSON Pointer in the resolved scenario
  Part part = Part::other;
  std::vector<std::optional<scenario::Json>> values;  ///< by scenario; absent: it has no such value
};

/// In the order of the first scenario's keys, what others add behind. Names of scenarios do not count. Where the kind
/// of a part differs, its kind is told and what both kinds know; what only one kind knows is not.
std::vector<SettingDifference> scenario_differences(const std::vector<const scenario::Json*>& scenarios);

bool concerns(const std::vector<SettingDifference>& differences, Part part);

}  // namespace tokenworks::compare
