// Caps on the power of GPUs, of services and by incidents, against what the boards can be set to: a part of
// check_scenario.
#pragma once

#include <map>
#include <vector>

#include "models/compute/gpu.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// Kinds of GPU that a service's replicas stand on, as far as known.
using GpusOfServices = std::map<const LlmServiceSpec*, std::vector<const compute::GpuSpec*>>;

/// `names_known`: no other services could be meant.
void check_power_caps(const ScenarioSpec& spec, const GpusOfServices& gpus, bool names_known, FaultList& faults);

}  // namespace tokenworks::scenario
