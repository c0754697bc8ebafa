// Question   how long does causal attention of new prompts take
// Equation   times at nodes over query heads of all sequences together (linear) and tokens of one sequence (straight in
//            logs), models/compute/kernel_time.hpp
// Source     against t = fixed + operations / rate(L) + bytes (5-9 / 27-33 %)
// Valid for  1 to 16 query heads a KV head, 16 tokens and more, no cached prefix
// Checked by tests/gpu_calibration/fit_test.cpp
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "gpu_calibration/fit/grid_fit.hpp"
#include "gpu_calibration/fit/held_out.hpp"
#include "gpu_calibration/fit/operator_fits.hpp"
#include "models/compute/kernel_time.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::PromptAttentionTable;

constexpr std::string_view kOperation = "prompt_attention";
constexpr double kMostHeadsPerKvHead = 16;
constexpr double kLeastTokens = 16;
constexpr double kTailTokens = 8192;  // the fit that judges tails sees no longer prompts
const std::vector<double> kHeads = {1, 8, 32, 128, 512, 2048, 8192, 24576};
const std::vector<double> kTokens = {16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384};

struct Row {
  double all_heads, tokens;
  double heads, kv_heads;
  double time_s;
};

PromptAttentionTable fit_table(const std::vector<Row>& all, double most_tokens, PromptAttentionTable table) {
  std::vector<Row> rows;
  double most_heads = 0;
  for (const Row& row : all) {
    if (row.tokens > most_tokens) continue;
    rows.push_back(row);
    most_heads = std::max(most_heads, row.all_heads);
  }
  table.heads.clear();
  table.tokens.clear();
  for (const double node : kHeads) {
    if (table.heads.empty() || table.heads.back() < most_heads) table.heads.push_back(node);
  }
  for (const double node : kTokens) {
    if (node <= most_tokens) table.tokens.push_back(node);
  }
  std::vector<double> times, rates;
  for (const Row& row : rows) {
    times.push_back(row.time_s);
    rates.push_back(row.time_s / (row.all_heads * row.tokens * row.tokens));
  }
  const double fixed = quantile(times, 0.02), rate = quantile(rates, 0.05);
  GridProblem problem;
  problem.sizes = {table.heads.size(), table.tokens.size()};
  problem.grows = {true, true};
  problem.mixing = Mixing::log_in_linear;
  for (const double h : table.heads) {
    for (const double l : table.tokens) problem.start.push_back(std::log(fixed + rate * h * l * l));
  }
  for (const Row& row : rows) {
    const AxisPlace head = linear_place(table.heads, row.all_heads), token = log_place(table.tokens, row.tokens);
    Stencil stencil;
    for (const std::size_t h : {0, 1}) {
      const double share = h ? head.share : 1 - head.share;
      if (share == 0.0) continue;
      Stencil::Group& group = stencil.groups[stencil.count++];
      group.share = share;
      const std::size_t at = (head.below + h) * table.tokens.size() + token.below;
      group.add(at, 1 - token.share);
      group.add(at + 1, token.share);
    }
    problem.rows.push_back(stencil);
    problem.log_time.push_back(std::log(row.time_s));
  }
  table.time_s.clear();
  for (const double log_time : fit_nodes(problem)) table.time_s.push_back(four_digits(std::exp(log_time)));
  return table;
}

double error_of(const PromptAttentionTable& table, const Row& row) {
  return std::abs(compute::prompt_attention_s(table, row.all_heads, row.tokens) / row.time_s - 1);
}

}  // namespace

std::vector<PromptAttentionTable> fit_prompt_attention(const Table& table, FitReport& report) {
  using Key = std::tuple<double, std::string, std::string, double>;  // head size, formats, window
  struct Group {
    std::vector<Row> rows;
    std::size_t short_prompts = 0, many_heads = 0, with_prefix = 0;
  };
  std::map<Key, Group> groups;
  const Column &format = table.at("format"), &kv_format = table.at("kv_format"), &time = table.at("time_s");
  const Column &head_dim = table.at("head_dim"), &window = table.at("window"), &prefix = table.at("prefix");
  const Column &sequences = table.at("sequences"), &tokens = table.at("tokens");
  const Column &heads = table.at("heads"), &kv_heads = table.at("kv_heads");
  for (std::size_t i = 0; i < table.rows(); ++i) {
    Group& group = groups[{head_dim.numbers[i], format.text(i), kv_format.text(i), window.numbers[i]}];
    if (prefix.numbers[i] > 0) {
      ++group.with_prefix;
    } else if (heads.numbers[i] / kv_heads.numbers[i] > kMostHeadsPerKvHead) {
      ++group.many_heads;
    } else if (tokens.numbers[i] < kLeastTokens) {
      ++group.short_prompts;
    } else {
      group.rows.push_back({sequences.numbers[i] * heads.numbers[i], tokens.numbers[i], heads.numbers[i],
                            kv_heads.numbers[i], time.numbers[i]});
    }
  }
  std::vector<PromptAttentionTable> result;
  for (const auto& [key, group] : groups) {
    const auto& [size, arithmetic, cache, reach] = key;
    std::string name = fmt::format("{} values a head, {} on {} cache", size, arithmetic, cache);
    if (reach > 0) name += fmt::format(", window {}", reach);
    const auto leave_out = [&](const char* rule, std::size_t rows) {
      report.exclude(std::string(kOperation), name, rule, rows);
    };
    leave_out("cached prefix: a chunk is the difference of two prompts", group.with_prefix);
    leave_out("more than 16 query heads a KV head: no served model has them", group.many_heads);
    leave_out("fewer than 16 tokens: the fixed part alone", group.short_prompts);
    if (group.rows.size() < 100) {
      leave_out("fewer than 100 rows", group.rows.size());
      continue;
    }
    report.tell(fmt::format("{} {}: {} rows", kOperation, name, group.rows.size()));
    PromptAttentionTable start;
    start.format = arithmetic;
    start.kv_format = cache;
    start.head_dim = static_cast<std::int64_t>(size);
    start.window_tokens = static_cast<std::int64_t>(reach);
    const auto unseen = [](const Row& row) { return is_held_out({row.heads, row.kv_heads}); };
    std::vector<Row> seen;
    double longest = 0;
    for (const Row& row : group.rows) {
      if (!unseen(row)) seen.push_back(row);
      longest = std::max(longest, row.tokens);
    }
    if (seen.size() < 50) {
      leave_out("fewer than 50 rows of seen shapes", group.rows.size());
      continue;
    }
    JudgedFit judged;
    const PromptAttentionTable blind = fit_table(seen, 1e18, start);
    const PromptAttentionTable shorter = fit_table(group.rows, kTailTokens, start);
    for (const Row& row : group.rows) {
      if (unseen(row)) judged.unseen.push_back(error_of(blind, row));
      if (row.tokens > kTailTokens) judged.tail.push_back(error_of(shorter, row));
    }
    result.push_back(fit_table(group.rows, 1e18, start));
    report.add(judged.line(std::string(kOperation), name, group.rows.size(),
                           group.many_heads + group.short_prompts + group.with_prefix, result.back().time_s.size()),
               fmt::format("up to {} heads of all sequences, {}..{} tokens", result.back().heads.back(), kLeastTokens,
                           longest));
  }
  return result;
}

}  // namespace tokenworks::gpu_calibration
