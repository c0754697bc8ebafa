// Published kernel tables to one raw result.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gpu_calibration/raw/kernel_measurements.hpp"
#include "sim/scenario/fault.hpp"

namespace tokenworks::gpu_calibration {

struct ImportChoice {
  std::string gpu;       ///< catalog id; empty: what the file names say
  std::string software;  ///< "tensorrt_llm", "vllm", "sglang"; empty: the only one whose kernels the files hold
};

/// Reads `paths` as published tables by the kinds of table_kinds.hpp: the end of a file's name says which, its
/// beginning ("h100_sxm__") which GPU. Rows of other systems and other software are left out. Otherwise nothing, and
/// every fault with file, line and column.
std::optional<KernelMeasurements> import_tables(const std::vector<std::string>& paths, const ImportChoice& choice,
                                                scenario::FaultList& faults);

}  // namespace tokenworks::gpu_calibration
