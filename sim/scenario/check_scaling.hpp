// What must hold of autoscalers and of swaps of models: a part of check_scenario.
#pragma once

#include "sim/scenario/fault.hpp"
#include "sim/scenario/model_swap_spec.hpp"
#include "sim/scenario/scenario_spec.hpp"

namespace tokenworks::scenario {

/// Of the service that stands at `pointer`: its autoscalers.
void check_autoscalers(const std::string& pointer, const LlmServiceSpec& service, FaultList& faults);
/// Of a swap that stands at `pointer`: all but whether its model fits.
void check_model_swap(const std::string& pointer, const ModelSwapSpec& swap, const LlmServiceSpec& service,
                      FaultList& faults);

}  // namespace tokenworks::scenario
