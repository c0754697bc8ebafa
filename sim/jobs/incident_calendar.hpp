// Begins and ends what a scenario plans to go wrong, and remembers what did.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/incident_rank.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

struct PlannedIncident {
  std::string kind, target;  ///< as the scenario names them
  Picoseconds at = 0;
  std::optional<Picoseconds> repair_after;
};

/// Of incidents that have a `plan` each.
template <class Incident>
std::vector<PlannedIncident> plans_of(const std::vector<Incident>& incidents) {
  std::vector<PlannedIncident> plans;
  for (const Incident& incident : incidents) plans.push_back(incident.plan);
  return plans;
}

/// Order at one date: by what they strike, whatever their order in a file.
inline bool strikes_before(const PlannedIncident& a, const PlannedIncident& b) {
  return a.at != b.at ? a.at < b.at : a.kind + a.target < b.kind + b.target;
}

class IncidentCalendar final : private engine::TimerClient {
 public:
  /// Called with the number of an incident when it has begun, and when it has ended.
  using Act = std::function<void(std::size_t incident, bool begins)>;
  /// `watch` may be null.
  IncidentCalendar(engine::Simulation& simulation, IncidentPlace place, std::vector<PlannedIncident> incidents, Act act,
                   metrics::RunWatch* watch);

  const PlannedIncident& operator[](std::size_t incident) const { return incidents_[incident]; }
  std::size_t size() const { return incidents_.size(); }
  bool happened(std::size_t incident) const { return progress_[incident].happened; }
  bool acts(std::size_t incident) const { return progress_[incident].acts; }
  /// What it was, when it was repaired, and whether it happened at all.
  metrics::IncidentResult result(std::size_t incident) const;

 private:
  struct Progress {
    bool happened = false, acts = false;
    engine::TimerId timer = 0;
  };

  void on_timer(std::uint32_t incident) override;

  engine::Simulation& simulation_;
  Act act_;
  metrics::RunWatch* watch_;
  std::vector<PlannedIncident> incidents_;
  std::vector<Progress> progress_;
};

}  // namespace tokenworks::jobs
