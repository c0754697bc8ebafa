// Attention of one new token a sequence. `step` tokens are cached before it and `isl` (1) are new.
#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

std::vector<double> decode_context(const ImportSource& source) {
  std::vector<double> context = source.csv.numbers("step", source.faults);
  if (!source.csv.has("isl")) return context;
  const std::vector<double> fresh = source.csv.numbers("isl", source.faults);
  for (std::size_t row = 0; row < context.size(); ++row) {
    context[row] += fresh[row] - 1;
    if (!(context[row] >= 0)) source.csv.refuse(row, "step", "step + isl is below 1", source.faults);
  }
  return context;
}

std::vector<Table> import_decode_attention(const ImportSource& source) {
  ImportRows rows(source, "decode_attention");
  rows.text("kernel", "kernel_source").format("format", "attn_dtype").format("kv_format", "kv_cache_dtype");
  rows.size("sequences", "batch_size").size("context", decode_context(source));
  rows.size("heads", "num_heads").size("kv_heads", "num_key_value_heads").size("head_dim", "head_dim");
  rows.size("window", "window_size").latency_and_power();
  return {rows.take()};
}

}  // namespace tokenworks::gpu_calibration
