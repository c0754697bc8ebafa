// What heat does to the work: GPUs of a rack group that get too warm run slower, and go dark when they overheat; they
// are started again when their coolant is cold enough.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/node_outages.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

class ThermalProtection final : private resources::RackTemperatureClient, private engine::TimerClient {
 public:
  struct Setup {
    engine::Simulation& simulation;
    resources::Facility& facility;  ///< whose temperatures are followed
    NodeOutages& outages;
    std::vector<LlmService*> services;
    std::vector<std::string> groups;  ///< their names
    Picoseconds restart_after = 0;    ///< an overheated group stays dark at least so long
    metrics::RunWatch* watch = nullptr;
  };
  explicit ThermalProtection(Setup setup);

  /// What happened to a group between two dates.
  struct Story {
    std::optional<Picoseconds> slowed;  ///< first date at which it was slowed by heat
    std::optional<Picoseconds> dark;    ///< first date at which it overheated
    Picoseconds slow_time = 0;          ///< in which it ran, slowed
    Picoseconds dark_time = 0;
    double least_clock_share = 1.0;
    std::int64_t replicas_down = 0, requests_failed = 0;
  };
  Story story(std::size_t group, Picoseconds from, Picoseconds until) const;
  std::size_t groups() const { return logs_.size(); }

 private:
  struct Entry {
    Picoseconds at;
    double clock_share;  // 0: dark
    std::optional<NodeOutages::Id> outage;
  };
  struct Log {
    std::vector<Entry> entries;
    double next_share = 1.0;  // to be applied
    bool overheats = false;   // likewise
    engine::TimerId apply = 0, restart = 0;
    std::optional<NodeOutages::Id> outage;
  };

  void on_clock_limit(std::size_t group, double share) override;
  void on_overheated(std::size_t group) override;
  void on_timer(std::uint32_t tag) override;
  void apply(std::size_t group);
  void try_restart(std::size_t group);

  Setup setup_;
  std::vector<Log> logs_;
};

}  // namespace tokenworks::jobs
