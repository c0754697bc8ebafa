// Failures of nodes that the scenario plans: each darkens one node until it is repaired.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/jobs/incident_calendar.hpp"
#include "sim/jobs/node_outages.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

/// One failure as planned by the scenario.
struct NodeFailure {
  PlannedIncident plan;
  std::int64_t node = 0;
};

class NodeFailures {
 public:
  /// `watch` may be null.
  NodeFailures(engine::Simulation& simulation, NodeOutages& outages, std::vector<NodeFailure> failures,
               metrics::RunWatch* watch = nullptr);

  std::vector<metrics::IncidentResult> report() const;

 private:
  NodeOutages& outages_;
  std::vector<NodeFailure> failures_;
  std::vector<std::optional<NodeOutages::Id>> struck_;  // by failure
  IncidentCalendar calendar_;
};

}  // namespace tokenworks::jobs
