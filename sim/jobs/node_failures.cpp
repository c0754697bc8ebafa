#include "sim/jobs/node_failures.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::jobs {
namespace {

enum : std::uint32_t { kStrike, kRepair };

}  // namespace

NodeFailures::NodeFailures(engine::Simulation& simulation, resources::Facility& facility, resources::Fabric* fabric,
                           const std::vector<LoadedService>& services, std::vector<NodeFailure> failures,
                           metrics::RunWatch* watch)
    : simulation_(simulation),
      facility_(facility),
      watch_(watch),
      services_(services),
      failures_(std::move(failures)),
      progress_(failures_.size()) {
  for (const LoadedService& service : services_) loads_.push_back(std::make_unique<WeightLoads>(fabric, service));
  for (std::size_t i = 0; i < failures_.size(); ++i) {
    const NodeFailure& failure = failures_[i];
    const auto tag = static_cast<std::uint32_t>(2 * i);
    const auto number = static_cast<std::uint64_t>(2 * i);
    const engine::TimerId strike = simulation.add_timer(*this, tag, engine::rank(engine::RankClass::incident, number));
    simulation.set_timer(strike, failure.at);
    if (!failure.repair_after) continue;
    const engine::TimerId repair =
        simulation.add_timer(*this, tag + kRepair, engine::rank(engine::RankClass::incident, number + 1));
    simulation.set_timer(repair, failure.at + *failure.repair_after);
  }
}

void NodeFailures::on_timer(std::uint32_t tag) {
  if (tag % 2 == kStrike) {
    strike(tag / 2);
  } else {
    repair(tag / 2);
  }
}

void NodeFailures::strike(std::size_t failure) {
  Progress& progress = progress_[failure];
  progress.struck = true;
  if (watch_ != nullptr) watch_->on_incident("node_failure", failures_[failure].target, true, simulation_.now());
  const std::int64_t node = failures_[failure].node;
  for (std::size_t s = 0; s < services_.size(); ++s) {
    std::vector<std::int32_t> replicas;
    LlmService& service = *services_[s].service;
    progress.requests_failed += service.take_down(node, replicas);
    for (const std::int32_t index : replicas) {
      if (service.keeper() == nullptr || service.keeper()->is_wanted(index)) ++progress.replicas_down;
      progress.replicas.push_back({s, index});
      ++waiting_for_[{s, index}];
    }
  }
  for (const auto& loads : loads_) loads->remove_holder(node);
  if (dark_[node]++ == 0) facility_.set_node_on(node, false, simulation_.now());
}

void NodeFailures::repair(std::size_t failure) {
  Progress& progress = progress_[failure];
  const std::int64_t node = failures_[failure].node;
  if (watch_ != nullptr) watch_->on_incident("node_failure", failures_[failure].target, false, simulation_.now());
  if (--dark_[node] == 0) facility_.set_node_on(node, true, simulation_.now());
  if (progress.replicas.empty()) progress.done = simulation_.now();
  progress.reading = progress.replicas.size();
  for (const Replica replica : std::vector<Replica>(progress.replicas)) {
    const LlmService& service = *services_[replica.service].service;
    if (service.keeper() != nullptr) {  // it sees to the weights
      service.keeper()->on_repaired(replica.index, [this, failure] { part_is_back(failure); });
      continue;
    }
    for (std::int32_t other = 0; other < service.replica_count(); ++other) {
      if (other != replica.index && service.is_up(other)) loads_[replica.service]->add_holder(other);
    }
    const auto tag = static_cast<std::uint32_t>(reads_.size());
    reads_.push_back({failure, replica, node});
    loads_[replica.service]->load(replica.index, node, *this, tag);
  }
}

void NodeFailures::on_weights(std::uint32_t tag, bool arrived) {
  const Read read = reads_[tag];
  if (arrived) return back_in_service(read.failure, read.replica);
  // What failed for want of a path is tried again: the replica cannot serve without.
  loads_[read.replica.service]->load(read.replica.index, read.node, *this, tag);
}

void NodeFailures::back_in_service(std::size_t failure, const Replica& replica) {
  if (--waiting_for_[replica] == 0) services_[replica.service].service->bring_up(replica.index);
  part_is_back(failure);
}

void NodeFailures::part_is_back(std::size_t failure) {
  if (--progress_[failure].reading == 0) progress_[failure].done = simulation_.now();
}

std::vector<metrics::IncidentResult> NodeFailures::report() const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < failures_.size(); ++i) {
    metrics::IncidentResult result;
    result.kind = "node_failure";
    result.target = failures_[i].target;
    result.at_s = to_seconds(failures_[i].at);
    if (progress_[i].done) result.repaired_at_s = to_seconds(*progress_[i].done);
    result.effects = {{"happened", progress_[i].struck ? 1.0 : 0.0},
                      {"replicas_down", static_cast<double>(progress_[i].replicas_down)},
                      {"requests_failed", static_cast<double>(progress_[i].requests_failed)}};
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
