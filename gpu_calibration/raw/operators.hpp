// What a raw result may hold: the operators that are measured, and for each the columns that a row must give. The
// benches write by this list, the reader checks by it, the fits read by it.
//
// Format "tokenworks.kernel_measurements/1":
//   {"format": ..., "origin": "measured_here" | "measured_published", "source": text, "measured_on": "2026-11-24",
//    "device": {"name", "gpu" (catalog id), "driver", "cuda", "multiprocessors", "l2_bytes", "memory_bytes",
//               "power_limit_w", "gpus"},
//    "software": {"name", "version"},
//    "tables": [{"operator": one of the list, "columns": [...], "rows": [[...], ...]}]}
// Every column is in SI units; every row has all columns of its table. Text columns hold names.
#pragma once

#include <span>
#include <string_view>

namespace tokenworks::gpu_calibration {

inline constexpr std::string_view kRawFormat = "tokenworks.kernel_measurements/1";

/// One measured operator: the columns that say what ran. `text` ones hold names, `sizes` whole numbers >= 0.
struct Operator {
  std::string_view name;
  std::string_view help;
  std::span<const std::string_view> text;
  std::span<const std::string_view> sizes;
  bool timed = true;  ///< has time_s; otherwise power_w is what was measured
};

/// Besides its own columns a table has `time_s` (or `power_w`), and may have any of these.
inline constexpr std::string_view kMeasuredColumns[] = {
    "time_s",         "time_p10_s",    "time_p90_s",  "samples",         "power_w",
    "power_readings", "power_limit_w", "sm_clock_hz", "memory_clock_hz", "temperature_c"};

/// All operators, in the order in which they stand in the documentation.
std::span<const Operator> operators();
/// Null when there is none of this name.
const Operator* find_operator(std::string_view name);

}  // namespace tokenworks::gpu_calibration
