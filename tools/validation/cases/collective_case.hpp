// What cases of collectives share: figures that a model gives without a run, and the GPUs of the tables.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tools/validation/measured_case.hpp"

namespace tokenworks::validation {

inline std::function<double(const CaseRun&)> without_run(double value) {
  return [value](const CaseRun&) { return value; };
}

/// Catalog id of a GPU as aiconfigurator names its systems ("h100_sxm").
inline std::string gpu_id_of_system(const std::string& system) {
  if (system == "h100_sxm" || system == "h200_sxm") return system + "5";
  return system == "a100_sxm" ? "a100_sxm4" : system;
}

}  // namespace tokenworks::validation
