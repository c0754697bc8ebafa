// A replica that shares its GPUs with those of other services: it makes steps in its turn.
#include <algorithm>

#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

void Replica::join_turns(GpuTurns* turns) {
  turns_ = turns;
  has_boards_ = false;
  place_ = turns->join(*this, pool_.sharing.weights, pool_.sharing.is_owner);
}

bool Replica::has_step_to_make() const {
  const auto has = [](const CopyState& copy) {
    return !copy.queue_.empty() || copy.batch_->size() > 0 || !copy.prompts_.empty() || !copy.received_.empty();
  };
  return over_copies([&has](const CopyState& copy) { return has(copy) ? 1 : 0; }) > 0;
}

/// Whether it may form a step now, or finds that there is none.
bool Replica::takes_turn() {
  if (!has_step_to_make() || turns_->ask(place_)) return true;
  state_ = State::waiting_for_turn;
  send_at_mean_rate(0.0, 1.0);
  return false;
}

/// Something was taken back: what it has waited for its turn for may be gone.
void Replica::wait_no_more() {
  if (state_ == State::waiting_for_turn && !has_step_to_make() && turns_->leave(place_)) state_ = State::idle;
}

void Replica::on_turn() {
  state_ = State::about_to_plan;
  service_.simulation_.set_timer(timer_, service_.simulation_.now());
}

void Replica::end_run_after(Picoseconds after) {
  if (state_ != State::decoding || sending_) return;
  const std::int64_t step = segment_.steps_ended_by(after) + 1;
  if (step >= segment_.steps) return;
  segment_.steps = step;
  service_.simulation_.set_timer(timer_, segment_.end());
}

void Replica::on_boards(bool has) {
  settle_energy(service_.simulation_.now());
  if (!has) {
    set_gpu_power(pool_.idle_gpu_power_w);
    has_boards_ = false;
    return;
  }
  has_boards_ = true;
  composition_changed_ = true;  // power is taken anew
  set_gpu_power(model_->waiting_gpu_power_w());
}

void Replica::on_swapped_out() {
  each_copy([this] {
    if (cache_) cache_->evict(cache_->gpu_blocks());
  });
}

/// On the GPUs of the copy of its attention that holds most.
Bytes Replica::held_per_gpu() const {
  Bytes most(0);
  over_copies([this, &most](const CopyState& copy) {
    const Bytes held = pool_.sharing.block * static_cast<double>(copy.used_blocks()) +
                       pool_.sharing.sequence * static_cast<double>(copy.running());
    if (most < held) most = held;
    return 0;
  });
  return most;
}

}  // namespace tokenworks::jobs
