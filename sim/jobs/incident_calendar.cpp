#include "sim/jobs/incident_calendar.hpp"

#include <utility>

namespace tokenworks::jobs {

IncidentCalendar::IncidentCalendar(engine::Simulation& simulation, IncidentPlace place,
                                   std::vector<PlannedIncident> incidents, Act act, metrics::RunWatch* watch)
    : simulation_(simulation),
      act_(std::move(act)),
      watch_(watch),
      incidents_(std::move(incidents)),
      progress_(incidents_.size()) {
  for (std::size_t i = 0; i < incidents_.size(); ++i) {
    progress_[i].timer = simulation.add_timer(*this, static_cast<std::uint32_t>(i), incident_rank(place, i));
    simulation.set_timer(progress_[i].timer, incidents_[i].at);
  }
}

void IncidentCalendar::on_timer(std::uint32_t number) {
  const PlannedIncident& incident = incidents_[number];
  Progress& progress = progress_[number];
  progress.happened = true;
  progress.acts = !progress.acts;
  if (progress.acts && incident.repair_after) {
    simulation_.set_timer(progress.timer, simulation_.now() + *incident.repair_after);
  }
  if (watch_ != nullptr) watch_->on_incident(incident.kind, incident.target, progress.acts, simulation_.now());
  act_(number, progress.acts);
}

metrics::IncidentResult IncidentCalendar::result(std::size_t number) const {
  const PlannedIncident& incident = incidents_[number];
  const Progress& progress = progress_[number];
  metrics::IncidentResult result{.kind = incident.kind,
                                 .target = incident.target,
                                 .at_s = to_seconds(incident.at),
                                 .repaired_at_s = std::nullopt,
                                 .effects = {{"happened", progress.happened ? 1.0 : 0.0}}};
  if (progress.happened && !progress.acts) result.repaired_at_s = to_seconds(incident.at + *incident.repair_after);
  return result;
}

}  // namespace tokenworks::jobs
