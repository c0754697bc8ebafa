// Collectives inside one node. The table counts a message in elements; rows of one point are repeats.
#include <string>

#include <fmt/format.h>

#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

std::vector<Table> import_collectives(const ImportSource& source) {
  const CsvTable& csv = source.csv;
  ImportRows rows(source, "collective");
  std::vector<std::string> libraries;
  const auto versions = csv.texts("library_version", source.faults);
  const auto kernels = csv.texts("kernel_source", source.faults);
  for (std::size_t row = 0; row < versions.size() && row < kernels.size(); ++row) {
    std::string library(versions[row]);
    if (library.starts_with("trtllm")) library.replace(0, 6, "tensorrt_llm");
    // Engines measure their kernel twice: launched from the host, and inside a CUDA graph.
    for (const std::string_view mode : {"_graph", "_eager"}) {
      if (kernels[row].ends_with(mode)) library += mode;
    }
    libraries.push_back(std::move(library));
  }
  std::vector<std::string> operations;
  for (const std::string_view operation : csv.texts("op_name", source.faults)) {
    operations.emplace_back(operation == "alltoall" ? "all_to_all" : operation);
  }
  rows.text("library", libraries).text("operation", operations).format("format", "dtype").size("gpus", "num_gpus");
  std::vector<double> bytes = csv.numbers("message_size_elems", source.faults);
  const auto formats = csv.texts("dtype", source.faults);
  for (std::size_t row = 0; row < bytes.size() && row < formats.size(); ++row) {
    const double element = element_bytes(formats[row]);
    if (element == 0) {
      csv.refuse(row, "dtype", fmt::format("the size of {} is not known", scenario::shown(formats[row])),
                 source.faults);
    }
    bytes[row] *= element;
  }
  rows.size("bytes", bytes).time("latency_ms", 1e-3);
  if (!source.faults.empty()) return {};
  return {pooled(rows.take())};
}

}  // namespace tokenworks::gpu_calibration
