// Nodes that go dark and come back, for whatever reason: their replicas lose what runs on them, and serve again once
// every reason is gone and their share of the weights has come from storage, drives or another replica.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/weight_loads.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

class NodeOutages final : private WeightClient {
 public:
  /// Numbers an outage: nodes that go dark and come back together.
  using Id = std::size_t;
  struct Progress {
    std::int64_t replicas_down = 0;  ///< that were wanted
    std::int64_t requests_failed = 0;
    std::optional<Picoseconds> done;  ///< when the last replica was back in service
  };

  /// `fabric`: what weights come over; null: they are there at once.
  NodeOutages(engine::Simulation& simulation, resources::Facility& facility, resources::Fabric* fabric,
              const std::vector<LoadedService>& services);

  /// Darkens nodes now.
  Id begin(std::span<const std::int64_t> nodes);
  /// This reason is gone, once for each outage: nodes that are dark for no other are on, and weights begin to come.
  void end(Id outage);
  const Progress& progress(Id outage) const { return outages_[outage].progress; }

 private:
  struct Replica {
    std::size_t service;
    std::int32_t index;
    auto operator<=>(const Replica&) const = default;
  };
  struct Stopped {
    Replica replica;
    std::int64_t node;  // that brought it down
  };
  struct Outage {
    std::vector<std::int64_t> nodes;
    std::vector<Stopped> replicas;  // that wait for this outage's end
    std::size_t reading = 0;        // replicas whose weights are on their way
    Progress progress;
  };
  struct Read {
    Id outage;
    Stopped stopped;
  };

  void on_weights(std::uint32_t tag, bool arrived) override;
  void back_in_service(Id outage, const Replica& replica);
  void part_is_back(Id outage);

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  std::vector<LoadedService> services_;
  std::vector<std::unique_ptr<WeightLoads>> loads_;  // by service
  std::vector<Outage> outages_;
  std::map<std::int64_t, int> dark_;    // node -> outages that have not ended
  std::map<Replica, int> waiting_for_;  // replica -> outages that keep it down
  std::vector<Read> reads_;
};

}  // namespace tokenworks::jobs
