// Limits on what nodes of the power tree carry, kept by capping GPUs: meters, a policy (sim/policies/capping), and caps
// that act some seconds later. Demand response of the grid is such a limit at the meter for a while.
//
// A limit that cannot be exceeded, with every GPU at its own limit, is not looked at.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/core/sliding_lowest.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/policies/capping/capping_option.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

/// A limit that holds all the time.
struct PowerLimit {
  std::string node;                 ///< as the scenario names it
  std::optional<power::NodeId> id;  ///< absent: the meter, all feeds of the grid together
  Watts limit{0};
  std::optional<Watts> ramp = {};  ///< that it may rise by within a minute; absent: any
  bool can_be_exceeded = true;
  std::vector<std::size_t> groups;  ///< rack groups under it
};

/// The grid asks for less.
struct DemandResponse {
  double reduction_share = 0.25;
  Picoseconds at = 0, baseline = 0, ramp = 0, duration = 0;
};

/// A service with its place in the order of capping: lower ones give first.
struct CappedService {
  LlmService* service = nullptr;
  std::int32_t order = 0;
};

class PowerControl final : private engine::TimerClient {
 public:
  struct Setup {
    engine::Simulation& simulation;
    resources::Facility& facility;
    const capping::CappingOption* policy = nullptr;  ///< outlives the control
    std::vector<PowerLimit> limits;
    std::vector<DemandResponse> demand_responses;
    std::vector<CappedService> services;
    metrics::RunWatch* watch = nullptr;
  };
  explicit PowerControl(Setup setup);

  std::vector<metrics::IncidentResult> report_demand_responses(Picoseconds end) const;
  std::vector<metrics::PowerLimitResult> report_limits(Picoseconds end) const;

 private:
  struct Reading {
    Picoseconds at = 0;
    Femtojoules meter = 0;
    std::vector<Femtojoules> gpus;  // by class
    std::vector<double> caps_w;     // by class, that act; of none: there are none
  };
  /// GPUs of a service on a node.
  struct CappedGpus {
    std::int64_t node = 0;
    LlmService* service = nullptr;
    LlmService::GpusOnNode found;
  };
  /// One limit with its meter; demand responses are limits that last.
  struct Loop {
    PowerLimit limit;
    std::optional<std::size_t> response;  // place among the demand responses
    std::size_t meter = 0;
    std::vector<std::vector<CappedGpus>> gpus;  // by class: under its node
    bool on = false;
    Picoseconds looked = 0, acted = 0;
    std::deque<Reading> readings;  // back to the start of the window
    std::int32_t stage = 0;
    SlidingLowest<Picoseconds, double> last_minute_w;  // what was measured, for a ramp
    std::vector<double> caps_w;                        // by class, of one GPU, that act; of none: there are none
    std::vector<double> decided_w;                     // last decision
    std::deque<std::pair<Picoseconds, std::vector<double>>> on_the_way;  // decisions with the dates at which they act
    engine::TimerId look = 0, act = 0, read = 0;
    // For the report.
    std::int64_t looks = 0, decisions = 0;
    Picoseconds over = 0, over_now = 0, longest_over = 0, capped = 0;
    double highest_w = 0.0;
  };
  struct Response {
    Femtojoules before = 0;  // at the meter when the baseline began
    Picoseconds before_at = 0;
    double baseline_w = 0.0;
    std::optional<Femtojoules> at_start, at_ramp_end, at_end;
    engine::TimerId timer = 0;
    int phase = 0;
  };
  struct Class {
    std::vector<LlmService*> services;
    std::int64_t gpus = 0;  // of all of them
  };

  void on_timer(std::uint32_t tag) override;
  void look(Loop& loop);
  void act(Loop& loop);
  void apply();
  void on_response(std::size_t response);
  double limit_w(const Loop& loop, Picoseconds now) const;
  Femtojoules gpu_energy(const Class& of, Picoseconds now) const;
  Reading reading(const Loop& loop, Picoseconds now) const;
  void wait_for_look(Loop& loop);
  void switch_on(Loop& loop);
  void switch_off(Loop& loop);

  Setup setup_;
  std::vector<Class> classes_;
  std::vector<Loop> loops_;
  std::vector<Response> responses_;
};

}  // namespace tokenworks::jobs
