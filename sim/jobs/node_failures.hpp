// Nodes that go dark and come back: their replicas lose what runs on them, and serve again once the node is repaired
// and its share of the weights has come from storage, its drives or another replica.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/weight_loads.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

/// One failure as planned by the scenario.
struct NodeFailure {
  std::string target;  ///< as the scenario names it
  std::int64_t node = 0;
  Picoseconds at = 0;
  std::optional<Picoseconds> repair_after;
};

class NodeFailures final : private engine::TimerClient, private WeightClient {
 public:
  /// `fabric`: what weights come over; null: they are there at once. `watch` may be null.
  NodeFailures(engine::Simulation& simulation, resources::Facility& facility, resources::Fabric* fabric,
               const std::vector<LoadedService>& services, std::vector<NodeFailure> failures,
               metrics::RunWatch* watch = nullptr);

  std::vector<metrics::IncidentResult> report() const;

 private:
  struct Replica {
    std::size_t service;
    std::int32_t index;
    bool operator<(const Replica& other) const {
      return service != other.service ? service < other.service : index < other.index;
    }
  };
  struct Progress {
    std::vector<Replica> replicas;  // that wait for this failure's repair
    std::int64_t replicas_down = 0;
    std::size_t reading = 0;  // replicas whose weights are on their way
    std::int64_t requests_failed = 0;
    bool struck = false;
    std::optional<Picoseconds> done;
  };
  struct Read {
    std::size_t failure;
    Replica replica;
    std::int64_t node;
  };

  void on_timer(std::uint32_t tag) override;
  void on_weights(std::uint32_t tag, bool arrived) override;
  void strike(std::size_t failure);
  void repair(std::size_t failure);
  void back_in_service(std::size_t failure, const Replica& replica);
  void part_is_back(std::size_t failure);

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  metrics::RunWatch* watch_;
  std::vector<LoadedService> services_;
  std::vector<std::unique_ptr<WeightLoads>> loads_;  // by service
  std::vector<NodeFailure> failures_;
  std::vector<Progress> progress_;      // by failure
  std::map<std::int64_t, int> dark_;    // node -> failures not repaired
  std::map<Replica, int> waiting_for_;  // replica -> failures that keep it down
  std::vector<Read> reads_;
};

}  // namespace tokenworks::jobs
