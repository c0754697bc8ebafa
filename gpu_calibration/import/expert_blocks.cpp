// Routed experts of one layer under a split over `moe_tp_size` x `moe_ep_size` GPUs; tokens are those of all of them.
#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

std::vector<Table> import_expert_blocks(const ImportSource& source) {
  ImportRows rows(source, "expert_block");
  rows.text("kernel", "kernel_source").format("format", "moe_dtype").text("distribution", "distribution");
  rows.size("tokens", "num_tokens").size("hidden", "hidden_size").size("intermediate", "inter_size");
  rows.size("experts", "num_experts").size("active", "topk");
  rows.size("tensor", "moe_tp_size").size("expert", "moe_ep_size").latency_and_power();
  return {rows.take()};
}

}  // namespace tokenworks::gpu_calibration
