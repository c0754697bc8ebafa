// The products that absorbed MLA puts around its kernel: into the latent space before it, out of it behind it.
#include <string>

#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

namespace {
// DeepSeek-V3 technical report (arXiv 2412.19437), section 4.2: 128 dimensions a head, a latent vector of 512.
constexpr double kHeadDimension = 128;
constexpr double kLatentDimension = 512;
}  // namespace

std::vector<Table> import_batched_products(const ImportSource& source) {
  ImportRows rows(source, "batched_product");
  std::vector<std::string> kernels;
  std::vector<double> columns, inner;
  for (const std::string_view operation : source.csv.texts("op_name", source.faults)) {
    const bool before = operation == "mla_gen_pre";
    kernels.emplace_back(operation);
    columns.push_back(before ? kLatentDimension : kHeadDimension);
    inner.push_back(before ? kHeadDimension : kLatentDimension);
  }
  rows.text("kernel", kernels).format("format", "bmm_dtype");
  rows.size("batches", "num_heads").size("rows", "num_tokens").size("columns", columns).size("inner", inner);
  rows.latency_and_power();
  return {rows.take()};
}

}  // namespace tokenworks::gpu_calibration
