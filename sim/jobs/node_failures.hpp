// Nodes that go dark and come back: their replicas lose what runs on them, and serve again once the node is repaired and
// its share of the weights has been read from storage. The reads share storage and node links.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

/// One failure as planned by the scenario.
struct NodeFailure {
  std::string target;                        ///< as the scenario names it
  std::int64_t node = 0;
  Picoseconds at = 0;
  std::optional<Picoseconds> repair_after;
  BytesPerSecond node_bandwidth{0};          ///< of the node towards storage
};

/// A service with what each of its GPUs must read to serve.
struct ReloadingService {
  LlmService* service = nullptr;
  Bytes weights_per_gpu{0};
};

class NodeFailures final : private engine::TimerClient, private engine::TransferClient {
 public:
  /// `storage_bandwidth` is shared by all reads; without storage weights are there at once.
  NodeFailures(engine::Simulation& simulation, resources::Facility& facility, std::vector<ReloadingService> services,
               std::vector<NodeFailure> failures, std::optional<BytesPerSecond> storage_bandwidth);

  std::vector<metrics::IncidentResult> report() const;
  metrics::FlowTotals reads() const;

 private:
  struct Replica {
    std::size_t service;
    std::int32_t index;
    bool operator<(const Replica& other) const {
      return service != other.service ? service < other.service : index < other.index;
    }
  };
  struct Progress {
    std::vector<Replica> replicas;           // that wait for this failure's repair
    std::size_t reading = 0;                 // replicas whose weights are on their way
    std::int64_t requests_failed = 0;
    bool struck = false;
    std::optional<Picoseconds> done;
  };
  struct Read {
    std::size_t failure;
    Replica replica;
    Picoseconds start;
    Bytes bytes;
  };

  void on_timer(std::uint32_t tag) override;
  void on_transfer_done(std::uint32_t tag) override;
  void strike(std::size_t failure);
  void repair(std::size_t failure);
  void back_in_service(std::size_t failure, const Replica& replica);

  engine::Simulation& simulation_;
  resources::Facility& facility_;
  std::vector<ReloadingService> services_;
  std::vector<NodeFailure> failures_;
  std::vector<Progress> progress_;           // by failure
  std::map<std::int64_t, int> dark_;         // node -> failures not repaired
  std::map<Replica, int> waiting_for_;       // replica -> failures that keep it down
  std::optional<engine::LinkId> storage_;
  std::map<std::int64_t, engine::LinkId> node_links_;  // by node that fails
  std::vector<Read> reads_;
  double bytes_read_ = 0.0;
  Picoseconds total_duration_ = 0, longest_ = 0;
  std::int64_t reads_done_ = 0;
};

}  // namespace tokenworks::jobs
