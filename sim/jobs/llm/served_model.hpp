// A model as the replicas of one pool serve it: the engine's settings, what its steps cost, and the room for context.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/llm/lora.hpp"
#include "sim/jobs/llm/step_costs.hpp"
#include "sim/jobs/llm/token_pattern.hpp"
#include "sim/policies/batching/engine_option.hpp"

namespace tokenworks::jobs {

class ServedModel {
 public:
  struct Setup {
    std::string name;  ///< of the model
    batching::EngineProfile profile;
    double prompt_launch_s = 0.0;  ///< host work for a new prompt of this model
    double eager_step_s = 0.0;     ///< shortest step with a prompt
    std::unique_ptr<llm::StepModel> step_model;
    std::unique_ptr<llm::SpeculationModel> speculation;  ///< null: one token a step and sequence; about `step_model`
    double mean_accepted = 1.0;  ///< with speculation: tokens that a verified step yields, the model's own included
    std::optional<llm::LoraModel> adapters;  ///< absent: requests have none
    std::int64_t adapter_places = 0;         ///< in GPU memory
    BytesPerSecond host_link{0};             ///< of one GPU, which loads adapters
    std::int64_t kv_pool_tokens = 0;         ///< of one replica
    std::int64_t context_tokens = 0;         ///< longest prompt and answer together that the model takes
    Bytes kv_bytes_per_token{0};             ///< of a sequence, over all GPUs of the replica, once
    std::int64_t layers = 1;
    /// The models of a step at another clock than `step_model`, which is at the full one. Empty: clocks do not change.
    std::function<StepModels(double clock_share)> at_clock{};
  };
  explicit ServedModel(Setup setup);

  const std::string& name() const { return setup_.name; }
  const batching::EngineProfile& profile() const { return setup_.profile; }
  /// At the full clock; so are all that follow but costs().
  llm::StepModel& steps() const { return costs_->steps(); }
  llm::SpeculationModel* speculation() const { return costs_->speculation(); }
  llm::PipelineBubble* bubble() const { return costs_->bubble(); }
  double waiting_gpu_power_w() const { return steps().waiting_gpu_power_w(); }
  /// Made when first asked for, and shared by all replicas. Throws std::logic_error where clocks do not change.
  StepCosts& costs(compute::ClockLevel level = compute::kFullClock) {
    return level == compute::kFullClock ? *costs_ : costs_below(level);
  }
  std::int64_t kv_blocks() const { return copies_ * copy_blocks_; }
  /// Copies of the attention, each with its own requests and an even share of the blocks, sequences and tokens.
  std::int64_t copies() const { return copies_; }
  std::int64_t copy_blocks() const { return copy_blocks_; }
  std::int64_t copy_sequences() const { return copy_sequences_; }
  std::int64_t context_tokens() const { return setup_.context_tokens; }
  Bytes kv_bytes_per_token() const { return setup_.kv_bytes_per_token; }
  std::int64_t layers() const { return setup_.layers; }
  /// Time from a request's arrival until the engine hears of it.
  Picoseconds request_overhead() const { return request_overhead_; }
  Picoseconds eager_step() const { return eager_step_; }
  std::int64_t draft_tokens() const { return draft_tokens_; }  ///< of a sequence in a step
  /// Tokens that so many decoding sequences bring into a step.
  std::int64_t decode_tokens(std::int64_t sequences) const { return sequences * (1 + draft_tokens_); }
  /// Tokens that a step yields; null: one.
  const TokenPattern* pattern() const { return pattern_ ? &*pattern_ : nullptr; }
  const llm::LoraModel* adapters() const { return setup_.adapters ? &*setup_.adapters : nullptr; }
  std::int64_t adapter_places() const { return setup_.adapter_places; }
  Picoseconds adapter_load() const { return adapter_load_; }
  /// Most tokens of a copy's step. A step of a pipeline is a round of as many micro-batches as it has stages, and the
  /// engine's limits are those of a micro-batch.
  std::int64_t step_tokens() const { return step_tokens_; }
  /// Longest prompt that an engine takes which does not cut prompts.
  std::int64_t whole_prompt_tokens() const { return step_tokens_ / stages_; }
  /// Longest piece of one prompt in a step; 0: as the step allows.
  std::int64_t prompt_piece_tokens() const { return prompt_piece_tokens_; }

  /// Time to compute the tokens (from, to] of a prompt by itself.
  Picoseconds prompt_time(std::int64_t from, std::int64_t to) const;
  /// Prompt tokens that a replica computes in a second when it does nothing else.
  double prompt_tokens_per_s() const;

  /// A replica that always has something to do with requests of such means: the time that one of them takes of it.
  struct Pace {
    double batch = 0.0;           ///< sequences that decode together
    bool kv_bound = false;        ///< there would be more if there were more room for context
    double prompt_s = 0.0;        ///< of one request
    double decode_s = 0.0;        ///< likewise
    double kv_reading_share = 0;  ///< of the decode time, reading the context
  };
  Pace pace(double input_tokens, double cached_tokens, double output_tokens);

  /// Why it can never serve a request of such lengths, as counted among rejections; empty when it can.
  std::string_view refusal(std::int64_t input_tokens, std::int64_t output_tokens) const;

 private:
  Picoseconds even_prompt_time(std::int64_t from, std::int64_t to) const;
  StepCosts& costs_below(compute::ClockLevel level);

  Setup setup_;
  std::int64_t stages_, copies_;
  std::unique_ptr<StepCosts> costs_;                                            // at the full clock
  std::array<std::unique_ptr<StepCosts>, compute::kFullClock> costs_of_level_;  // below it
  Picoseconds request_overhead_;
  Picoseconds eager_step_;
  Picoseconds adapter_load_ = 0;
  std::int64_t copy_blocks_, copy_sequences_, step_tokens_, prompt_piece_tokens_;
  std::int64_t draft_tokens_;
  std::optional<TokenPattern> pattern_;
};

}  // namespace tokenworks::jobs
