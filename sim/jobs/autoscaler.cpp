#include "sim/jobs/autoscaler.hpp"

#include <algorithm>

#include "sim/jobs/incident_rank.hpp"

namespace tokenworks::jobs {

Autoscaler::Autoscaler(engine::Simulation& simulation, Fleet& fleet, std::size_t pool,
                       const scaling::ScalingOption& option, std::uint64_t number)
    : simulation_(simulation),
      fleet_(fleet),
      pool_(pool),
      range_(fleet.service().replicas_of(pool)),
      option_(option),
      timer_(simulation.add_timer(*this, 0, incident_rank(IncidentPlace::autoscalers, number))),
      interval_(to_picoseconds(option.interval.value)),
      cool_down_up_(to_picoseconds(option.cool_down_up.value)),
      cool_down_down_(to_picoseconds(option.cool_down_down.value)) {
  for (std::int32_t i = 0; i < range_.count; ++i) fleet.set_scaled(range_.first + i);
  simulation.set_idle(timer_);
  simulation.set_timer(timer_, interval_);
}

void Autoscaler::on_timer(std::uint32_t) {
  const Picoseconds now = simulation_.now();
  const std::int64_t change = scaling::decide(option_, look());
  seen_ = fleet_.service().stats().attained();
  if (change != 0) fleet_.count_decision();
  if (change > 0) {
    may_start_from_ = now + cool_down_up_;
    start(change);
  } else if (change < 0) {
    drain(-change);
  }
  if (change != 0) may_drain_from_ = now + cool_down_down_;
  simulation_.set_timer(timer_, now + interval_);
}

/// All of it stands still between events: nothing depends on how a run of steps is cut.
scaling::Snapshot Autoscaler::look() {
  const LlmService& service = fleet_.service();
  const PoolRole role = service.role_of(pool_);
  scaling::Snapshot now;
  now.waiting = service.waiting_for(role);
  now.in_system = service.waiting_for(role);
  std::int64_t used = 0, blocks = 0;
  for (std::int32_t replica = range_.first; replica < range_.first + range_.count; ++replica) {
    now.waiting += service.waiting_at(replica);
    now.in_system += service.load_of(replica);
    if (fleet_.is_parked(replica)) ++now.idle;
    if (!fleet_.is_wanted(replica) || fleet_.is_broken(replica)) continue;
    if (!service.takes_new(replica)) {
      ++now.starting;
      continue;
    }
    ++now.serving;
    const LlmService::KvUse kv = service.kv_use_of(replica);
    used += kv.used;
    blocks += kv.blocks;
  }
  if (blocks > 0) now.kv_share = static_cast<double>(used) / static_cast<double>(blocks);
  const ServiceStats::Attained& attained = service.stats().attained();
  now.judged = attained.judged - seen_.judged;
  now.kept = attained.kept - seen_.kept;
  now.may_start = simulation_.now() >= may_start_from_;
  now.may_drain = simulation_.now() >= may_drain_from_;
  return now;
}

void Autoscaler::start(std::int64_t count) {
  for (std::int32_t replica = range_.first; replica < range_.first + range_.count && count > 0; ++replica) {
    if (!fleet_.is_parked(replica)) continue;
    fleet_.start(replica);
    --count;
  }
}

/// Those with the fewest requests go first; among equals, the last.
void Autoscaler::drain(std::int64_t count) {
  std::vector<std::int32_t> serving;
  for (std::int32_t replica = range_.first + range_.count; replica-- > range_.first;) {
    const bool serves = fleet_.is_wanted(replica) && fleet_.is_serving(replica);
    if (serves && !fleet_.is_pinned(replica)) serving.push_back(replica);
  }
  const LlmService& service = fleet_.service();
  std::stable_sort(serving.begin(), serving.end(),
                   [&service](std::int32_t a, std::int32_t b) { return service.load_of(a) < service.load_of(b); });
  for (std::size_t i = 0; i < serving.size() && count > 0; ++i, --count) fleet_.drain(serving[i]);
}

}  // namespace tokenworks::jobs
