// Scenarios that are a textbook queue: a step takes 50 ms of host time and next to nothing else, so that a request of N
// tokens is served for N steps, whatever else is in the batch; sequences running at once are the servers.
#pragma once

#include <nlohmann/json.hpp>

namespace tokenworks::testing {

/// Poisson arrivals at `rate` for `duration` seconds, with answers of the lengths `output`.
nlohmann::json queue_scenario(int servers, double rate, const nlohmann::json& output, double duration);
/// Duration of one step, from a run of single requests that never meet.
double queue_step_s();

}  // namespace tokenworks::testing
