#include "sim/jobs/llm/served_model.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace tokenworks::jobs {
namespace {

/// Share of a limit, which is at least 1.
std::int64_t share(std::int64_t limit, std::int64_t copies) { return std::max<std::int64_t>(1, limit / copies); }

/// Engines cut prompts by the tokens that a micro-batch may have; where they do not, prompts go whole.
std::int64_t piece_of_micro_batch(const batching::EngineProfile& profile, std::int64_t copies) {
  if (!profile.chunked_prompts) return std::numeric_limits<std::int64_t>::max();
  const std::int64_t most = profile.max_prompt_chunk_tokens;
  return share(most == 0 ? profile.max_batch_tokens : std::min(profile.max_batch_tokens, most), copies);
}

}  // namespace

ServedModel::ServedModel(Setup setup)
    : setup_(std::move(setup)),
      stages_(setup_.step_model->parallelism().pipeline),
      copies_(setup_.step_model->parallelism().attention_data),
      request_overhead_(to_picoseconds(setup_.profile.request_overhead_s + setup_.prompt_launch_s)),
      eager_step_(to_picoseconds(setup_.eager_step_s)),
      copy_blocks_(setup_.kv_pool_tokens / copies_ / setup_.profile.kv_block_tokens),
      copy_sequences_(share(setup_.profile.max_sequences, copies_)),
      step_tokens_(stages_ * share(setup_.profile.max_batch_tokens, copies_)),
      prompt_piece_tokens_(setup_.profile.max_prompt_chunk_tokens == 0
                               ? 0
                               : stages_ * share(setup_.profile.max_prompt_chunk_tokens, copies_)),
      draft_tokens_(setup_.speculation ? setup_.speculation->draft_tokens() : 0) {
  if (setup_.speculation) pattern_.emplace(setup_.mean_accepted);
  if (setup_.adapters) adapter_load_ = to_picoseconds(setup_.adapters->load(setup_.host_link).value);
  costs_ = std::make_unique<StepCosts>(StepModels{std::move(setup_.step_model), std::move(setup_.speculation)},
                                       compute::kFullClock, piece_of_micro_batch(setup_.profile, copies_));
}

StepCosts& ServedModel::costs_below(compute::ClockLevel level) {
  const double share = compute::clock_share(level);
  std::unique_ptr<StepCosts>& costs = costs_of_level_[static_cast<std::size_t>(level)];
  if (!costs) {
    if (!setup_.at_clock) throw std::logic_error("served model: " + setup_.name + " is known at the full clock only");
    costs = std::make_unique<StepCosts>(setup_.at_clock(share), level, piece_of_micro_batch(setup_.profile, copies_));
  }
  return *costs;
}

std::string_view ServedModel::refusal(std::int64_t input_tokens, std::int64_t output_tokens) const {
  const batching::EngineProfile& profile = setup_.profile;
  const std::int64_t tokens = input_tokens + output_tokens;
  const std::int64_t block = profile.kv_block_tokens;
  // The last step may go beyond the answer by what it drafts; where blocks grow, room for as much again is kept.
  const std::int64_t most = tokens + (profile.reserves_full_length ? 1 : 2) * draft_tokens_;
  if (tokens > setup_.context_tokens) return "longer_than_context";
  if ((most + block - 1) / block > copy_blocks_) return "longer_than_kv_pool";
  if (!profile.chunked_prompts && input_tokens > whole_prompt_tokens()) return "longer_than_batch";
  return {};
}

Picoseconds ServedModel::prompt_time(std::int64_t from, std::int64_t to) const {
  if (stages_ == 1 && copies_ == 1) return even_prompt_time(from, to);
  llm::StepModel& model = steps();
  Picoseconds time = 0;
  for (std::int64_t start = from; start < to; start += step_tokens_) {
    const llm::PromptChunk chunk{start, std::min(to, start + step_tokens_)};
    time += model.tokens(chunk.tokens()).duration_ps + model.imbalance(chunk.tokens(), chunk.tokens()).duration_ps +
            copies_ * model.prompt_attention(chunk.start, chunk.end).duration_ps;
    if (costs_->bubble() != nullptr) time += costs_->bubble()->of({&chunk, 1}, 0).duration_ps;
  }
  return time;
}

/// The same while other prompts fill what stages of a pipeline and copies of the attention would wait.
Picoseconds ServedModel::even_prompt_time(std::int64_t from, std::int64_t to) const {
  if (to <= from) return 0;
  llm::StepModel& model = steps();
  const std::int64_t tokens = to - from, budget = copies_ * step_tokens_;
  Picoseconds time = model.prompt_attention(from, to).duration_ps + tokens / budget * model.tokens(budget).duration_ps;
  if (tokens % budget > 0) time += model.tokens(tokens % budget).duration_ps;
  return time;
}

double ServedModel::prompt_tokens_per_s() const {
  const std::int64_t tokens = std::min(copies_ * step_tokens_, setup_.context_tokens);
  return static_cast<double>(tokens) / to_seconds(even_prompt_time(0, tokens));
}

ServedModel::Pace ServedModel::pace(double input_tokens, double cached_tokens, double output_tokens) {
  Pace pace;
  const auto input = static_cast<std::int64_t>(std::max(1.0, input_tokens));
  const auto cached = std::clamp<std::int64_t>(static_cast<std::int64_t>(cached_tokens), 0, input - 1);
  pace.prompt_s = to_seconds(even_prompt_time(cached, input));
  // On average a sequence has half its answer.
  const double context = input_tokens + output_tokens / 2;
  const double room = static_cast<double>(kv_blocks() * setup_.profile.kv_block_tokens);
  const double by_memory = setup_.profile.reserves_full_length ? room / (input_tokens + output_tokens) : room / context;
  const auto most = static_cast<double>(setup_.profile.max_sequences);
  pace.kv_bound = by_memory < most;
  pace.batch = std::max(1.0, std::min(by_memory, most));
  const auto sequences = static_cast<std::int64_t>(pace.batch);
  const auto tokens = static_cast<std::int64_t>(context * static_cast<double>(sequences));
  const StepRate& step = costs_->step_rate(sequences, tokens);
  const double window = static_cast<double>(steps().window_tokens());
  const auto in_window = static_cast<std::int64_t>(std::min(context, window) * static_cast<double>(sequences));
  const double reading = to_seconds(step.rate.per_full_token * tokens + step.rate.per_window_token * in_window);
  double whole = to_seconds(step.rate.fixed) + reading;
  if (setup_.adapters) {
    whole += to_seconds(
        setup_.adapters->step(decode_tokens(sequences), std::min(sequences, setup_.adapter_places)).duration_ps);
  }
  const double tokens_a_step = pattern_ ? pattern_->mean() : 1.0;
  pace.decode_s = std::max(0.0, output_tokens - 1) / tokens_a_step * whole / static_cast<double>(sequences);
  pace.kv_reading_share = reading / whole;
  return pace;
}

}  // namespace tokenworks::jobs
