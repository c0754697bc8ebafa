#include "sim/jobs/llm/adapter_slots.hpp"

namespace tokenworks::jobs {

/// Its place; kNone: it is not there.
std::size_t AdapterSlots::find(std::int32_t adapter) const {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].adapter == adapter) return i;
  }
  return kNone;
}

/// The place of least recent use that nobody needs; kNone when all are needed.
std::size_t AdapterSlots::to_evict() const {
  std::size_t best = kNone;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i].running == 0 && (best == kNone || places_[i].used < places_[best].used)) best = i;
  }
  return best;
}

bool AdapterSlots::can_take(std::int32_t adapter) const { return find(adapter) != kNone || to_evict() != kNone; }

bool AdapterSlots::take(std::int32_t adapter) {
  const std::size_t known = find(adapter);
  Place& place = places_[known == kNone ? to_evict() : known];
  if (known == kNone) place = {.adapter = adapter};
  ++place.running;
  place.used = ++uses_;
  return known == kNone;
}

void AdapterSlots::release(std::int32_t adapter) {
  Place& place = of(adapter);
  --place.running;
  place.used = ++uses_;
}

void AdapterSlots::begin_step(bool with_decodes) {
  ++steps_;
  distinct_ = 0;
  if (!with_decodes) return;
  for (Place& place : places_) {
    if (place.decoding == 0) continue;
    place.step = steps_;
    ++distinct_;
  }
}

void AdapterSlots::add_to_step(std::int32_t adapter) {
  Place& place = of(adapter);
  if (place.step == steps_) return;
  place.step = steps_;
  ++distinct_;
}

void AdapterSlots::clear() {
  for (Place& place : places_) place = {};
}

}  // namespace tokenworks::jobs
