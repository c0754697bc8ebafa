// A replica whose GPUs do not run at their full clock: held down by heat, or to keep a cap on their power. Each prompt
// step, and each run of decode steps whenever its power is taken, gets the highest clock within both, so that prompts
// run slower under a cap than decoding does.
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

void Replica::hold_clock(const ClockHold& hold) {
  if (hold == hold_) return;
  hold_ = hold;
  is_held_ = hold.acts();
  composition_changed_ = true;  // clock and power are taken anew
  if (state_ == State::decoding) cut_decoding(service_.simulation_.now());
}

StepCosts& Replica::costs_at(compute::ClockLevel level) { return model_->costs(level); }

/// Of a prompt step, ended or cut.
void Replica::note_prompt_time(Picoseconds time) {
  prompt_time_ += time;
  if (costs_ != full_costs_) note_clock(prompt_clock_, time);
}

/// Of a run of decode steps.
void Replica::note_decode_time(Picoseconds time) {
  decode_time_ += time;
  if (costs_ != full_costs_) note_clock(decode_clock_, time);
}

void Replica::note_clock(ClockBook& book, Picoseconds time) const {
  book.below += time;
  using Sum = decltype(book.lost_levels);
  book.lost_levels += static_cast<Sum>(compute::kFullClock - costs_->level()) * time;
  if (is_over_cap_) book.over_cap += time;
}

}  // namespace tokenworks::jobs
