// The replicas of a service as they come and go. Others say which of them should serve, and what; the fleet brings that
// about: a replica that should not serve, or not what it serves, drains; one that is down and should, loads its
// weights, compiles, warms up and serves. A failure on the way means starting over after the repair.
//
// While a replica is down its GPUs idle, and what they draw belongs to nobody (E: compiling and warming up draw more
// than idle boards do, for seconds).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/weight_loads.hpp"
#include "sim/metrics/latency_histogram.hpp"
#include "sim/metrics/run_result.hpp"

namespace tokenworks::jobs {

/// Whoever waits for what the fleet does.
class FleetClient {
 public:
  /// A replica serves, is broken or repaired, or has gone down because it should not serve.
  virtual void on_fleet_changed() = 0;

 protected:
  ~FleetClient() = default;
};

class Fleet final : public ReplicaKeeper, private engine::TimerClient, private WeightClient {
 public:
  struct Setup {
    LoadedService loaded;               ///< edition 0
    std::vector<Picoseconds> start_up;  ///< of edition 0, by replica, from the weights' arrival to serving
    Picoseconds give_up = 0;            ///< weights that found no path are not asked for again from this date on
    std::uint64_t number = 0;           ///< of its first replica among all fleets', for the ranks of its timers
  };
  /// `fabric`: what weights come over; null: they are there at once. The service's replicas that serve now are wanted.
  Fleet(engine::Simulation& simulation, resources::Fabric* fabric, Setup setup);

  /// Another model, which the service already knows by the returned number.
  std::int32_t add_edition(const std::vector<Bytes>& weights_per_gpu_of, Picoseconds start_up);
  void set_client(FleetClient* client) { client_ = client; }

  // What should be ---------------------------------------------------------------------------------------------------
  void start(std::int32_t replica);
  void drain(std::int32_t replica);
  /// Replicas are to serve an edition. Those that serve another one drain first, or, without `drains`, go down at
  /// once, and their requests start again elsewhere. Those that are down serve it when they come.
  void use(std::span<const std::int32_t> replicas, std::int32_t edition, bool drains);
  /// Whoever decides how many serve leaves these alone.
  void set_pinned(std::int32_t replica, bool pinned) { unit(replica).pinned = pinned; }

  // What is ----------------------------------------------------------------------------------------------------------
  LlmService& service() { return *service_; }
  std::int32_t size() const { return static_cast<std::int32_t>(units_.size()); }
  bool is_wanted(std::int32_t replica) const override { return unit(replica).wanted; }
  bool is_broken(std::int32_t replica) const { return unit(replica).broken > 0; }
  bool is_pinned(std::int32_t replica) const { return unit(replica).pinned; }
  /// It serves, takes requests, and serves what it should.
  bool is_serving(std::int32_t replica) const;
  /// Not wanted, and ready to be started.
  bool is_parked(std::int32_t replica) const;
  /// Parked replicas count as coming where somebody scales.
  void set_scaled(std::int32_t replica) { unit(replica).scaled = true; }
  void count_decision() { ++decisions_; }

  /// What changes of edition have cost so far.
  struct Tally {
    std::int64_t swapped = 0;  ///< replicas that serve after one
    Picoseconds out = 0;       ///< replicas' time from taking no more requests to serving
    LlmService::Evacuated evacuated;
  };
  Tally tally() const;

  metrics::ScalingResult report(Picoseconds end) const;

  void on_broken(std::int32_t replica) override;
  void on_repaired(std::int32_t replica, std::function<void()> back) override;
  bool may_come(std::int32_t replica) const override;
  std::int32_t edition_to_come(std::int32_t replica) const override { return unit(replica).edition; }

 private:
  enum class Phase : std::uint8_t { serving, draining, down, loading, starting };
  struct Unit {
    Phase phase = Phase::serving;
    bool wanted = true, pinned = false, scaled = false;
    bool lost_hope = false;    // its weights never came
    std::int32_t edition = 0;  // that it should serve
    std::int32_t broken = 0;   // failures not repaired
    std::int32_t coming = 0;   // edition that is being loaded
    std::int64_t nodes_left = 0;
    std::int32_t attempt = 0;  // tells its loads from those before a failure
    Picoseconds since = 0;     // the load began
    Picoseconds weights_at = 0;
    Picoseconds swap_since = -1;  // takes no requests because of a change of edition
    engine::TimerId timer = 0;
    std::function<void()> back;
  };
  struct Edition {
    std::unique_ptr<WeightLoads> loads;
    std::vector<Picoseconds> start_up;  // by replica
  };
  struct Load {
    std::int32_t replica, edition, attempt;
    std::int64_t node;
  };

  void on_timer(std::uint32_t replica) override;
  void on_weights(std::uint32_t load, bool arrived) override;
  Unit& unit(std::int32_t replica) { return units_[static_cast<std::size_t>(replica)]; }
  const Unit& unit(std::int32_t replica) const { return units_[static_cast<std::size_t>(replica)]; }
  void settle(std::int32_t replica);
  void drain_all(std::span<const std::int32_t> replicas);
  void begin(std::int32_t replica);
  void went_down(std::int32_t replica);
  void forget_weights(std::int32_t replica, std::int32_t edition);
  void tell_back(Unit& unit);
  void changed();

  engine::Simulation& simulation_;
  resources::Fabric* fabric_;
  Setup setup_;
  LlmService* service_;
  FleetClient* client_ = nullptr;
  std::vector<Unit> units_;
  std::vector<Edition> editions_;
  std::vector<Load> loads_;
  std::int64_t decisions_ = 0, started_ = 0, drained_ = 0;
  metrics::LatencyHistogram load_times_, start_times_;
  Tally tally_;
};

}  // namespace tokenworks::jobs
