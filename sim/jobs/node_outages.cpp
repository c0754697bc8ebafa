#include "sim/jobs/node_outages.hpp"

#include <algorithm>

namespace tokenworks::jobs {

NodeOutages::NodeOutages(engine::Simulation& simulation, resources::Facility& facility, resources::Fabric* fabric,
                         const std::vector<LoadedService>& services)
    : simulation_(simulation), facility_(facility), services_(services) {
  for (const LoadedService& service : services_) loads_.push_back(std::make_unique<WeightLoads>(fabric, service));
}

NodeOutages::Id NodeOutages::begin(std::span<const std::int64_t> nodes) {
  Outage& outage = outages_.emplace_back();
  outage.nodes.assign(nodes.begin(), nodes.end());
  std::sort(outage.nodes.begin(), outage.nodes.end());
  for (std::size_t s = 0; s < services_.size(); ++s) {
    LlmService& service = *services_[s].service;
    std::vector<LlmService::Struck> struck;
    outage.progress.requests_failed += service.take_down(outage.nodes, struck);
    for (const auto& [index, node] : struck) {
      if (service.keeper() == nullptr || service.keeper()->is_wanted(index)) ++outage.progress.replicas_down;
      outage.replicas.push_back({{s, index}, node});
      ++waiting_for_[{s, index}];
    }
  }
  for (const std::int64_t node : outage.nodes) {
    for (const auto& loads : loads_) loads->remove_holder(node);
    if (dark_[node]++ == 0) facility_.set_node_on(node, false, simulation_.now());
  }
  return outages_.size() - 1;
}

void NodeOutages::end(Id id) {
  for (const std::int64_t node : outages_[id].nodes) {
    if (--dark_[node] == 0) facility_.set_node_on(node, true, simulation_.now());
  }
  if (outages_[id].replicas.empty()) outages_[id].progress.done = simulation_.now();
  outages_[id].reading = outages_[id].replicas.size();
  for (const Stopped stopped : std::vector<Stopped>(outages_[id].replicas)) {
    const Replica replica = stopped.replica;
    const LlmService& service = *services_[replica.service].service;
    if (service.keeper() != nullptr) {  // it sees to the weights
      service.keeper()->on_repaired(replica.index, [this, id] { part_is_back(id); });
      continue;
    }
    for (std::int32_t other = 0; other < service.replica_count(); ++other) {
      if (other != replica.index && service.is_up(other)) loads_[replica.service]->add_holder(other);
    }
    const auto tag = static_cast<std::uint32_t>(reads_.size());
    reads_.push_back({id, stopped});
    loads_[replica.service]->load(replica.index, stopped.node, *this, tag);
  }
}

void NodeOutages::on_weights(std::uint32_t tag, bool arrived) {
  const Read read = reads_[tag];
  if (arrived) return back_in_service(read.outage, read.stopped.replica);
  // What failed for want of a path is tried again: the replica cannot serve without.
  const Replica& replica = read.stopped.replica;
  loads_[replica.service]->load(replica.index, read.stopped.node, *this, tag);
}

void NodeOutages::back_in_service(Id outage, const Replica& replica) {
  if (--waiting_for_[replica] == 0) services_[replica.service].service->bring_up(replica.index);
  part_is_back(outage);
}

void NodeOutages::part_is_back(Id outage) {
  if (--outages_[outage].reading == 0) outages_[outage].progress.done = simulation_.now();
}

}  // namespace tokenworks::jobs
