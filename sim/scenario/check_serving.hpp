// What must hold of pools, classes and tenants: a part of check_scenario.
#pragma once

#include "sim/scenario/fault.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// Of the service that stands at `pointer`: its pools, classes, tenants, tiers and routers.
void check_serving(const std::string& pointer, const LlmServiceSpec& service, FaultList& faults);
/// Of a workload: its class and tenant.
void check_sender(const ScenarioSpec& spec, std::size_t workload, FaultList& faults);

}  // namespace tokenworks::scenario
