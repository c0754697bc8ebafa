// Conversion of m x k activations to FP8 with their scales.
#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

std::vector<Table> import_quantise(const ImportSource& source) {
  ImportRows rows(source, "quantise");
  rows.text("kernel", "kernel_source").format("format", "quant_dtype");
  rows.size("rows", "m").size("inner", "k").latency_and_power();
  return {rows.take()};
}

}  // namespace tokenworks::gpu_calibration
