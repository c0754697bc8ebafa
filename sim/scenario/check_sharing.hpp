// What must hold between services, which share GPUs or send each other requests: a part of check_scenario.
#pragma once

#include <map>

#include "models/compute/gpu.hpp"
#include "models/llm/memory_capacity.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// The service on whose GPUs this one stands. Null: on its own, or the name is none that it can stand with.
const LlmServiceSpec* gpu_owner(const ScenarioSpec& spec, const LlmServiceSpec& service);

/// Share of a GPU's memory that an engine takes for itself, weights and all.
double claimed_share(const llm::MemoryRule& rule, const llm::KvPool& pool, const compute::GpuSpec& gpu);

/// `claims`: by service, as far as known. `names_known`: no other services could be meant.
void check_sharing(const ScenarioSpec& spec, const std::map<const LlmServiceSpec*, double>& claims, bool names_known,
                   FaultList& faults);
/// Of services that send on requests.
void check_overflow(const ScenarioSpec& spec, bool names_known, FaultList& faults);

}  // namespace tokenworks::scenario
