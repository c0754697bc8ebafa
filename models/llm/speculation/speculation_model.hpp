// Question   how long does a step take in which every decoding sequence verifies its drafts, and what draws it
// meanwhile Equation   T = the model's step over (1 + d) tokens a sequence, its attention reading the context once for
// all of
//            them, max(reading, (1 + d) * arithmetic of a query) for each token of context, + first drafting pass over
//            all tokens of the step + (d - 1) passes over one token a sequence + d * (attention of the drafter + head)
// Source     form: Leviathan et al., Fast Inference from Transformers via Speculative Decoding, 2023; DeepSeek-AI,
//            DeepSeek-V3 Technical Report, 2024, section 2.2. Arithmetic of verifying attention: 580 TFLOP/s of the
//            989 that an H800 has (DeepSeek-AI, FlashMLA, 2025). Kernel times: the catalog's, as for the model itself
// Valid for  chains of drafts; no time passes on the host between drafting passes; states of linear attention are read
//            and written once a step
// Checked by tests/models/llm/speculation_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/llm/step_model.hpp"

namespace tokenworks::llm {

/// What verifying and drafting add to the steps of one service's replicas. Not thread-safe.
class SpeculationModel {
 public:
  struct Setup {
    StepModel& verifier;            ///< steps of the model itself; outlives this one
    const StepModel::Setup& steps;  ///< as the verifier was built
    std::int64_t draft_tokens = 1;  ///< of a sequence in a step, at least 1
    bool uses_drafter = true;       ///< false: drafts come at no cost
  };

  /// Throws std::invalid_argument when draft_tokens is less than 1, or the drafter is to be used and there is none.
  SpeculationModel(const Setup& setup, ValidityNotes& notes);

  std::int64_t draft_tokens() const { return draft_tokens_; }
  /// Attention of a step of `sequences` decoding sequences: verification and all drafting passes. Arguments as the
  /// verifier's.
  const DecodeAttention& decode_attention(std::int64_t sequences, std::int64_t full_tokens);
  /// Linear operators and head of all drafting passes of a step over `step_tokens` tokens, those of prompts and
  /// 1 + draft_tokens a decoding sequence, of which `sequences` sequences get tokens.
  StepPart drafting(std::int64_t step_tokens, std::int64_t sequences);
  /// Launch of the drafter's prompt attention, and this attention: as the verifier's.
  StepPart prompt_launch() const;
  StepPart prompt_attention(std::int64_t start, std::int64_t end) const;

 private:
  std::vector<DecodeAttention> intervals(std::int64_t sequences);

  StepModel& verifier_;
  std::optional<LlmSpec> drafter_layers_;
  std::optional<StepModel> drafter_;
  std::int64_t draft_tokens_;
  std::int64_t arithmetic_ps_per_full_token_ = 0, arithmetic_ps_per_window_token_ = 0;  // of all queries of a sequence
  bool selects_ = false;                                 // each query reads tokens of its own choice
  std::vector<std::vector<DecodeAttention>> attention_;  // by sequences, rising in context; what was asked for so far
};

}  // namespace tokenworks::llm
