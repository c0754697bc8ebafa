// Question   what is there to say about drafting by looking up what followed the same tokens before in the text
// Equation   mean_accepted as stated; drafting itself takes no time on the GPUs
// Source     Saxena, Prompt Lookup Decoding, 2023
// Valid for  answers that repeat their prompts (summaries, edits of code): acceptance is the workload's, no table helps
// Checked by tests/models/llm/speculation_test.cpp
#include "models/llm/speculation/options/options.hpp"

namespace tokenworks::llm {
namespace {

class NGramOption final : public SpeculationOption {
 public:
  double mean_accepted = 1.0;

  void visit(FieldVisitor& v) override {
    visit_draft_tokens(v);
    field(v, "mean_accepted", mean_accepted,
          "Tokens that a verified step yields on average, the model's own included, at most 1 + draft_tokens",
          rule().required().at_least(1).at_most(9));
  }
  bool uses_drafter() const override { return false; }
  std::optional<double> stated_mean_accepted() const override { return mean_accepted; }
};

}  // namespace

std::unique_ptr<SpeculationOption> make_n_gram() { return std::make_unique<NGramOption>(); }

}  // namespace tokenworks::llm
