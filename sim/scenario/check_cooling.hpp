// Whether what the scenario says of the cooling can be: set points that make a plant, incidents that strike what is
// there.
#pragma once

#include <cstdint>

#include "sim/scenario/catalog.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// `racks_known`: all rack groups were read, with their names and kinds.
void check_cooling(const ScenarioSpec& spec, Catalog& catalog, bool racks_known, FaultList& faults);

}  // namespace tokenworks::scenario
