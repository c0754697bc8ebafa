// Matrix products of m x k by k x n.
#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

std::vector<Table> import_matrix_products(const ImportSource& source) {
  ImportRows rows(source, "matrix_product");
  rows.text("kernel", "kernel_source").format("format", "gemm_dtype");
  rows.size("rows", "m").size("columns", "n").size("inner", "k").latency_and_power();
  return {rows.take()};
}

}  // namespace tokenworks::gpu_calibration
