// Tokens on their way to experts and back. A line of DeepEP's tables holds both directions. Tokens are those of one
// GPU.
#include <string>

#include <fmt/format.h>

#include "gpu_calibration/import/table_kinds.hpp"

namespace tokenworks::gpu_calibration {

namespace {

/// DeepEP's tests use all GPUs of a node: eight of an HGX board, four of an NVL72 tray.
double gpus_of_a_node(std::string_view gpu) { return gpu.starts_with("gb") ? 4 : 8; }

void add_sizes(ImportRows& rows, const ImportSource& source) {
  std::vector<double> gpus = source.csv.numbers("node_num", source.faults);
  for (double& count : gpus) count *= gpus_of_a_node(source.gpu);
  rows.size("nodes", "node_num").size("gpus", gpus).size("tokens", "num_token").size("hidden", "hidden_size");
  rows.size("experts", "num_experts").size("active", "num_topk");
}

constexpr double kMicrosecond = 1e-6;

}  // namespace

std::vector<Table> import_exchange_low_latency(const ImportSource& source) {
  Table all = make_table("expert_exchange", {"time_s"});
  for (const std::string_view direction : {"dispatch", "combine"}) {
    ImportRows rows(source, "expert_exchange");
    rows.constant_text("library", "deepep").constant_text("operation", direction).constant_text("mode", "low_latency");
    add_sizes(rows, source);
    rows.time(fmt::format("{}_avg_t_us", direction), kMicrosecond);
    append_rows(all, rows.take());
  }
  return {std::move(all)};
}

std::vector<Table> import_exchange_normal(const ImportSource& source) {
  Table all = make_table("expert_exchange", {"time_s"});
  for (const std::string_view direction : {"dispatch", "combine"}) {
    ImportRows rows(source, "expert_exchange");
    std::vector<std::string> modes;
    for (const std::string_view multiprocessors : source.csv.texts(fmt::format("{}_sms", direction), source.faults)) {
      modes.push_back(fmt::format("normal_{}_multiprocessors", multiprocessors));
    }
    rows.constant_text("library", "deepep").constant_text("operation", direction).text("mode", modes);
    add_sizes(rows, source);
    const std::string transmit = fmt::format("{}_transmit_us", direction);
    std::vector<double> time = source.csv.numbers(transmit, source.faults);
    const std::vector<double> notify = source.csv.numbers(fmt::format("{}_notify_us", direction), source.faults);
    for (std::size_t row = 0; row < time.size() && row < notify.size(); ++row) {
      time[row] = (time[row] + notify[row]) * kMicrosecond;
      if (!(time[row] > 0)) source.csv.refuse(row, transmit, "transmit + notify is not above 0", source.faults);
    }
    rows.time(time);
    append_rows(all, rows.take());
  }
  return {std::move(all)};
}

/// The ranks of an NVL72 share one NVLink domain, which counts as one node.
std::vector<Table> import_exchange_nvlink(const ImportSource& source) {
  ImportRows rows(source, "expert_exchange");
  std::vector<std::string> operations, modes;
  for (const std::string_view operation : source.csv.texts("op_name", source.faults)) {
    const std::string_view prefix = "alltoall_";
    operations.emplace_back(operation.starts_with(prefix) ? operation.substr(prefix.size()) : operation);
  }
  const auto kernels = source.csv.texts("kernel_source", source.faults);
  const auto formats = source.csv.texts("moe_dtype", source.faults);
  for (std::size_t row = 0; row < kernels.size() && row < formats.size(); ++row) {
    modes.push_back(fmt::format("{}_{}", kernels[row] == "NVLinkOneSided" ? "one_sided" : "two_sided",
                                number_format(formats[row])));
  }
  rows.constant_text("library", "tensorrt_llm").text("operation", operations).text("mode", modes);
  rows.constant_size("nodes", 1).size("gpus", "moe_ep_size").size("tokens", "num_tokens");
  rows.size("hidden", "hidden_size").size("experts", "num_experts").size("active", "topk").latency_and_power();
  return {rows.take()};
}

}  // namespace tokenworks::gpu_calibration
