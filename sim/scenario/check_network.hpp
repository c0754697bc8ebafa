// What is wrong with a scenario's fabric, storage, traffic, and the incidents that strike them.
#pragma once

#include "sim/scenario/catalog.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// Adds the faults. To be called after names, racks and services were checked.
void check_network(ScenarioSpec& spec, Catalog& catalog, FaultList& faults);

}  // namespace tokenworks::scenario
