// The running factory that a scenario describes: specs turned into objects on the engine, and their books turned into
// the result.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/weather/weather_option.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/node_failures.hpp"
#include "sim/jobs/request_source.hpp"
#include "sim/jobs/run_end.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/policies/placement/placement.hpp"
#include "sim/resources/facility.hpp"
#include "sim/resources/outside_air.hpp"
#include "sim/scenario/read_scenario.hpp"
#include "sim/scenario/run.hpp"

namespace tokenworks::scenario {

class Factory {
 public:
  /// `scenario` has no faults and outlives the factory.
  Factory(ReadOutcome& scenario, const RunOptions& options);
  ~Factory();

  engine::Simulation& simulation() { return *simulation_; }
  /// Starts the sources and runs to the end.
  void run();
  metrics::RunResult result();

 private:
  void build_weather();
  void build_facility();
  void build_services(const RunOptions& options);
  void build_workloads();
  void build_incidents();
  std::string describe_work_left() const;
  jobs::LlmService& service(const std::string& name) const;
  void report_power(metrics::RunResult& result) const;
  void report_cooling(metrics::RunResult& result) const;
  void share_energy(metrics::RunResult& result) const;
  void report_series(metrics::RunResult& result, Picoseconds end) const;

  ReadOutcome& scenario_;
  Picoseconds duration_;
  Picoseconds interval_;
  ValidityNotes notes_;
  std::unique_ptr<engine::Simulation> simulation_;
  std::unique_ptr<jobs::RunEnd> run_end_;
  std::unique_ptr<weather::WeatherSeries> weather_;
  double start_s_ = 0.0, year_s_ = 0.0;                 // of the run within its year
  std::vector<const RackGroupSpec*> racks_;             // sorted by name
  std::vector<placement::RackGroup> groups_;            // the same, for placement
  std::unique_ptr<resources::Facility> facility_;
  std::unique_ptr<resources::OutsideAir> outside_air_;
  std::vector<std::unique_ptr<jobs::LlmService>> services_;   // sorted by name
  std::vector<Bytes> weights_per_gpu_;                  // by service
  std::vector<std::unique_ptr<jobs::RequestSource>> sources_;
  std::unique_ptr<jobs::NodeFailures> failures_;
};

}  // namespace tokenworks::scenario
