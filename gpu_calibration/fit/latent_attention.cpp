// Question   how long do blocks and kernels of multi-head latent attention take
// Equation   times at nodes over heads on this GPU, sequences, and tokens or cached tokens, linear in all three
//            (models/compute/kernel_time.hpp)
// Source     dimensions: DeepSeek-V3 technical report (arXiv 2412.19437), section 4.2; configuration file of GLM-5
// Valid for  8 heads and more on a GPU, at least 16 tokens of a prompt and 128 cached ones, no cached prefix
// Checked by tests/gpu_calibration/fit_test.cpp
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <type_traits>

#include <fmt/format.h>

#include "gpu_calibration/fit/held_out.hpp"
#include "gpu_calibration/fit/linear_grid.hpp"
#include "gpu_calibration/fit/operator_fits.hpp"
#include "models/compute/kernel_time.hpp"
#include "models/compute/number_format.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using compute::LatentDecodeTable;
using compute::LatentPromptTable;

constexpr double kFewestHeads = 8;
constexpr double kFewestTokens = 16;
constexpr double kLeastContext = 127;
constexpr double kTailTokens = 8192;  // the fits that judge tails see no more
constexpr double kTailContext = 32768;
const std::vector<double> kHeads = {8, 16, 64, 128};
const std::vector<double> kPromptSequences = {1, 2, 8, 32, 256};
const std::vector<double> kTokens = {16, 256, 1024, 2048, 4096, 8192, 16384, 32768};
const std::vector<double> kDecodeSequences = {1, 8, 32, 64, 128, 256, 512, 1024};
const std::vector<double> kContexts = {127, 1024, 4096, 16384, 65536, 131072};

/// Hidden width, query rank, latent rank, rope, nope and value dimension of the models that were measured.
struct Dimensions {
  std::string_view model;
  std::array<std::int64_t, 6> dims;
};
constexpr std::array<std::int64_t, 6> kDeepSeek = {7168, 1536, 512, 64, 128, 128};
constexpr std::array<std::int64_t, 6> kGlm5 = {6144, 2048, 512, 64, 192, 256};
constexpr Dimensions kDimensions[] = {{"deepseek-ai/DeepSeek-V3.2", kDeepSeek},
                                      {"deepseek-ai/DeepSeek-V3", kDeepSeek},
                                      {"deepseek-ai/DeepSeek-R1", kDeepSeek},
                                      {"nvidia/DeepSeek-V3.1-NVFP4", kDeepSeek},
                                      {"zai-org/GLM-5", kGlm5},
                                      {"zai-org/GLM-5-FP8", kGlm5},
                                      {"nvidia/GLM-5-NVFP4", kGlm5}};

template <class LatentTable>
constexpr bool kPrompts = std::is_same_v<LatentTable, LatentPromptTable>;

std::vector<double>& last_axis(LatentPromptTable& table) { return table.tokens; }
std::vector<double>& last_axis(LatentDecodeTable& table) { return table.context; }

template <class LatentTable>
LatentTable fit_table(const std::vector<LinearGridRow>& all, double most, LatentTable table) {
  std::vector<LinearGridRow> rows;
  std::array<std::array<double, 2>, 3> range;
  range.fill({1e18, 0});
  for (const LinearGridRow& row : all) {
    if (row.at[2] > most) continue;
    rows.push_back(row);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      range[axis] = {std::min(range[axis][0], row.at[axis]), std::max(range[axis][1], row.at[axis])};
    }
  }
  constexpr bool prompts = kPrompts<LatentTable>;
  LinearGrid grid;
  grid.axes = {reached(kHeads, range[0][0], range[0][1]),
               reached(prompts ? kPromptSequences : kDecodeSequences, range[1][0], range[1][1]),
               reached(prompts ? kTokens : kContexts, range[2][0], range[2][1])};
  grid.work = [](const std::array<double, 3>& at) {
    return at[0] * at[1] * at[2] * (prompts ? 1.0 + at[2] / 8192.0 : 1.0);
  };
  table.heads = grid.axes[0];
  table.sequences = grid.axes[1];
  last_axis(table) = grid.axes[2];
  table.time_s = fit_linear_grid(grid, rows);
  return table;
}

double predicted(const LatentPromptTable& table, const std::array<double, 3>& at) {
  return compute::latent_prompt_s(table, at[0], at[1], at[2]);
}
double predicted(const LatentDecodeTable& table, const std::array<double, 3>& at) {
  return compute::latent_decode_s(table, at[0], at[1], at[2]);
}

template <class LatentTable>
std::vector<LatentTable> fit_latent(const Table& table, bool sparse, FitReport& report) {
  constexpr bool prompts = kPrompts<LatentTable>;
  constexpr double most_seen = prompts ? kTailTokens : kTailContext;
  const Column* matrix_format = table.find("matrix_format");
  const Column* model = table.find("model");
  const Column &format = table.at("format"), &kv_format = table.at("kv_format"), &time = table.at("time_s");
  const Column &heads = table.at("heads"), &sequences = table.at("sequences");
  const Column& last = table.at(prompts ? "tokens" : "context");
  const Column* prefix = table.find("prefix");
  using Key = std::tuple<std::array<std::int64_t, 6>, std::string, std::string>;
  struct Group {
    std::vector<LinearGridRow> rows;
    std::size_t few_heads = 0, short_ones = 0, with_prefix = 0, fp8_arithmetic = 0;
  };
  std::map<Key, Group> groups;
  std::map<std::string, std::size_t> unknown;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    std::array<std::int64_t, 6> dims = kDeepSeek;
    if (model != nullptr) {
      const auto known = std::find_if(std::begin(kDimensions), std::end(kDimensions),
                                      [&](const Dimensions& d) { return d.model == model->text(i); });
      if (known == std::end(kDimensions)) {
        ++unknown[model->text(i)];
        continue;
      }
      dims = known->dims;
    }
    Group& group = groups[{dims, matrix_format != nullptr ? matrix_format->text(i) : std::string(), kv_format.text(i)}];
    if (prefix != nullptr && prefix->numbers[i] > 0) {
      ++group.with_prefix;
    } else if (format.text(i) != "bf16") {
      ++group.fp8_arithmetic;
    } else if (heads.numbers[i] < kFewestHeads) {
      ++group.few_heads;
    } else if (last.numbers[i] < (prompts ? kFewestTokens : kLeastContext)) {
      ++group.short_ones;
    } else {
      group.rows.push_back({{heads.numbers[i], sequences.numbers[i], last.numbers[i]}, time.numbers[i]});
    }
  }
  for (const auto& [name, rows] : unknown) {
    report.exclude(table.operation, name, "model whose dimensions are not known here", rows);
  }
  std::vector<LatentTable> result;
  for (const auto& [key, group] : groups) {
    const auto& [dims, matrices, cache] = key;
    const std::string name = fmt::format("{}{} cache{}", matrices.empty() ? "" : matrices + " projections, ", cache,
                                         dims == kGlm5 ? ", hidden 6144" : "");
    const auto leave_out = [&](const char* rule, std::size_t rows) {
      report.exclude(table.operation, name, rule, rows);
    };
    leave_out("cached prefix", group.with_prefix);
    leave_out("attention in fp8 arithmetic: no engine's default", group.fp8_arithmetic);
    leave_out("fewer than 8 heads on a GPU: nobody splits so", group.few_heads);
    leave_out(prompts ? "fewer than 16 tokens" : "fewer than 127 cached tokens", group.short_ones);
    if (group.rows.size() < 60) {
      leave_out("fewer than 60 rows", group.rows.size());
      continue;
    }
    report.tell(fmt::format("{} {}: {} rows", table.operation, name, group.rows.size()));
    LatentTable start;
    start.kv_format = cache;
    start.matrix_format = matrices;
    start.sparse = sparse;
    start.dims.assign(dims.begin(), dims.end());
    const auto unseen = [](const LinearGridRow& row) { return is_held_out({row.at[0], row.at[1]}); };
    std::vector<LinearGridRow> seen;
    double longest = 0;
    for (const LinearGridRow& row : group.rows) {
      if (!unseen(row)) seen.push_back(row);
      longest = std::max(longest, row.at[2]);
    }
    const auto error_of = [](const LatentTable& fitted, const LinearGridRow& row) {
      return std::abs(predicted(fitted, row.at) / row.time_s - 1);
    };
    JudgedFit judged;
    const LatentTable blind = fit_table(seen, 1e18, start);
    const LatentTable shorter = fit_table(group.rows, most_seen, start);
    for (const LinearGridRow& row : group.rows) {
      if (unseen(row)) judged.unseen.push_back(error_of(blind, row));
      if (row.at[2] > most_seen) judged.tail.push_back(error_of(shorter, row));
    }
    result.push_back(fit_table(group.rows, 1e18, start));
    report.add(judged.line(table.operation, name, group.rows.size(),
                           group.with_prefix + group.few_heads + group.short_ones + group.fp8_arithmetic,
                           result.back().time_s.size()),
               fmt::format("{}..{} heads, up to {} sequences, {} tokens", result.back().heads.front(),
                           result.back().heads.back(), result.back().sequences.back(), longest));
  }
  return result;
}

}  // namespace

std::vector<LatentPromptTable> fit_latent_prompt(const Table& rows, bool sparse, FitReport& report) {
  return fit_latent<LatentPromptTable>(rows, sparse, report);
}

std::vector<LatentDecodeTable> fit_latent_decode(const Table& rows, bool sparse, FitReport& report) {
  return fit_latent<LatentDecodeTable>(rows, sparse, report);
}

}  // namespace tokenworks::gpu_calibration
