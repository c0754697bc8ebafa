// The part of a replica that runs only while somebody watches.
#include "sim/jobs/llm/replica_watch.hpp"

#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/llm/replica.hpp"

namespace tokenworks::jobs {

/// Before the books of a step that has `ended` now, or of one that is cut: shares out its energy and tells of it.
void Replica::watch_work(bool ended, Picoseconds now) {
  ReplicaWatch& watch = *watch_;
  settle_energy(now);
  const Femtojoules energy = gpu_energy_ - watch.energy_seen;
  watch.energy_seen = gpu_energy_;
  if (state_ == State::prompt_step) {
    std::int64_t prompt_tokens = 0, chunks = 0, decodes = 0;
    each_copy([&] {
      for (const Chunk& chunk : chunks_) prompt_tokens += chunk.end - chunk.start;
      chunks += std::ssize(chunks_);
      if (with_decodes_) decodes += batch_->size();
    });
    if (watch.requests) {
      const Femtojoules share = energy / (prompt_tokens + model_->decode_tokens(decodes));
      each_copy([&] {
        for (const Chunk& chunk : chunks_) details_of(chunk.request).gpu_energy += share * (chunk.end - chunk.start);
        if (with_decodes_) decode_energy_.of_sequence += share * model_->decode_tokens(1);
      });
    }
    if (watch.run != nullptr && now > step_start_) {
      watch.run->on_prompt_step(watch.replica, {.start = step_start_,
                                                .end = now,
                                                .prompt_tokens = prompt_tokens,
                                                .chunks = chunks,
                                                .decodes = decodes,
                                                .kv_blocks = all_used_blocks(),
                                                .cut = !ended});
    }
  } else if (state_ == State::decoding) {
    std::int64_t sequences = 0, context_tokens = 0;
    each_copy([&] {
      sequences += batch_->size();
      context_tokens += batch_->load().full_tokens;
    });
    each_copy([&] { decode_energy_.add(energy, sequences); });
    if (watch.run == nullptr) return;
    metrics::DecodeRun run{.start = segment_.start,
                           .end = now,
                           .steps = segment_.steps,
                           .sequences = sequences,
                           .context_tokens = context_tokens};
    if (!ended) {
      run.steps = sending_ ? 0 : segment_.steps_ended_by(now);
      run.end = segment_.end_of_step(run.steps);
    }
    if (run.steps > 0) watch.run->on_decode_run(watch.replica, run);
    if (ended || run.end == now) return;
    run = {.start = run.end,
           .end = now,
           .steps = 0,
           .sequences = run.sequences,
           .context_tokens = run.context_tokens + run.sequences * segment_.tokens(run.steps),
           .cut = true};
    watch.run->on_decode_run(watch.replica, run);
  }
}

/// After a step was formed, or none, or the replica went down.
void Replica::watch_levels() {
  ReplicaWatch& watch = *watch_;
  const Picoseconds now = service_.simulation_.now();
  settle_energy(now);
  watch.energy_seen = gpu_energy_;
  if (watch.run == nullptr) return;
  watch.run->on_levels(watch.replica,
                       {.waiting = waiting(),
                        .running = all_running(),
                        .kv_blocks = all_used_blocks(),
                        .kv_pool_blocks = model_->kv_blocks()},
                       now);
}

void Replica::watch_state(metrics::ReplicaState state) {
  if (state == watch_->state) return;
  watch_->state = state;
  if (watch_->run != nullptr) watch_->run->on_replica_state(watch_->replica, state, service_.simulation_.now());
}

void Replica::watch_join(RequestId request) {
  if (watch_->requests) details_of(request).gpu_energy -= decode_energy_.divided();
}

void Replica::watch_leave(RequestId request) {
  if (watch_->requests) details_of(request).gpu_energy += decode_energy_.divided();
}

void Replica::watch_preemption(std::int64_t held_tokens) {
  if (watch_->run != nullptr) watch_->run->on_preempted(watch_->replica, held_tokens, service_.simulation_.now());
}

/// The run is over and all its steps are booked: settles what unfinished requests have got.
void Replica::watch_end() {
  for (const FinishedDecode& end : service_.finished_) watch_leave(end.request);
  service_.finished_.clear();
  each_copy([this] {
    for (const FinishedDecode& end : ended_) watch_leave(end.request);
    for (const RequestId request : batch_->members()) {
      batch_->remove(request);
      watch_leave(request);
    }
  });
}

RequestDetails& Replica::details_of(RequestId request) { return service_.details_[service_.pool_[request].details]; }

void Replica::weights_on_the_way() {
  if (watch_ && state_ == State::down) watch_state(metrics::ReplicaState::loading);
}

}  // namespace tokenworks::jobs
