// Raw results as text: the format of operators.hpp, read strictly and written so that it reads back the same.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gpu_calibration/raw/kernel_measurements.hpp"
#include "sim/scenario/fault.hpp"

namespace tokenworks::gpu_calibration {

/// The measurements that `text` holds. Otherwise nothing, and every fault with its JSON Pointer: another format, a
/// missing or unknown key or column, a unit that is not ours, an operator that is not in the list, a row that is too
/// short, a number that is negative, no number or not whole where it counts something, quantiles that contradict each
/// other, and curves whose sizes do not rise. `file` goes into faults.
std::optional<KernelMeasurements> read_measurements(std::string_view text, scenario::FaultList& faults,
                                                    const std::string& file = {});

/// One table a block, one row a line. Numbers have the shortest form that reads back as the same value.
std::string write_measurements(const KernelMeasurements& measurements);

/// The contents of a file, unpacked where it is gzip. Otherwise nothing, and one fault.
std::optional<std::string> read_file(const std::string& path, scenario::FaultList& faults);

inline constexpr std::size_t kLargestRawFile = std::size_t{256} << 20;  ///< bytes after unpacking

}  // namespace tokenworks::gpu_calibration
