#include "sim/jobs/network_incidents.hpp"

#include <algorithm>
#include <utility>

#include "sim/jobs/incident_rank.hpp"

namespace tokenworks::jobs {

NetworkIncidents::NetworkIncidents(engine::Simulation& simulation, resources::Fabric& fabric,
                                   const std::vector<LoadedService>& services, std::vector<NetworkIncident> incidents,
                                   metrics::RunWatch* watch)
    : simulation_(simulation),
      fabric_(fabric),
      watch_(watch),
      services_(services),
      incidents_(std::move(incidents)),
      progress_(incidents_.size()) {
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    progress_[i].timer =
        simulation.add_timer(*this, static_cast<std::uint32_t>(i), incident_rank(IncidentPlace::network, i));
    simulation.set_timer(progress_[i].timer, incidents_[i].at);
  }
  for (std::size_t s = 0; s < services_.size(); ++s) {
    loads_.push_back(std::make_unique<WeightLoads>(&fabric, services_[s]));
    services_[s].service->set_ring_watch({.lost = [this, s](std::int32_t replica) { lost(s, replica); },
                                          .found = [this, s](std::int32_t replica) { found(s, replica); }});
  }
}

/// An incident fails and comes back by turns.
void NetworkIncidents::on_timer(std::uint32_t tag) {
  const NetworkIncident& incident = incidents_[tag];
  Progress& progress = progress_[tag];
  const Picoseconds now = simulation_.now();
  const std::int64_t stopped = fabric_.transfers_stopped();
  progress.broken = !progress.broken;
  if (watch_ != nullptr) watch_->on_incident(incident.kind, incident.target, progress.broken, now);
  if (progress.broken) {
    ++progress.failures;
    latest_ = tag;
    if (incident.repair_after) simulation_.set_timer(progress.timer, now + *incident.repair_after);
  } else if (progress.failures < incident.times) {
    simulation_.set_timer(progress.timer, now + incident.period - *incident.repair_after);
  } else {
    progress.repaired = now;
  }
  apply(incident);
  progress.transfers_stopped += fabric_.transfers_stopped() - stopped;
}

/// Of the bandwidth that is left where several incidents meet on one link: shares multiply, lost cables add up.
double NetworkIncidents::share_of_link(std::uint32_t link) const {
  const double cables = fabric_.map().cables_of(link);
  double works = 1.0, lost_cables = 0.0;
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    if (!progress_[i].broken || incidents_[i].index != link) continue;
    if (incidents_[i].part == NetworkIncident::Part::link) works *= incidents_[i].works;
    if (incidents_[i].part == NetworkIncident::Part::network_card) lost_cables += 1.0 - incidents_[i].works;
  }
  return works * std::max(0.0, 1.0 - lost_cables / cables);
}

void NetworkIncidents::apply(const NetworkIncident& incident) {
  fabric_.change([&](resources::FabricMap& map) {
    switch (incident.part) {
      case NetworkIncident::Part::link:
      case NetworkIncident::Part::network_card:
        map.set_link_share(incident.index, share_of_link(incident.index));
        break;
      case NetworkIncident::Part::switch_: {
        bool up = true;
        for (std::size_t i = 0; i < incidents_.size(); ++i) {
          if (incidents_[i].part == incident.part && incidents_[i].index == incident.index && progress_[i].broken)
            up = false;
        }
        map.set_switch_up(incident.index, up);
        break;
      }
      case NetworkIncident::Part::storage: {
        double works = 1.0;
        for (std::size_t i = 0; i < incidents_.size(); ++i) {
          if (incidents_[i].part == incident.part && progress_[i].broken) works *= incidents_[i].works;
        }
        map.set_storage_share(works);
        break;
      }
    }
  });
}

void NetworkIncidents::lost(std::size_t service, std::int32_t replica) {
  if (incidents_.empty()) return;
  ++progress_[latest_].replicas_down;
  const LlmService& of = *services_[service].service;
  for (const std::int64_t node : of.nodes_of(replica)) loads_[service]->remove_holder(node);
  progress_[latest_].requests_failed += services_[service].service->take_down_replica(replica);
}

void NetworkIncidents::found(std::size_t service, std::int32_t replica) {
  if (waiting_for_[{service, replica}] > 0) return;  // lost and found again while it loads
  const LlmService& of = *services_[service].service;
  if (of.keeper() != nullptr) return of.keeper()->on_repaired(replica, {});
  for (std::int32_t other = 0; other < of.replica_count(); ++other) {
    if (other != replica && of.is_up(other)) loads_[service]->add_holder(other);
  }
  const std::vector<std::int64_t> nodes = of.nodes_of(replica);
  waiting_for_[{service, replica}] = static_cast<std::int64_t>(nodes.size());
  for (const std::int64_t node : nodes) {
    reloads_.push_back({service, replica, node});
    loads_[service]->load(replica, node, *this, static_cast<std::uint32_t>(reloads_.size() - 1));
  }
}

void NetworkIncidents::on_weights(std::uint32_t tag, bool arrived) {
  const Reload reload = reloads_[tag];
  if (!arrived) return loads_[reload.service]->load(reload.replica, reload.node, *this, tag);
  if (--waiting_for_[{reload.service, reload.replica}] == 0)
    services_[reload.service].service->bring_up(reload.replica);
}

std::vector<metrics::IncidentResult> NetworkIncidents::report() const {
  std::vector<metrics::IncidentResult> list;
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    const Progress& progress = progress_[i];
    metrics::IncidentResult result{.kind = incidents_[i].kind,
                                   .target = incidents_[i].target,
                                   .at_s = to_seconds(incidents_[i].at),
                                   .repaired_at_s = std::nullopt,
                                   .effects = {{"happened", static_cast<double>(progress.failures)},
                                               {"transfers_stopped", static_cast<double>(progress.transfers_stopped)},
                                               {"replicas_down", static_cast<double>(progress.replicas_down)},
                                               {"requests_failed", static_cast<double>(progress.requests_failed)}}};
    if (progress.repaired) result.repaired_at_s = to_seconds(*progress.repaired);
    list.push_back(std::move(result));
  }
  return list;
}

}  // namespace tokenworks::jobs
