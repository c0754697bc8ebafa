#include "sim/jobs/llm/step_costs.hpp"

#include <utility>

namespace tokenworks::jobs {

StepCosts::StepCosts(StepModels models, compute::ClockLevel level, std::int64_t piece_of_micro_batch)
    : models_(std::move(models)),
      level_(level),
      tokens_a_sequence_(1 + (models_.speculation ? models_.speculation->draft_tokens() : 0)) {
  if (models_.steps->parallelism().pipeline > 1) {
    bubble_ = std::make_unique<llm::PipelineBubble>(*models_.steps, piece_of_micro_batch);
  }
}

const StepRate& StepCosts::step_rate(std::int64_t sequences, std::int64_t full_tokens) {
  const auto index = static_cast<std::size_t>(sequences);
  if (index >= rates_.size()) rates_.resize(index + 1);
  std::vector<StepRate>& known = rates_[index];
  // Intervals are opened from the lowest on, so that the list has no holes.
  while (known.empty() || full_tokens >= known.back().until_full_tokens) {
    llm::StepModel& model = steps();
    const llm::DecodeAttention& attention =
        decode_attention(sequences, known.empty() ? 0 : known.back().until_full_tokens);
    const std::int64_t tokens = sequences * tokens_a_sequence_;
    llm::StepPart fixed = attention.fixed;
    fixed += model.tokens(tokens);
    fixed += model.head(tokens);
    fixed += model.host(sequences);
    if (models_.speculation) fixed += models_.speculation->drafting(tokens, sequences);
    known.push_back({.rate = {fixed.duration_ps, attention.ps_per_full_token, attention.ps_per_window_token},
                     .fixed_energy_j = fixed.gpu_energy_j,
                     .attention_power_w = attention.gpu_power_w,
                     .until_full_tokens = attention.until_full_tokens,
                     .fabric = {fixed.fabric_ps, fixed.fabric_bytes}});
  }
  std::size_t i = 0;
  while (full_tokens >= known[i].until_full_tokens) ++i;
  return known[i];
}

}  // namespace tokenworks::jobs
