#include "tools/validation/goals.hpp"

#include <algorithm>

namespace tokenworks::validation {
namespace {

bool speaks_of(const Goal& goal, std::string_view group) {
  const auto begins = [&](std::string_view gpu) { return group.starts_with(gpu); };
  const auto contains = [&](std::string_view model) { return group.find(model) != std::string_view::npos; };
  return (goal.gpus.empty() || std::any_of(goal.gpus.begin(), goal.gpus.end(), begins)) &&
         (goal.models.empty() || std::any_of(goal.models.begin(), goal.models.end(), contains));
}

void collect(const Goal& goal, const FileValidation& file, std::vector<Pair>& pairs) {
  for (const JudgedCase& judged : file.cases) {
    const MeasuredCase& measured = judged.measured;
    if (judged.part != Part::judge || judged.outcome.status != CaseOutcome::Status::predicted) continue;
    if (!speaks_of(goal, measured.group)) continue;
    for (std::size_t i = 0; i < measured.comparisons.size(); ++i) {
      const Comparison& comparison = measured.comparisons[i];
      if (comparison.metric != goal.metric) continue;
      const double predicted = judged.outcome.predicted[i];
      pairs.push_back(
          {predicted, comparison.nearest(predicted), measured.group + ": " + measured.name, comparison.difference});
    }
  }
}

}  // namespace

const std::vector<Goal>& goals() {
  static const std::vector<std::string_view> kCalibrated = {"h100_sxm", "h200_sxm", "b200_sxm"};
  static const std::vector<Goal> kGoals = {
      {"TPOT, dense, gpt-oss and Qwen, H100, H200, B200",
       "inferencex",
       "tpot_s",
       kCalibrated,
       {"llama", "gpt_oss", "qwen"},
       {0.07, 0.18},
       {0.04, 0.10}},
      {"TPOT, DeepSeek-R1, H100, H200, B200",
       "inferencex",
       "tpot_s",
       kCalibrated,
       {"deepseek_r1"},
       {0.10, 0.25},
       {0.06, 0.15}},
      {"TTFT, H100, H200, B200", "inferencex", "ttft_s", kCalibrated, {}, {0.18, 0.50}, {0.10, 0.30}},
      {"throughput, H100, H200, B200",
       "inferencex",
       "output_tok_per_s_per_gpu",
       kCalibrated,
       {},
       {0.07, 0.18},
       {0.04, 0.10}},
      {"GPU power, H100", "mlenergy", "gpu_power_w", {"h100_sxm"}, {}, {0.06, 0.15}, {0.04, 0.10}},
      {"GPU power, B200", "mlenergy", "gpu_power_w", {"b200_sxm"}, {}, {0.10, 0.25}, {0.05, 0.12}},
      {"server wall power, average", "mlperf", "server_power_w", {}, {}, {0.04, std::nullopt}, {0.02, std::nullopt}},
      {"server wall power, idle",
       "server_idle",
       "idle_server_power_w",
       {},
       {},
       {0.08, std::nullopt},
       {0.04, std::nullopt}},
      {"server wall power of whole runs, average",
       "power_traces",
       "server_power_w",
       {},
       {},
       {0.05, std::nullopt},
       {0.02, std::nullopt}},
      {"PUE, sites cooled by liquid", "facility", "pue", {"liquid"}, {}, {0.03, 0.03}, {0.02, 0.02}},
      {"PUE, sites cooled by air", "facility", "pue", {"air"}, {}, {0.1, 0.1}, {0.05, 0.05}},
      {"WUE", "facility", "wue_l_per_kwh", {}, {}, {0.2, 0.2}, {0.1, 0.1}},
      {"throughput under a cap over that without, H200",
       "power_caps",
       "throughput_ratio",
       {},
       {},
       {0.05, std::nullopt},
       {0.03, std::nullopt}},
      {"server wall power under caps, average, H200",
       "power_caps",
       "server_power_w",
       {},
       {},
       {0.05, std::nullopt},
       {0.03, std::nullopt}},
      {"collectives in a node, closed form, unseen GPUs",
       "collectives",
       "time_s",
       {"h200_sxm", "b300_sxm", "gb200", "gb300"},
       {},
       {0.10, std::nullopt},
       {0.05, std::nullopt}},
      {"all-reduce in DGX nodes, older NCCL",
       "collective_networks",
       "time_s",
       {"a100_dgx 1 node", "h100_dgx 1 node"},
       {"1 MB and more"},
       {0.10, std::nullopt},
       {0.05, std::nullopt}},
      {"all-reduce between nodes, other sizes",
       "collective_networks",
       "time_s",
       {"a100_dgx 2 nodes"},
       {"1 MB and more"},
       {0.10, std::nullopt},
       {0.05, std::nullopt}},
      {"expert exchange, closed form, low latency",
       "expert_exchange",
       "closed_form_s",
       {"h100_sxm deepep low_latency 2 nodes (unseen)", "h100_sxm deepep low_latency 4 nodes (unseen)",
        "h100_sxm deepep low_latency 8 nodes"},
       {},
       {0.10, 0.30},
       {0.05, 0.15}},
      {"expert exchange, closed form, normal",
       "expert_exchange",
       "closed_form_s",
       {"h100_sxm deepep normal 2", "h100_sxm deepep normal 8"},
       {},
       {0.10, 0.30},
       {0.05, 0.15}},
      {"expert exchange from other node counts",
       "expert_exchange",
       "from_other_nodes_s",
       {},
       {},
       {0.10, 0.30},
       {0.05, 0.15}},
  };
  return kGoals;
}

std::vector<GoalStanding> standing(const std::vector<FileValidation>& files) {
  std::vector<GoalStanding> list;
  for (const Goal& goal : goals()) {
    std::vector<Pair> pairs;
    for (const FileValidation& file : files) {
      if (file.name == goal.file) collect(goal, file, pairs);
    }
    if (!pairs.empty()) list.push_back({&goal, error_statistics(pairs)});
  }
  return list;
}

}  // namespace tokenworks::validation
