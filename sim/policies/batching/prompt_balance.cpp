#include "sim/policies/batching/prompt_balance.hpp"

namespace tokenworks::batching {

std::int64_t PromptBalance::hold(const Copies& copies, std::int64_t step) {
  if (timeout_ == 0) return 0;
  const std::int64_t since = step - step_ - 1;  // steps after the last call's and before this one
  step_ = step;
  if (since > 0 && last_ == Last::waited) waited_ = (waited_ + since) % timeout_;
  if (since > 0 && last_ == Last::batched) batched_ += since;
  if (copies.all_have_prompts && copies.all_have_room) {
    waited_ = 0;
    last_ = Last::went;
    if (!copies.all_decode) return 0;
    if (batched_ >= batch_) {
      batched_ = 0;
      return 0;
    }
    last_ = Last::batched;
    return batch_ - batched_++;
  }
  // The engine's counter runs while nobody has a prompt, too.
  ++waited_;
  const bool goes = waited_ >= timeout_ || !copies.all_decode;
  last_ = copies.all_decode ? Last::waited : Last::went;
  if (goes) waited_ = 0;
  return goes ? 0 : timeout_ - waited_;
}

}  // namespace tokenworks::batching
