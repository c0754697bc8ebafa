// Whether the power tree is sound, and incidents strike what is there.
#pragma once

#include "sim/scenario/catalog.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// `racks_known`: all rack groups were read, with their names and kinds.
void check_power(const ScenarioSpec& spec, Catalog& catalog, bool racks_known, FaultList& faults);

}  // namespace tokenworks::scenario
