// How tokens are drafted for a model to verify: a family, one file an option, listed in speculation_options.cpp.
#pragma once

#include <cstdint>
#include <optional>

#include "models/core/fields.hpp"
#include "models/llm/architecture.hpp"

namespace tokenworks::llm {

class SpeculationOption {
 public:
  virtual ~SpeculationOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Whether the model's own drafter drafts, which takes time and memory.
  virtual bool uses_drafter() const = 0;
  /// Tokens that a verified step yields on average, the model's own included; nothing when the model's measured table
  /// is to be used.
  virtual std::optional<double> stated_mean_accepted() const = 0;

  std::int64_t draft_tokens = 1;  ///< that each sequence drafts for a step

 protected:
  void visit_draft_tokens(FieldVisitor& v);
};

/// `drafter`, `n_gram`.
Options<SpeculationOption> speculation_options();

/// What the model's entry says about so many drafted tokens; nothing when it was not measured.
std::optional<double> measured_mean_accepted(const LlmSpec& model, std::int64_t draft_tokens);
/// As stated, else as measured.
std::optional<double> mean_accepted(const SpeculationOption& option, const LlmSpec& model);

}  // namespace tokenworks::llm
