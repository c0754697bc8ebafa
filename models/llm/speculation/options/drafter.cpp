// Question   what is there to say about drafting by the model's own head (multi-token prediction, EAGLE)
// Equation   mean_accepted as stated, else by number of drafted tokens from the model's entry
// Source     the entries' drafters: SemiAnalysisAI/InferenceX, golden acceptance lengths, SPEED-Bench coding set
// Valid for  chains of drafted tokens (no trees), the same number for each sequence in each step
// Checked by tests/models/llm/speculation_test.cpp
#include "models/llm/speculation/options/options.hpp"

namespace tokenworks::llm {
namespace {

class DrafterOption final : public SpeculationOption {
 public:
  std::optional<double> mean_accepted;

  void visit(FieldVisitor& v) override {
    visit_draft_tokens(v);
    field(v, "mean_accepted", mean_accepted,
          "Tokens that a verified step yields on average, the model's own included, at most 1 + draft_tokens; when "
          "absent, what was measured for the model's drafter on a coding set",
          rule().at_least(1).at_most(9));
  }
  bool uses_drafter() const override { return true; }
  std::optional<double> stated_mean_accepted() const override { return mean_accepted; }
};

}  // namespace

std::unique_ptr<SpeculationOption> make_drafter() { return std::make_unique<DrafterOption>(); }

}  // namespace tokenworks::llm
