#include "models/llm/speculation/speculation_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "models/llm/layout.hpp"
#include "models/llm/speculation/drafter_layers.hpp"

namespace tokenworks::llm {
namespace {

constexpr double kArithmeticShare = 580.0 / 989.0;

/// Seconds that one query spends in arithmetic for a token of context, over all layers, by what limits its reach.
struct QueryArithmetic {
  double full_s = 0.0, window_s = 0.0;
};

QueryArithmetic query_arithmetic(const GpuLayout& layout, const StepModel::Setup& steps) {
  const double rate = kArithmeticShare * steps.clock_share * steps.gpu.ratings.bf16_flop_per_s;
  const double shares = static_cast<double>(steps.parallelism.attention_data * steps.parallelism.pipeline);
  QueryArithmetic sum;
  for (const AttentionPart& part : layout.attention) {
    if (part.kind == AttentionPart::Kind::linear) continue;
    const double seconds = part.layers * 2.0 * part.decode_values_per_pair / rate / shares;
    const bool limited = part.window_tokens > 0 || part.selected_tokens > 0;
    if (limited) sum.window_s += seconds;
    if (!limited || (part.compression > 0 && part.selected_tokens == 0)) sum.full_s += seconds * part.keys_per_token();
  }
  return sum;
}

std::int64_t whole_picoseconds(double seconds) { return std::llround(seconds * 1e12); }

StepPart times(std::int64_t count, const StepPart& part) {
  return {.duration_ps = count * part.duration_ps,
          .gpu_energy_j = static_cast<double>(count) * part.gpu_energy_j,
          .fabric_ps = count * part.fabric_ps,
          .fabric_bytes = static_cast<double>(count) * part.fabric_bytes};
}

/// `count` times `attention` after `sum`; power while context is read is the mean over that time.
void add(DecodeAttention& sum, const DecodeAttention& attention, std::int64_t count) {
  const auto before = static_cast<double>(sum.ps_per_full_token + sum.ps_per_window_token);
  const auto added = static_cast<double>(count * (attention.ps_per_full_token + attention.ps_per_window_token));
  if (before + added > 0.0) {
    sum.gpu_power_w = (before * sum.gpu_power_w + added * attention.gpu_power_w) / (before + added);
  }
  sum.fixed += times(count, attention.fixed);
  sum.ps_per_full_token += count * attention.ps_per_full_token;
  sum.ps_per_window_token += count * attention.ps_per_window_token;
  sum.until_full_tokens = std::min(sum.until_full_tokens, attention.until_full_tokens);
}

}  // namespace

SpeculationModel::SpeculationModel(const Setup& setup, ValidityNotes& notes)
    : verifier_(setup.verifier), draft_tokens_(setup.draft_tokens) {
  if (draft_tokens_ < 1) {
    throw std::invalid_argument("speculation: at least 1 token is drafted, not " + std::to_string(draft_tokens_));
  }
  const StepModel::Setup& steps = setup.steps;
  const GpuLayout layout = gpu_layout(steps.model, steps.parallelism);
  const QueryArithmetic query = query_arithmetic(layout, steps);
  const double queries = static_cast<double>(1 + draft_tokens_);
  arithmetic_ps_per_full_token_ = whole_picoseconds(queries * query.full_s);
  arithmetic_ps_per_window_token_ = whole_picoseconds(queries * query.window_s);
  selects_ = std::any_of(layout.attention.begin(), layout.attention.end(),
                         [](const AttentionPart& part) { return part.selected_tokens > 0; });
  if (!setup.uses_drafter) return;

  const LlmSpec& drafter = drafter_layers_.emplace(drafter_as_model(steps.model));
  Parallelism parallelism = steps.parallelism;
  parallelism.pipeline = 1;  // it stands behind the last stage
  if (drafter.experts.empty()) parallelism.expert = 1;
  drafter_.emplace(StepModel::Setup{.gpu = steps.gpu,
                                    .kernels = steps.kernels,
                                    .model = drafter,
                                    .precision = steps.precision,
                                    .kv_format = steps.kv_format,
                                    .parallelism = parallelism,
                                    .variant = steps.variant,
                                    .host = {},
                                    .fabric = steps.fabric,
                                    .clock_share = steps.clock_share},
                   notes);
}

const DecodeAttention& SpeculationModel::decode_attention(std::int64_t sequences, std::int64_t full_tokens) {
  const auto index = static_cast<std::size_t>(sequences);
  if (index >= attention_.size()) attention_.resize(index + 1);
  std::vector<DecodeAttention>& known = attention_[index];
  if (known.empty()) known = intervals(sequences);
  std::size_t i = 0;
  while (full_tokens >= known[i].until_full_tokens) ++i;
  return known[i];
}

std::vector<DecodeAttention> SpeculationModel::intervals(std::int64_t sequences) {
  std::vector<DecodeAttention> list;
  std::int64_t start = 0;      // tokens of context at which the interval begins
  std::int64_t beyond_ps = 0;  // that arithmetic takes beyond reading, up to there
  while (true) {
    DecodeAttention both = verifier_.decode_attention(sequences, start);
    const std::int64_t more = std::max<std::int64_t>(0, arithmetic_ps_per_full_token_ - both.ps_per_full_token);
    const std::int64_t shift = beyond_ps - more * start;
    both.ps_per_full_token += more;
    both.fixed += StepPart{shift, both.gpu_power_w * 1e-12 * static_cast<double>(shift)};
    if (selects_) both.ps_per_window_token *= 1 + draft_tokens_;
    both.ps_per_window_token = std::max(both.ps_per_window_token, arithmetic_ps_per_window_token_);
    if (drafter_) add(both, drafter_->decode_attention(sequences, start), draft_tokens_);
    list.push_back(both);
    if (both.until_full_tokens == std::numeric_limits<std::int64_t>::max()) return list;
    beyond_ps += more * (both.until_full_tokens - start);
    start = both.until_full_tokens;
  }
}

StepPart SpeculationModel::drafting(std::int64_t step_tokens, std::int64_t sequences) {
  if (!drafter_) return {};
  StepPart sum = drafter_->tokens(step_tokens);
  if (sequences == 0) return sum;
  sum += times(draft_tokens_, drafter_->head(sequences));
  if (draft_tokens_ > 1) sum += times(draft_tokens_ - 1, drafter_->tokens(sequences));
  return sum;
}

StepPart SpeculationModel::prompt_launch() const { return drafter_ ? drafter_->prompt_launch() : StepPart{}; }

StepPart SpeculationModel::prompt_attention(std::int64_t start, std::int64_t end) const {
  return drafter_ ? drafter_->prompt_attention(start, end) : StepPart{};
}

}  // namespace tokenworks::llm
