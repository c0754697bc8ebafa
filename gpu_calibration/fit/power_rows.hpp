// Raw measurements with watts as rows for the fit of board power: what each kernel read, wrote and computed.
#pragma once

#include <vector>

#include "gpu_calibration/fit/board_power.hpp"
#include "gpu_calibration/raw/kernel_measurements.hpp"
#include "models/compute/kernel_spec.hpp"

namespace tokenworks::gpu_calibration {

struct PowerRows {
  std::vector<MeasuredPower> rows;
  std::vector<ExcludedRows> excluded;
};

/// Loops of single operators: matrix products, routed experts, attention (latent too) and quantisation. Whole blocks
/// are left out: they mix operators, and the meter had not settled in their loops. Tables without watts give nothing.
/// Operands count as random unless it is known that published tables ran on zeros or uninitialised memory.
PowerRows power_rows(const KernelMeasurements& measurements, const compute::GpuRatings& ratings);

}  // namespace tokenworks::gpu_calibration
