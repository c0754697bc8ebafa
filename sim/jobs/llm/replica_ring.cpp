// A replica over several scale-up domains: what its steps send between them, and what happens when nothing gets
// through.
#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

void Replica::open_ring() {
  resources::Fabric& fabric = *service_.setup_.fabric;
  std::vector<std::int64_t> nodes;
  bool spans = false;
  for (const placement::Slice& slice : slices_) {
    if (!nodes.empty() && !fabric.map().same_domain(nodes.front(), slice.node)) spans = true;
    nodes.push_back(slice.node);
  }
  if (!spans) return;
  service_.spans_domains_ = true;
  ring_ = fabric.open_ring(*this, std::move(nodes));
}

/// What contention adds to a step in closed form.
Picoseconds Replica::stretch(Picoseconds fabric_time) const {
  if (!ring_ || fabric_time == 0 || service_.setup_.fabric->behaviour().step_flows) return 0;
  return static_cast<Picoseconds>(std::llround(static_cast<double>(fabric_time) * (fabric_factor_ - 1.0)));
}

/// Notes what each step under way sends; the time that contention adds to it.
Picoseconds Replica::note_sending(Picoseconds fabric_time) {
  if (!ring_) return 0;
  step_sending_ = fabric_time;
  step_contention_ = stretch(fabric_time);
  return step_contention_;
}

/// With step flows: notes what the step will send at its end; the time that this takes alone, else 0.
Picoseconds Replica::begin_sending(Picoseconds fabric_time, double bytes_per_gpu) {
  if (!ring_) return 0;
  const bool as_flows = bytes_per_gpu > 0.0 && service_.setup_.fabric->behaviour().step_flows;
  fabric_bytes_ = as_flows ? bytes_per_gpu : 0.0;
  fabric_time_ = as_flows ? fabric_time : 0;
  return fabric_time_;
}

void Replica::send_at_mean_rate(double bytes_per_gpu, double step_s) {
  if (!ring_ || service_.setup_.fabric->behaviour().step_flows) return;
  service_.setup_.fabric->set_ring_rate(*ring_, bytes_per_gpu * static_cast<double>(gpus_on_node_) / step_s);
}

/// Acts from the next step on.
void Replica::on_ring_factor(double factor) {
  const bool was_cut_off = is_cut_off();
  fabric_factor_ = factor;
  composition_changed_ = true;
  const Picoseconds now = service_.simulation_.now();
  if (state_ == State::decoding && !sending_) {
    const std::int64_t step = segment_.step_at(now);
    if (step < segment_.steps) {
      segment_.steps = step;
      service_.simulation_.set_timer(timer_, segment_.end());
    }
  }
  if (!was_cut_off || is_cut_off()) return;
  if (std::exchange(lost_ring_, false) && service_.ring_watch_.found) service_.ring_watch_.found(index_);
  if (state_ == State::idle && (waiting() > 0 || all_sequences_taken() > 0)) {
    state_ = State::about_to_plan;
    service_.simulation_.set_timer(timer_, now);
  }
}

void Replica::on_ring_lost() {
  if (!is_up()) return;
  lost_ring_ = true;
  if (service_.ring_watch_.lost) service_.ring_watch_.lost(index_);
}

void Replica::on_ring_step_done() {
  sending_ = false;
  step_contention_ = service_.simulation_.now() - sending_since_ - fabric_time_;
  end_step();
}

/// Steps that have ended.
void Replica::count_sending(std::int64_t steps) {
  if (!ring_) return;
  service_.sending_time_ += steps * (step_sending_ + step_contention_);
  service_.contention_ += steps * step_contention_;
}

}  // namespace tokenworks::jobs
