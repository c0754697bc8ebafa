// Weights that come by hand: replicas of a service load an edition of their weights while they go on serving, as before
// a swap of models.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/jobs/weight_loads.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

struct WeightLoadIncident {
  std::string service;  ///< as the scenario names it
  LoadedService loaded;
  std::int32_t replicas = 0;  ///< the first so many
  Picoseconds at = 0;
};

class WeightLoadIncidents final : private engine::TimerClient, private WeightClient {
 public:
  WeightLoadIncidents(engine::Simulation& simulation, RunEnd& run_end, resources::Fabric* fabric,
                      std::vector<WeightLoadIncident> incidents, metrics::RunWatch* watch = nullptr);
  std::vector<metrics::IncidentResult> report() const;

 private:
  struct Progress {
    std::unique_ptr<WeightLoads> edition;
    bool happened = false;
    std::int64_t nodes = 0, left = 0, failed = 0;
    double bytes = 0.0;
    std::optional<Picoseconds> done;
  };

  void on_timer(std::uint32_t tag) override;
  void on_weights(std::uint32_t tag, bool arrived) override;

  engine::Simulation& simulation_;
  RunEnd& run_end_;
  metrics::RunWatch* watch_;
  std::vector<WeightLoadIncident> incidents_;
  std::vector<Progress> progress_;
};

}  // namespace tokenworks::jobs
