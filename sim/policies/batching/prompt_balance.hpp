// Prompts that wait until every copy of the attention has one, so that no copy computes a prompt while the others
// only decode and wait for it: TensorRT-LLM's attention_dp_config with enable_balance (tensorrt_llm/_torch/pyexecutor,
// _balance_adp_requests, 2025-2026; timeout_iters, batching_wait_iters).
#pragma once

#include <cstdint>

namespace tokenworks::batching {

class PromptBalance {
 public:
  /// What holds of all copies before a step.
  struct Copies {
    bool all_have_prompts = false;  ///< each could compute one now
    bool all_have_room = false;     ///< each decodes fewer sequences than it may
    bool all_decode = false;        ///< each decodes one at least
  };
  /// `timeout_steps`: prompts go after so many steps all the same; 0: nothing waits. `batch_steps`: when all copies
  /// have one, they wait so many steps for more.
  PromptBalance(std::int64_t timeout_steps, std::int64_t batch_steps) : timeout_(timeout_steps), batch_(batch_steps) {}

  /// Before step number `step`, counted from 0; to be called whenever something has changed, with rising numbers. In
  /// the steps since the last call, all was as it was there. Returns for how many steps from this one on prompts wait
  /// while nothing changes; 0: they go now.
  std::int64_t hold(const Copies& copies, std::int64_t step);

 private:
  enum class Last : std::uint8_t { waited, went, batched };
  std::int64_t timeout_, batch_;
  std::int64_t waited_ = 0, batched_ = 0;  // steps, of both counters of the engine
  std::int64_t step_ = 0;
  Last last_ = Last::went;
};

}  // namespace tokenworks::batching
