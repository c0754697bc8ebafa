// What goes wrong in the network and with the storage: links, network cards and switches that fail, flap or work in
// part, storage that slows down. Transfers are re-routed, stand still or fail (resources/fabric); a replica whose
// domains lose each other for too long goes down, and loads its weights anew when they find each other again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/jobs/weight_loads.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

struct NetworkIncident {
  enum class Part : std::uint8_t { link, network_card, switch_, storage };
  std::string kind, target;  ///< as the scenario names them
  Part part = Part::link;
  std::uint32_t index = 0;  ///< link or vertex of the fabric's graph
  double works = 0.0;       ///< share of the bandwidth that is left
  Picoseconds at = 0;
  std::optional<Picoseconds> repair_after;
  std::int64_t times = 1;  ///< fails and comes back so often
  Picoseconds period = 0;  ///< from one failure to the next
};

class NetworkIncidents final : private engine::TimerClient, private WeightClient {
 public:
  NetworkIncidents(engine::Simulation& simulation, resources::Fabric& fabric,
                   const std::vector<LoadedService>& services, std::vector<NetworkIncident> incidents,
                   metrics::RunWatch* watch = nullptr);
  std::vector<metrics::IncidentResult> report() const;

 private:
  struct Progress {
    std::int64_t failures = 0;
    bool broken = false;
    std::int64_t transfers_stopped = 0, replicas_down = 0, requests_failed = 0;
    std::optional<Picoseconds> repaired;
    engine::TimerId timer = 0;
  };
  struct Reload {
    std::size_t service;
    std::int32_t replica;
    std::int64_t node;
  };

  void on_timer(std::uint32_t tag) override;
  void on_weights(std::uint32_t tag, bool arrived) override;
  void apply(const NetworkIncident& incident);
  double share_of_link(std::uint32_t link) const;
  void lost(std::size_t service, std::int32_t replica);
  void found(std::size_t service, std::int32_t replica);

  engine::Simulation& simulation_;
  resources::Fabric& fabric_;
  metrics::RunWatch* watch_;
  std::vector<LoadedService> services_;
  std::vector<std::unique_ptr<WeightLoads>> loads_;  // by service
  std::vector<NetworkIncident> incidents_;
  std::vector<Progress> progress_;
  std::vector<Reload> reloads_;
  std::map<std::pair<std::size_t, std::int32_t>, std::int64_t> waiting_for_;  // replica -> nodes without weights
  std::size_t latest_ = 0;  // incident that struck last: what replicas lose is its doing
};

}  // namespace tokenworks::jobs
