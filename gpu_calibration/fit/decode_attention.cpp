// Question   how long does attention of one new token a sequence take
// Equation   times at nodes over query heads a KV head, KV heads of all sequences together, and cached tokens: linear
// in
//            the last two, straight in the log of the first (models/compute/kernel_time.hpp)
// Source     against physical constants alone (5-13 / 27-42 %) and interpolation in logs (3-4 / 14-22 %)
// Valid for  1 to 16 query heads a KV head, at least 127 cached tokens
// Checked by tests/gpu_calibration/fit_test.cpp
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "gpu_calibration/fit/held_out.hpp"
#include "gpu_calibration/fit/linear_grid.hpp"
#include "gpu_calibration/fit/operator_fits.hpp"
#include "models/compute/kernel_time.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::DecodeAttentionTable;

constexpr std::string_view kOperation = "decode_attention";
constexpr double kMostHeadsPerKvHead = 16;
constexpr double kLeastContext = 127;
constexpr double kTailContext = 32767;  // the fit that judges tails sees no longer contexts
const std::vector<double> kRatios = {1, 2, 4, 8, 16};
const std::vector<double> kStreams = {1, 8, 32, 64, 128, 256, 512, 2048, 16384};
const std::vector<double> kContexts = {127, 511, 2047, 8191, 32767, 131071};

struct Row {
  double ratio, streams, context;
  double heads, kv_heads;
  double time_s;
};

DecodeAttentionTable fit_table(const std::vector<Row>& all, double most_context, DecodeAttentionTable table) {
  std::vector<LinearGridRow> rows;
  std::array<std::vector<double>, 3> sizes;
  for (const Row& row : all) {
    if (row.context > most_context) continue;
    rows.push_back({{row.ratio, row.streams, row.context}, row.time_s});
    for (std::size_t axis = 0; axis < 3; ++axis) sizes[axis].push_back(rows.back().at[axis]);
  }
  const auto axis = [&](const std::vector<double>& nodes, std::size_t i) {
    const auto [least, most] = std::minmax_element(sizes[i].begin(), sizes[i].end());
    return reached(nodes, *least, *most);
  };
  LinearGrid grid;
  grid.axes = {axis(kRatios, 0), axis(kStreams, 1), axis(kContexts, 2)};
  grid.grows = {false, true, true};
  grid.first_in_logs = true;
  grid.work = [](const std::array<double, 3>& at) { return at[1] * at[2]; };
  table.heads_per_kv_head = grid.axes[0];
  table.kv_heads = grid.axes[1];
  table.context = grid.axes[2];
  table.time_s = fit_linear_grid(grid, rows);
  return table;
}

double error_of(const DecodeAttentionTable& table, const Row& row, double most_context) {
  const double context = std::min(row.context, most_context);
  return std::abs(compute::decode_attention_s(table, row.ratio, row.streams, context) / row.time_s - 1);
}

}  // namespace

std::vector<DecodeAttentionTable> fit_decode_attention(const Table& table, FitReport& report) {
  using Key = std::tuple<double, std::string, double>;  // head size, cache format, window (0 comes first)
  struct Group {
    std::vector<Row> rows;
    std::size_t short_context = 0, many_heads = 0;
  };
  std::map<Key, Group> groups;
  const Column &kv_format = table.at("kv_format"), &head_dim = table.at("head_dim"), &window = table.at("window");
  const Column &sequences = table.at("sequences"), &context = table.at("context"), &time = table.at("time_s");
  const Column &heads = table.at("heads"), &kv_heads = table.at("kv_heads");
  for (std::size_t i = 0; i < table.rows(); ++i) {
    Group& group = groups[{head_dim.numbers[i], kv_format.text(i), window.numbers[i]}];
    const double ratio = heads.numbers[i] / kv_heads.numbers[i];
    if (ratio > kMostHeadsPerKvHead) {
      ++group.many_heads;
    } else if (context.numbers[i] < kLeastContext) {
      ++group.short_context;
    } else {
      group.rows.push_back({ratio, sequences.numbers[i] * kv_heads.numbers[i], context.numbers[i], heads.numbers[i],
                            kv_heads.numbers[i], time.numbers[i]});
    }
  }
  std::vector<DecodeAttentionTable> result;
  for (const auto& [key, group] : groups) {
    const auto& [size, format, reach] = key;
    std::string name = fmt::format("{} values a head, {} cache", size, format);
    if (reach > 0) name += fmt::format(", window {}", reach);
    const auto leave_out = [&](const char* rule, std::size_t rows) {
      report.exclude(std::string(kOperation), name, rule, rows);
    };
    leave_out("more than 16 query heads a KV head: no served model has them", group.many_heads);
    leave_out("fewer than 127 cached tokens: time does not depend on them", group.short_context);
    if (group.rows.size() < 100) {
      leave_out("fewer than 100 rows", group.rows.size());
      continue;
    }
    report.tell(fmt::format("{} {}: {} rows", kOperation, name, group.rows.size()));
    DecodeAttentionTable start;
    start.kv_format = format;
    start.head_dim = static_cast<std::int64_t>(size);
    start.window_tokens = static_cast<std::int64_t>(reach);
    const auto unseen = [](const Row& row) { return is_held_out({row.heads, row.kv_heads}); };
    std::vector<Row> seen;
    double longest = 0;
    for (const Row& row : group.rows) {
      if (!unseen(row)) seen.push_back(row);
      longest = std::max(longest, row.context);
    }
    if (seen.size() < 50) {
      leave_out("fewer than 50 rows of seen shapes", group.rows.size());
      continue;
    }
    JudgedFit judged;
    const DecodeAttentionTable blind = fit_table(seen, 1e18, start);
    const DecodeAttentionTable shorter = fit_table(group.rows, kTailContext, start);
    for (const Row& row : group.rows) {
      if (unseen(row)) judged.unseen.push_back(error_of(blind, row, 1e18));
      if (row.context > kTailContext) judged.tail.push_back(error_of(shorter, row, 1e18));
    }
    result.push_back(fit_table(group.rows, 1e18, start));
    report.add(judged.line(std::string(kOperation), name, group.rows.size(), group.many_heads + group.short_context,
                           result.back().time_s.size()),
               fmt::format("{}..{} heads a KV head, up to {} KV heads of all sequences, {}..{} cached tokens",
                           result.back().heads_per_kv_head.front(), result.back().heads_per_kv_head.back(),
                           result.back().kv_heads.back(), kLeastContext, longest));
  }
  return result;
}

}  // namespace tokenworks::gpu_calibration
