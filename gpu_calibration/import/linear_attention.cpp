// Kernels of layers with a state instead of a cache: gated delta networks and state space models.
#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

std::vector<Table> import_gated_delta_networks(const ImportSource& source) {
  ImportRows rows(source, "linear_attention");
  rows.text("kernel", "kernel_source").text("phase", "phase").text("model", "model_name");
  rows.size("sequences", "batch_size").size("tokens", "num_tokens").size("hidden", "d_model");
  rows.size("key_heads", "num_k_heads").size("key_dim", "head_k_dim");
  rows.size("value_heads", "num_v_heads").size("value_dim", "head_v_dim").latency_and_power();
  return {rows.take()};
}

/// Mamba-2 in the words of linear attention: a group is a key head, the state's width its dimension.
std::vector<Table> import_state_space_models(const ImportSource& source) {
  ImportRows rows(source, "linear_attention");
  rows.text("kernel", "kernel_source").text("phase", "phase").text("model", "model_name");
  rows.size("sequences", "batch_size").size("tokens", "num_tokens").size("hidden", "d_model");
  rows.size("key_heads", "n_groups").size("key_dim", "d_state");
  rows.size("value_heads", "nheads").size("value_dim", "head_dim").latency_and_power();
  return {rows.take()};
}

}  // namespace tokenworks::gpu_calibration
