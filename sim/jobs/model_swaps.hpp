// A service gets another model while it serves: a canary first, where there is one, which is judged and goes back when
// it fails; then the rest, a few replicas at a time or all at once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/fleet.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"

namespace tokenworks::jobs {

struct SwapCanary {
  std::int64_t replicas = 1;
  double traffic_share = 0.1;
  Picoseconds duration = 0;
  /// An outcome that is given, or what the canary's mean latencies may be over those of the others.
  std::optional<bool> verdict;
  std::optional<double> worst_ttft_ratio, worst_tpot_ratio;
};

struct ModelSwap {
  std::string service;  ///< as the scenario names it
  Fleet* fleet = nullptr;
  std::int32_t edition = 0;  ///< that is served afterwards
  Picoseconds at = 0;
  std::optional<std::int64_t> max_unavailable;  ///< nothing: all at once
  bool drains = true;
  std::optional<SwapCanary> canary;
};

class ModelSwaps final : private engine::TimerClient, private FleetClient {
 public:
  /// Of one service, a swap begins when the one before is over.
  ModelSwaps(engine::Simulation& simulation, std::vector<ModelSwap> swaps, metrics::RunWatch* watch = nullptr);
  std::vector<metrics::IncidentResult> report() const;

 private:
  enum class Stage : std::uint8_t { to_come, due, canary_starting, canary, promoting, going_back, done };
  struct Progress {
    Stage stage = Stage::to_come;
    std::int32_t before = 0;  // edition
    std::vector<std::int32_t> canaries;
    Fleet::Tally at_start, at_end;
    Picoseconds began = 0;
    std::optional<Picoseconds> judged, done;
    bool promoted = false;
    std::int64_t canary_requests = 0, other_requests = 0;
    std::optional<double> ttft_ratio, tpot_ratio;
    engine::TimerId timer = 0;
  };

  void on_timer(std::uint32_t tag) override;
  void on_fleet_changed() override;
  void begin(std::size_t swap);
  void go_on(std::size_t swap);
  void begin_canary(std::size_t swap);
  void judge(std::size_t swap);
  void promote(std::size_t swap);
  void roll(std::size_t swap);
  void end(std::size_t swap);
  /// Wanted and not broken: those that count.
  static bool counts(const Fleet& fleet, std::int32_t replica) {
    return fleet.is_wanted(replica) && !fleet.is_broken(replica);
  }
  bool all_serve(const Fleet& fleet, const std::vector<std::int32_t>& replicas) const;

  engine::Simulation& simulation_;
  metrics::RunWatch* watch_;
  std::vector<ModelSwap> swaps_;
  std::vector<Progress> progress_;
  std::map<Fleet*, std::int32_t> current_;  // edition of each fleet
  std::map<Fleet*, std::size_t> under_way_;
  engine::TimerId look_again_;
};

}  // namespace tokenworks::jobs
