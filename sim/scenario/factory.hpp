// The running factory that a scenario describes: specs turned into objects on the engine, and their books turned into
// the result.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/grid/electricity.hpp"
#include "models/llm/memory_capacity.hpp"
#include "models/weather/weather_option.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/jobs/autoscaler.hpp"
#include "sim/jobs/cooling_incidents.hpp"
#include "sim/jobs/fleet.hpp"
#include "sim/jobs/llm/llm_service.hpp"
#include "sim/jobs/model_swaps.hpp"
#include "sim/jobs/network_incidents.hpp"
#include "sim/jobs/node_failures.hpp"
#include "sim/jobs/power_caps.hpp"
#include "sim/jobs/power_control.hpp"
#include "sim/jobs/power_incidents.hpp"
#include "sim/jobs/request_source.hpp"
#include "sim/jobs/run_end.hpp"
#include "sim/jobs/thermal_protection.hpp"
#include "sim/jobs/traffic/traffic_source.hpp"
#include "sim/jobs/weight_load_incidents.hpp"
#include "sim/jobs/workload/client_statistics/client_stream.hpp"
#include "sim/metrics/run_result.hpp"
#include "sim/policies/placement/placement.hpp"
#include "sim/resources/fabric.hpp"
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
  void build_fabric_graph();
  void build_facility();
  void build_fabric();
  void build_services(const RunOptions& options);
  std::vector<ReplicaPlan> plans_of(const LlmServiceSpec& service) const;
  std::set<std::pair<std::int32_t, std::int32_t>> senders_of(const LlmServiceSpec& service) const;
  bool receives(const LlmServiceSpec& service, bool (*of_kind)(const workload::ArrivalOption&)) const;
  void connect_overflows();
  void share_gpus(const LlmServiceSpec& service, jobs::SharedGpus& sharing);
  const RackGroupSpec& racks_of(const ReplicaPlan& plan) const;
  std::unique_ptr<jobs::ServedModel> build_model(const ReplicaPlan& plan, llm::KvPool& room);
  jobs::PoolSetup build_pool(const ReplicaPlan& plan, jobs::LoadedService& loaded);
  bool prompts_say_something(const LlmServiceSpec& service) const;
  static jobs::KvTiers kv_tiers(const LlmServiceSpec& service, const compute::RackSpec& kind, std::int64_t gpus);
  void add_classes(const LlmServiceSpec& service, jobs::LlmService::Setup& setup) const;
  void add_routers(const LlmServiceSpec& service, jobs::LlmService::Setup& setup) const;
  jobs::SenderTraits traits_of(const WorkloadSpec& workload, const LlmServiceSpec& service) const;
  void build_workloads();
  /// Notes for the report what statistics of clients do not say.
  void assume_clients(const std::string& pointer, const workload::ClientStatisticsFiles& files,
                      const jobs::ClientStreamNotes& notes);
  std::unique_ptr<jobs::RequestSource> make_sessions(const WorkloadSpec& workload, std::uint64_t number,
                                                     const jobs::SenderTraits& traits);
  void build_traffic();
  void build_fleets();
  void build_incidents(metrics::RunWatch* watch);
  void build_thermal_protection(metrics::RunWatch* watch);
  void build_power_incidents(metrics::RunWatch* watch);
  void build_power_control(metrics::RunWatch* watch);
  std::vector<std::size_t> groups_under(power::NodeId node) const;
  void build_power_caps(metrics::RunWatch* watch);
  jobs::ModelSwap build_swap(const ModelSwapSpec& spec);
  jobs::Fleet* fleet_of(const std::string& service) const;
  std::vector<std::int64_t> nodes_of(const std::vector<std::string>& racks) const;
  std::int64_t node_number(const std::string& target) const;
  std::size_t group_number(const std::string& racks) const;
  std::vector<std::size_t> followed_groups() const;
  std::string describe_work_left() const;
  jobs::LlmService& service(const std::string& name) const;
  const compute::GpuSpec& gpu_of(const RackGroupSpec& group, const compute::RackSpec& kind);
  std::optional<network::FabricLinks> fabric_links(const compute::RackSpec& kind) const;
  std::unique_ptr<jobs::TrafficSource> make_traffic(const jobs::TrafficContext& context, const TrafficOption& option);
  jobs::NetworkIncident network_incident(const std::string& kind, const NetworkIncidentSpec& spec,
                                         Picoseconds at) const;
  void report_power(metrics::RunResult& result) const;
  void report_power_tree(metrics::RunResult& result) const;
  void report_cooling(metrics::RunResult& result) const;
  void tell_unfinished(Picoseconds end) const;
  void report_electricity(metrics::RunResult& result, Picoseconds end) const;
  void share_energy(metrics::RunResult& result) const;
  void report_sessions(metrics::RunResult& result) const;
  void report_fabric(metrics::RunResult& result) const;
  void report_series(metrics::RunResult& result, Picoseconds end) const;

  ReadOutcome& scenario_;
  Picoseconds duration_;
  Picoseconds interval_;
  ValidityNotes notes_;
  std::vector<Assumption> assumptions_;                                          // that became known while building
  std::function<void(const std::string&, const jobs::EndedRequest&)> on_ended_;  // empty: nobody wants to hear
  std::unique_ptr<engine::Simulation> simulation_;
  std::unique_ptr<jobs::RunEnd> run_end_;
  std::unique_ptr<weather::WeatherSeries> weather_;
  grid::ElectricitySupply electricity_;
  double start_s_ = 0.0, year_s_ = 0.0;                  // of the run within its year
  std::vector<const RackGroupSpec*> racks_;              // sorted by name
  std::map<std::string, compute::GpuSpec> joined_gpus_;  // by group: with what its scale-up domain lets them send
  std::vector<placement::RackGroup> groups_;             // the same, for placement
  std::optional<topology::Graph> graph_;                 // of the fabric, when there is one
  std::vector<topology::PartCount> bill_;                // of its materials
  std::unique_ptr<resources::Facility> facility_;
  std::unique_ptr<resources::Fabric> fabric_;  // null: nothing moves between nodes, nor to storage
  std::unique_ptr<resources::OutsideAir> outside_air_;
  std::map<std::string, std::vector<std::unique_ptr<jobs::GpuTurns>>>
      turns_;  // by service whose GPUs they are, by replica
  std::uint64_t next_turns_ = 0;
  std::vector<std::unique_ptr<jobs::LlmService>> services_;  // sorted by name
  std::vector<const LlmServiceSpec*> llm_specs_;             // the same
  std::vector<jobs::LoadedService> loaded_;                  // by service
  std::vector<std::unique_ptr<jobs::Fleet>> fleets_;         // by service; null: all its replicas serve all the time
  std::vector<std::unique_ptr<jobs::Autoscaler>> autoscalers_;
  std::vector<std::unique_ptr<jobs::RequestSource>> sources_;
  std::vector<std::unique_ptr<jobs::TrafficSource>> traffic_;  // sorted by name
  std::unique_ptr<jobs::NodeOutages> outages_;
  std::unique_ptr<jobs::NodeFailures> failures_;
  std::unique_ptr<jobs::ThermalProtection> protection_;
  std::unique_ptr<jobs::CoolingIncidents> cooling_incidents_;
  std::unique_ptr<jobs::PowerEffects> power_effects_;
  std::unique_ptr<jobs::PowerIncidents> power_incidents_;
  std::unique_ptr<jobs::PowerControl> power_control_;  // null: nothing is limited
  std::unique_ptr<jobs::WeightLoadIncidents> weight_loads_;
  std::unique_ptr<jobs::ModelSwaps> swaps_;
  std::unique_ptr<jobs::NetworkIncidents> network_incidents_;  // null: there is no network
  std::unique_ptr<jobs::PowerCaps> power_caps_;                // null: no power is capped
};

}  // namespace tokenworks::scenario
