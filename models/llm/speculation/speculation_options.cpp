#include "models/llm/speculation/options/options.hpp"

namespace tokenworks::llm {

Options<SpeculationOption> speculation_options() {
  static constexpr Option<SpeculationOption> kOptions[] = {
      {"drafter", "The model's own drafting head (multi-token prediction, EAGLE): some layers more a drafted token",
       make_drafter},
      {"n_gram", "What followed the same tokens before in the prompt or the answer: drafting takes no GPU time",
       make_n_gram},
  };
  return kOptions;
}

void SpeculationOption::visit_draft_tokens(FieldVisitor& v) {
  field(v, "draft_tokens", draft_tokens, "Tokens that each sequence drafts for a step to verify",
        rule().required().at_least(1).at_most(8));
}

std::optional<double> measured_mean_accepted(const LlmSpec& model, std::int64_t draft_tokens) {
  if (model.drafters.empty()) return std::nullopt;
  const std::vector<double>& table = model.drafters.front().mean_accepted;
  const auto index = static_cast<std::size_t>(draft_tokens - 1);
  return index < table.size() ? std::optional(table[index]) : std::nullopt;
}

std::optional<double> mean_accepted(const SpeculationOption& option, const LlmSpec& model) {
  const std::optional<double> stated = option.stated_mean_accepted();
  return stated ? stated : measured_mean_accepted(model, option.draft_tokens);
}

}  // namespace tokenworks::llm
