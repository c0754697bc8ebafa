// From raw results to one catalog entry: the fits of all operators that were measured.
#pragma once

#include <span>
#include <string>

#include "gpu_calibration/fit/fit_report.hpp"
#include "gpu_calibration/raw/kernel_measurements.hpp"
#include "models/compute/kernel_spec.hpp"

namespace tokenworks::gpu_calibration {

/// Fits every operator that a raw result has a table of; where several have one, the first of them counts. All are of
/// one GPU. Deterministic: the same rows give the same entry.
compute::KernelSpec fit_kernels(std::span<const KernelMeasurements> measurements, const std::string& title,
                                const compute::GpuRatings& ratings, FitReport& report);

}  // namespace tokenworks::gpu_calibration
