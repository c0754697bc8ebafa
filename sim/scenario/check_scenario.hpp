// What can never work in a scenario whose single values are all allowed: names that nothing bears, models that do not
// fit, replicas without GPUs, dates outside the run.
#pragma once

#include "sim/policies/placement/placement.hpp"
#include "sim/scenario/catalog.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// Adds faults to those that reading has found; draws no conclusions from values that are at fault already. Opens every
/// catalog entry that the scenario needs.
void check_scenario(ScenarioSpec& spec, Catalog& catalog, FaultList& faults);

/// "row_a/3" -> rack group "row_a", node 3. Nothing when the text has another form.
struct NodeName {
  std::string group;
  std::int64_t node = 0;
};
std::optional<NodeName> parse_node_name(const std::string& text);

}  // namespace tokenworks::scenario
