// Faults of an engine's settings and of adapters, of the replicas of one pool.
#pragma once

#include "models/compute/gpu.hpp"
#include "models/llm/architecture.hpp"
#include "sim/policies/batching/engine_option.hpp"
#include "sim/scenario/fault.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// Whether the model can have the service's adapters; `per_gpu` is what places for them take on a GPU. Precondition:
/// the service has adapters.
bool check_adapters(const ReplicaPlan& plan, const llm::LlmSpec& model, const compute::GpuSpec& gpu, Bytes& per_gpu,
                    FaultList& faults);
/// Each copy of the attention must have a share of the engine's limits, and what is preempted somewhere to go.
bool check_engine(const ReplicaPlan& plan, const batching::EngineProfile& profile, FaultList& faults);

}  // namespace tokenworks::scenario
