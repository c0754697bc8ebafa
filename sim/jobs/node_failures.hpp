// Failures of nodes that the scenario plans: each darkens one node until it is repaired.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/jobs/node_outages.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

/// One failure as planned by the scenario.
struct NodeFailure {
  std::string target;  ///< as the scenario names it
  std::int64_t node = 0;
  Picoseconds at = 0;
  std::optional<Picoseconds> repair_after;
};

class NodeFailures final : private engine::TimerClient {
 public:
  /// `watch` may be null.
  NodeFailures(engine::Simulation& simulation, NodeOutages& outages, std::vector<NodeFailure> failures,
               metrics::RunWatch* watch = nullptr);

  std::vector<metrics::IncidentResult> report() const;

 private:
  void on_timer(std::uint32_t tag) override;

  engine::Simulation& simulation_;
  NodeOutages& outages_;
  metrics::RunWatch* watch_;
  std::vector<NodeFailure> failures_;
  std::vector<std::optional<NodeOutages::Id>> struck_;  // by failure
};

}  // namespace tokenworks::jobs
