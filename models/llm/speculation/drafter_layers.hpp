// Question   what are the layers of a model's drafting head
// Equation   attention of the model's kind that sees all of the context; routed experts as the model's where the head's
//            parameters exceed those that a token meets by more than a tenth; all else that a token meets (joins of
//            hidden states and embedding among it) is one network of equal size. Embedding and head are the model's
// Source     DeepSeek-AI, DeepSeek-V3 Technical Report, 2024, section 2.2; Li et al., EAGLE-3, 2025; the entry's
//            drafters: layers, parameters, active_parameters
// Valid for  heads that are kept in the number format of the model's layers and split over GPUs as these
// Checked by tests/models/llm/speculation_test.cpp: parameters met by a token against the entry
#pragma once

#include "models/llm/architecture.hpp"

namespace tokenworks::llm {

/// The drafter of `model` as a small model of its own. Throws std::invalid_argument when it has none.
LlmSpec drafter_as_model(const LlmSpec& model);
/// `model` with the layers of its drafter beside its own: what GPUs hold when it drafts. Without drafter `model`
/// itself.
LlmSpec model_with_drafter(const LlmSpec& model);

}  // namespace tokenworks::llm
