// Causal attention of `isl` new tokens a sequence; `step` tokens are in the cache already (0 where the table is
// silent).
#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

std::vector<Table> import_prompt_attention(const ImportSource& source) {
  ImportRows rows(source, "prompt_attention");
  rows.text("kernel", "kernel_source").format("format", "attn_dtype").format("kv_format", "kv_cache_dtype");
  rows.size("sequences", "batch_size").size("tokens", "isl");
  if (source.csv.has("step")) {
    rows.size("prefix", "step");
  } else {
    rows.constant_size("prefix", 0);
  }
  rows.size("heads", "num_heads").size("kv_heads", "num_key_value_heads").size("head_dim", "head_dim");
  rows.size("window", "window_size").latency_and_power();
  return {rows.take()};
}

}  // namespace tokenworks::gpu_calibration
