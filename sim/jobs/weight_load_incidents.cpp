#include "sim/jobs/weight_load_incidents.hpp"

#include <utility>

#include "sim/jobs/incident_rank.hpp"

namespace tokenworks::jobs {

WeightLoadIncidents::WeightLoadIncidents(engine::Simulation& simulation, RunEnd& run_end, resources::Fabric* fabric,
                                         std::vector<WeightLoadIncident> incidents, metrics::RunWatch* watch)
    : simulation_(simulation),
      run_end_(run_end),
      watch_(watch),
      incidents_(std::move(incidents)),
      progress_(incidents_.size()) {
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    progress_[i].edition = std::make_unique<WeightLoads>(fabric, incidents_[i].loaded);
    const engine::TimerId timer =
        simulation.add_timer(*this, static_cast<std::uint32_t>(i), incident_rank(IncidentPlace::weight_loads, i));
    simulation.set_timer(timer, incidents_[i].at);
  }
}

void WeightLoadIncidents::on_timer(std::uint32_t tag) {
  const WeightLoadIncident& incident = incidents_[tag];
  const LlmService& service = *incident.loaded.service;
  Progress& progress = progress_[tag];
  progress.happened = true;
  if (watch_ != nullptr) watch_->on_incident("weight_load", incident.service, true, simulation_.now());
  std::vector<std::pair<std::int32_t, std::int64_t>> places;
  for (std::int32_t replica = 0; replica < incident.replicas; ++replica) {
    for (const std::int64_t node : service.nodes_of(replica)) places.emplace_back(replica, node);
  }
  progress.nodes = progress.left = static_cast<std::int64_t>(places.size());
  run_end_.request_in();  // the run waits for it
  for (const auto& [replica, node] : places) {
    progress.bytes += incident.loaded.weights_per_gpu_of[static_cast<std::size_t>(replica)].value *
                      static_cast<double>(service.gpus_on_node(replica, node));
    progress.edition->load(replica, node, *this, tag);
  }
}

void WeightLoadIncidents::on_weights(std::uint32_t tag, bool arrived) {
  Progress& progress = progress_[tag];
  if (!arrived) ++progress.failed;
  if (--progress.left > 0) return;
  progress.done = simulation_.now();
  if (watch_ != nullptr) watch_->on_incident("weight_load", incidents_[tag].service, false, *progress.done);
  run_end_.request_out();
}

std::vector<metrics::IncidentResult> WeightLoadIncidents::report() const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    const Progress& progress = progress_[i];
    metrics::IncidentResult result{.kind = "weight_load",
                                   .target = incidents_[i].service,
                                   .at_s = to_seconds(incidents_[i].at),
                                   .repaired_at_s = std::nullopt,
                                   .effects = {{"happened", progress.happened ? 1.0 : 0.0},
                                               {"nodes", static_cast<double>(progress.nodes)},
                                               {"nodes_without_weights", static_cast<double>(progress.failed)},
                                               {"bytes", progress.bytes}}};
    if (progress.done) {
      result.repaired_at_s = to_seconds(*progress.done);
      result.effects.emplace_back("duration_s", to_seconds(*progress.done - incidents_[i].at));
    }
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
