#include "sim/jobs/fleet.hpp"

#include <utility>

#include "sim/jobs/incident_rank.hpp"

namespace tokenworks::jobs {

Fleet::Fleet(engine::Simulation& simulation, resources::Fabric* fabric, Setup setup)
    : simulation_(simulation), fabric_(fabric), setup_(std::move(setup)), service_(setup_.loaded.service) {
  for (std::int32_t replica = 0; replica < service_->replica_count(); ++replica) {
    Unit& one = units_.emplace_back();
    one.timer =
        simulation.add_timer(*this, static_cast<std::uint32_t>(replica),
                             incident_rank(IncidentPlace::fleets, setup_.number + static_cast<std::uint64_t>(replica)));
    if (service_->is_up(replica)) continue;
    one.phase = Phase::down;
    one.wanted = false;
  }
  editions_.push_back({std::make_unique<WeightLoads>(fabric, setup_.loaded), setup_.start_up});
  service_->set_keeper(this);
}

std::int32_t Fleet::add_edition(const std::vector<Bytes>& weights_per_gpu_of, Picoseconds start_up) {
  LoadedService loaded = setup_.loaded;
  loaded.weights_per_gpu_of = weights_per_gpu_of;
  editions_.push_back(
      {std::make_unique<WeightLoads>(fabric_, loaded), std::vector<Picoseconds>(units_.size(), start_up)});
  return static_cast<std::int32_t>(editions_.size() - 1);
}

// ---- What should be -----------------------------------------------------------------------------------------------

void Fleet::start(std::int32_t replica) {
  unit(replica).wanted = true;
  settle(replica);
}

void Fleet::drain(std::int32_t replica) {
  unit(replica).wanted = false;
  settle(replica);
}

void Fleet::use(std::span<const std::int32_t> replicas, std::int32_t edition, bool drains) {
  std::vector<std::int32_t> serving, down;
  for (const std::int32_t replica : replicas) {
    Unit& one = unit(replica);
    if (one.edition == edition) continue;
    one.edition = edition;
    const bool is_up = one.phase == Phase::serving || one.phase == Phase::draining;
    if (one.wanted && one.swap_since < 0) one.swap_since = simulation_.now();
    if (one.phase == Phase::serving) serving.push_back(replica);
    if (is_up) down.push_back(replica);
  }
  if (drains) return drain_all(serving);
  for (const std::int32_t replica : down) {
    forget_weights(replica, service_->edition_of(replica));
    unit(replica).phase = Phase::down;
  }
  tally_.evacuated += service_->evacuate(down);
  for (const std::int32_t replica : down) settle(replica);
  service_->retry_waiting();
}

/// Brings a replica nearer to what it should be.
void Fleet::settle(std::int32_t replica) {
  Unit& one = unit(replica);
  switch (one.phase) {
    case Phase::serving:
      if (!one.wanted || service_->edition_of(replica) != one.edition) drain_all({&replica, 1});
      return;
    case Phase::down:
      if (one.wanted && one.broken == 0) begin(replica);
      return;
    case Phase::draining:
    case Phase::loading:
    case Phase::starting:
      return;  // looked at again when that is over
  }
}

void Fleet::drain_all(std::span<const std::int32_t> replicas) {
  for (const std::int32_t replica : replicas) unit(replica).phase = Phase::draining;
  service_->drain(replicas, [this](std::int32_t replica) {
    ++drained_;
    forget_weights(replica, service_->edition_of(replica));
    went_down(replica);
  });
}

void Fleet::went_down(std::int32_t replica) {
  Unit& one = unit(replica);
  one.phase = Phase::down;
  if (!one.wanted) tell_back(one);
  settle(replica);
  changed();
}

/// Loads the weights of what it should serve.
void Fleet::begin(std::int32_t replica) {
  Unit& one = unit(replica);
  one.phase = Phase::loading;
  one.coming = one.edition;
  one.since = simulation_.now();
  ++one.attempt;
  WeightLoads& loads = *editions_[static_cast<std::size_t>(one.coming)].loads;
  for (std::int32_t other = 0; other < size(); ++other) {
    if (other != replica && service_->is_up(other) && service_->edition_of(other) == one.coming)
      loads.add_holder(other);
  }
  const std::vector<std::int64_t> nodes = service_->nodes_of(replica);
  one.nodes_left = static_cast<std::int64_t>(nodes.size());
  for (const std::int64_t node : nodes) {
    loads_.push_back({replica, one.coming, one.attempt, node});
    loads.load(replica, node, *this, static_cast<std::uint32_t>(loads_.size() - 1));
  }
}

void Fleet::on_weights(std::uint32_t tag, bool arrived) {
  const Load load = loads_[tag];
  Unit& one = unit(load.replica);
  if (one.phase != Phase::loading || one.attempt != load.attempt) {  // a failure came in between
    if (arrived) editions_[static_cast<std::size_t>(load.edition)].loads->remove_holder(load.node);
    return;
  }
  if (!arrived) {
    if (simulation_.now() < setup_.give_up) {
      editions_[static_cast<std::size_t>(load.edition)].loads->load(load.replica, load.node, *this, tag);
      return;
    }
    one.lost_hope = true;
    one.phase = Phase::down;
    one.wanted = false;
    service_->retry_waiting();
    return changed();
  }
  if (--one.nodes_left > 0) return;
  one.weights_at = simulation_.now();
  one.phase = Phase::starting;
  const Edition& edition = editions_[static_cast<std::size_t>(one.coming)];
  simulation_.set_timer(one.timer, one.weights_at + edition.start_up[static_cast<std::size_t>(load.replica)]);
}

/// It is ready to serve.
void Fleet::on_timer(std::uint32_t tag) {
  const auto replica = static_cast<std::int32_t>(tag);
  Unit& one = unit(replica);
  if (!one.wanted || one.coming != one.edition) {  // not what is wanted any more
    forget_weights(replica, one.coming);
    return went_down(replica);
  }
  one.phase = Phase::serving;
  ++started_;
  load_times_.add(one.weights_at - one.since);
  start_times_.add(simulation_.now() - one.since);
  if (one.swap_since >= 0) {
    ++tally_.swapped;
    tally_.out += simulation_.now() - one.swap_since;
    one.swap_since = -1;
  }
  service_->start(replica, one.edition);
  tell_back(one);
  changed();
}

void Fleet::forget_weights(std::int32_t replica, std::int32_t edition) {
  for (const std::int64_t node : service_->nodes_of(replica)) {
    editions_[static_cast<std::size_t>(edition)].loads->remove_holder(node);
  }
}

void Fleet::tell_back(Unit& one) {
  if (const auto back = std::exchange(one.back, {})) back();
}

void Fleet::changed() {
  if (client_ != nullptr) client_->on_fleet_changed();
}

// ---- Failures -----------------------------------------------------------------------------------------------------

void Fleet::on_broken(std::int32_t replica) {
  Unit& one = unit(replica);
  ++one.broken;
  const bool had_weights = one.phase == Phase::serving || one.phase == Phase::draining;
  if (had_weights) forget_weights(replica, service_->edition_of(replica));
  if (one.phase == Phase::starting) {
    forget_weights(replica, one.coming);
    simulation_.cancel_timer(one.timer);
  }
  one.phase = Phase::down;
  changed();
}

void Fleet::on_repaired(std::int32_t replica, std::function<void()> back) {
  Unit& one = unit(replica);
  --one.broken;
  tell_back(one);
  one.back = std::move(back);
  if (one.broken > 0) return;
  if (!one.wanted) tell_back(one);
  settle(replica);
  changed();
}

// ---- What is ------------------------------------------------------------------------------------------------------

bool Fleet::is_serving(std::int32_t replica) const {
  const Unit& one = unit(replica);
  return one.phase == Phase::serving && service_->edition_of(replica) == one.edition;
}

bool Fleet::is_parked(std::int32_t replica) const {
  const Unit& one = unit(replica);
  return !one.wanted && one.phase == Phase::down && one.broken == 0 && !one.lost_hope;
}

bool Fleet::may_come(std::int32_t replica) const {
  const Unit& one = unit(replica);
  return one.broken == 0 && !one.lost_hope && (one.wanted || one.scaled);
}

Fleet::Tally Fleet::tally() const {
  Tally tally = tally_;
  for (const Unit& one : units_) {
    if (one.swap_since >= 0) tally.out += simulation_.now() - one.swap_since;
  }
  return tally;
}

metrics::ScalingResult Fleet::report(Picoseconds end) const {
  metrics::ScalingResult result;
  result.decisions = decisions_;
  result.started = started_;
  result.drained = drained_;
  result.replica_seconds = service_->replica_seconds();
  if (end > 0) result.mean_replicas = result.replica_seconds / to_seconds(end);
  result.peak_replicas = service_->most_replicas();
  result.load_s = load_times_.summary();
  result.start_s = start_times_.summary();
  return result;
}

}  // namespace tokenworks::jobs
