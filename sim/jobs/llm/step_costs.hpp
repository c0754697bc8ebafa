// What the steps of one pool's replicas cost at one clock of their GPUs: the step model, what drafts it, what stages of
// a pipeline wait for, and the rates of decode steps as far as they have been asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/compute/clock.hpp"
#include "models/llm/pipeline_bubble.hpp"
#include "models/llm/speculation/speculation_model.hpp"
#include "models/llm/step_model.hpp"
#include "sim/jobs/llm/decode_batch.hpp"

namespace tokenworks::jobs {

/// Of a step: time that passes with sending between scale-up domains, and the bytes that each GPU sends.
struct FabricPart {
  Picoseconds time = 0;
  double bytes_per_gpu = 0.0;
};

/// A pure decode step of a batch size while its context lies between two knots of the kernel tables.
struct StepRate {
  DecodeRate rate;
  double fixed_energy_j = 0.0;  ///< of one GPU
  double attention_power_w = 0.0;
  std::int64_t until_full_tokens = 0;  ///< tokens of context from which on another rate holds
  FabricPart fabric;
};

/// The models of a step at one clock.
struct StepModels {
  std::unique_ptr<llm::StepModel> steps;
  std::unique_ptr<llm::SpeculationModel> speculation;  ///< null: one token a step and sequence; about `steps`
};

class StepCosts {
 public:
  /// `piece_of_micro_batch`: longest piece of a prompt in one of the micro-batches that keep stages busy.
  StepCosts(StepModels models, compute::ClockLevel level, std::int64_t piece_of_micro_batch);

  llm::StepModel& steps() const { return *models_.steps; }
  llm::SpeculationModel* speculation() const { return models_.speculation.get(); }
  /// What stages of a pipeline wait for in a step with prompts; null: there is one stage.
  llm::PipelineBubble* bubble() const { return bubble_.get(); }
  compute::ClockLevel level() const { return level_; }

  const StepRate& step_rate(std::int64_t sequences, std::int64_t full_tokens);
  /// Attention of a step of so many decoding sequences, drafting included.
  const llm::DecodeAttention& decode_attention(std::int64_t sequences, std::int64_t full_tokens) {
    return models_.speculation ? models_.speculation->decode_attention(sequences, full_tokens)
                               : models_.steps->decode_attention(sequences, full_tokens);
  }

 private:
  StepModels models_;
  std::unique_ptr<llm::PipelineBubble> bubble_;
  compute::ClockLevel level_;
  std::int64_t tokens_a_sequence_;            // in a decode step
  std::vector<std::vector<StepRate>> rates_;  // by batch size, rising in context; what was asked for so far
};

}  // namespace tokenworks::jobs
