// Question   how long do the kernels of a layer with a state take, between its projections
// Equation   sum of the short convolution and of the recurrence, at nodes over value heads and tokens (sequences when
//            decoding), linear in both (models/compute/kernel_time.hpp)
// Source     Qwen3-Next and Qwen3.5 model cards: a short convolution before each gated delta rule
// Valid for  up to 524288 tokens of all prompts, 1024 sequences
// Checked by tests/gpu_calibration/fit_test.cpp
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "gpu_calibration/fit/held_out.hpp"
#include "gpu_calibration/fit/linear_grid.hpp"
#include "gpu_calibration/fit/operator_fits.hpp"
#include "models/compute/kernel_time.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::LinearAttentionTable;

constexpr std::string_view kOperation = "linear_attention";
constexpr double kTailTokens = 65536;  // the fits that judge tails see no more
constexpr double kTailSequences = 256;
const std::vector<double> kValueHeads = {16, 32, 48, 64, 128, 256};
const std::vector<double> kTokens = {1, 1024, 4096, 16384, 65536, 524288};
const std::vector<double> kSequences = {1, 32, 128, 512, 1024};

/// The kernels that a layer runs, by phase of the published tables.
struct Kernels {
  std::string_view published_phase, phase;
  std::string_view convolution;
  std::string_view recurrence;
};
constexpr Kernels kKernels[] = {
    {"context", "prompt", "causal_conv1d_fn", "chunk_gated_delta_rule"},
    {"generation", "decode", "causal_conv1d_update", "fused_recurrent_gated_delta_rule"},
};

// A kernel that runs for 0.1 ms and more at hardly more than an idle board's power waits for its host.
constexpr double kHostBoundLeast = 1e-4;
constexpr double kHostBoundPower = 1.3;  // of the lowest reading

LinearAttentionTable fit_table(const std::vector<LinearGridRow>& all, double most, LinearAttentionTable table) {
  std::vector<LinearGridRow> rows;
  std::array<double, 2> heads = {1e18, 0}, tokens = {1e18, 0};
  for (const LinearGridRow& row : all) {
    if (row.at[2] > most) continue;
    rows.push_back(row);
    heads = {std::min(heads[0], row.at[1]), std::max(heads[1], row.at[1])};
    tokens = {std::min(tokens[0], row.at[2]), std::max(tokens[1], row.at[2])};
  }
  LinearGrid grid;
  grid.axes = {std::vector<double>{0}, reached(kValueHeads, heads[0], heads[1]),
               reached(table.phase == "prompt" ? kTokens : kSequences, tokens[0], tokens[1])};
  grid.work = [](const std::array<double, 3>& at) { return at[1] * at[2]; };
  table.value_heads = grid.axes[1];
  table.tokens = grid.axes[2];
  table.time_s = fit_linear_grid(grid, rows);
  return table;
}

}  // namespace

std::vector<LinearAttentionTable> fit_linear_attention(const Table& table, FitReport& report) {
  const Column &kernel = table.at("kernel"), &phase = table.at("phase"), &model = table.at("model");
  const Column &sequences = table.at("sequences"), &tokens = table.at("tokens"), &time = table.at("time_s");
  const Column &value_heads = table.at("value_heads"), &value_dim = table.at("value_dim");
  const Column* power = table.find("power_w");
  const double idle = power != nullptr ? *std::min_element(power->numbers.begin(), power->numbers.end()) : 0.0;
  std::vector<LinearAttentionTable> result;
  for (const Kernels& kernels : kKernels) {
    // Model, sequences, tokens, heads, head size -> times of the two kernels.
    using Key = std::tuple<std::string, double, double, double, double>;
    std::map<Key, std::pair<double, double>> layers;
    std::size_t host_bound = 0, other_kernels = 0;
    for (std::size_t i = 0; i < table.rows(); ++i) {
      if (phase.text(i) != kernels.published_phase) continue;
      const bool convolution = kernel.text(i) == kernels.convolution;
      if (!convolution && kernel.text(i) != kernels.recurrence) {
        ++other_kernels;
      } else if (power != nullptr && time.numbers[i] >= kHostBoundLeast && power->numbers[i] < kHostBoundPower * idle) {
        ++host_bound;
      } else {
        auto& layer = layers[{model.text(i), sequences.numbers[i], tokens.numbers[i], value_heads.numbers[i],
                              value_dim.numbers[i]}];
        (convolution ? layer.first : layer.second) = time.numbers[i];
      }
    }
    std::map<double, std::vector<LinearGridRow>> by_size;
    std::size_t incomplete = 0;
    for (const auto& [key, times] : layers) {
      if (times.first == 0.0 || times.second == 0.0) {
        ++incomplete;
        continue;
      }
      const auto& [unused, batch, all_tokens, heads, size] = key;
      by_size[size].push_back(
          {{0.0, heads, kernels.phase == "prompt" ? all_tokens : batch}, times.first + times.second});
    }
    const std::string group(kernels.phase);
    report.exclude(std::string(kOperation), group,
                   "waits for its host: 0.1 ms and more at hardly an idle board's power", host_bound);
    report.exclude(std::string(kOperation), group, "kernels of layers whose recurrence was not measured",
                   other_kernels);
    report.exclude(std::string(kOperation), group, "one of the layer's two kernels is missing", incomplete);
    for (const auto& [size, rows] : by_size) {
      if (rows.size() < 20) {
        report.exclude(std::string(kOperation), group, "fewer than 20 layers measured whole", rows.size());
        continue;
      }
      report.tell(fmt::format("{} {}: {} layers", kOperation, group, rows.size()));
      LinearAttentionTable start;
      start.phase = kernels.phase;
      start.value_dim = static_cast<std::int64_t>(size);
      const auto unseen = [](const LinearGridRow& row) { return is_held_out({row.at[1], row.at[2]}); };
      const double most_seen = kernels.phase == "prompt" ? kTailTokens : kTailSequences;
      std::vector<LinearGridRow> seen;
      double most = 0;
      for (const LinearGridRow& row : rows) {
        if (!unseen(row)) seen.push_back(row);
        most = std::max(most, row.at[2]);
      }
      const auto error_of = [](const LinearAttentionTable& fitted, const LinearGridRow& row) {
        return std::abs(compute::linear_attention_s(fitted, row.at[1], row.at[2]) / row.time_s - 1);
      };
      JudgedFit judged;
      const LinearAttentionTable blind = fit_table(seen, 1e18, start);
      const LinearAttentionTable shorter = fit_table(rows, most_seen, start);
      for (const LinearGridRow& row : rows) {
        if (unseen(row)) judged.unseen.push_back(error_of(blind, row));
        if (row.at[2] > most_seen) judged.tail.push_back(error_of(shorter, row));
      }
      result.push_back(fit_table(rows, 1e18, start));
      report.add(
          judged.line(std::string(kOperation), fmt::format("{}, {} values a head", group, size), rows.size(),
                      host_bound + other_kernels + incomplete, result.back().time_s.size()),
          fmt::format("{}..{} value heads, up to {} {}", result.back().value_heads.front(),
                      result.back().value_heads.back(), most, kernels.phase == "prompt" ? "tokens" : "sequences"));
    }
  }
  return result;
}

}  // namespace tokenworks::gpu_calibration
