// A scenario as data: what a planner writes, with every default filled in. No files are opened here and no names are
// resolved; sim/scenario/read_scenario does that, sim/scenario/build turns it into a running factory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/compute/gpu.hpp"
#include "models/compute/kernel_spec.hpp"
#include "models/compute/rack.hpp"
#include "models/cooling/cooling_option.hpp"
#include "models/core/fields.hpp"
#include "models/grid/electricity.hpp"
#include "models/llm/architecture.hpp"
#include "models/llm/memory_capacity.hpp"
#include "models/llm/parallelism.hpp"
#include "models/power/power_option.hpp"
#include "models/power/power_smoothing.hpp"
#include "models/storage/storage_option.hpp"
#include "models/thermal/throttle.hpp"
#include "models/topology/parts.hpp"
#include "models/topology/scale_up_option.hpp"
#include "models/weather/weather_option.hpp"
#include "models/workload/arrival_process.hpp"
#include "models/workload/length_distribution.hpp"
#include "sim/policies/batching/engine_option.hpp"
#include "sim/policies/capping/capping_option.hpp"
#include "sim/policies/routing/router_option.hpp"
#include "sim/scenario/fabric_spec.hpp"
#include "sim/scenario/incident_spec.hpp"
#include "sim/scenario/model_swap_spec.hpp"
#include "sim/scenario/pool_spec.hpp"
#include "sim/scenario/sharing_spec.hpp"
#include "sim/scenario/traffic_spec.hpp"
#include "sim/scenario/year_spec.hpp"

namespace tokenworks::scenario {

struct ClockSpec {
  std::string start = "2026-01-01T00:00:00";  ///< local time of the site, ISO 8601
  Seconds duration{3600};
  Seconds warm_up{0};
  bool drain = true;
  void visit(FieldVisitor& v);
};

struct SiteSpec {
  std::optional<double> utc_offset_h;
  Choice<weather::WeatherOption> weather;
  Choice<grid::ElectricityOption> electricity;
  SiteSpec();
  void visit(FieldVisitor& v);
};

struct ScaleUpSpec : Choice<topology::ScaleUpOption> {
  ScaleUpSpec() : Choice(topology::scale_up_options()) {}
};

struct RackGroupSpec {
  std::string name;
  std::string kind;  ///< catalog id
  std::int64_t count = 1;
  std::optional<ScaleUpSpec> scale_up;
  std::optional<power::SmoothingSpec> power_smoothing;
  void visit(FieldVisitor& v);
};

struct StorageSpec : Choice<storage::StorageOption> {
  StorageSpec() : Choice(storage::storage_options(), "parallel_file_system") {}
};

struct FabricSpec : Choice<FabricOption> {
  FabricSpec() : Choice(fabric_options()) {}
};

/// What of the cooling keeps running, and what comes back when, once it has lost its power.
struct CoolingRestartSpec {
  bool coolant_pumps_on_ups = true;
  Seconds pumps_after{15}, chillers_after{300};
  void visit(FieldVisitor& v);
};

/// What a node of the power tree may carry, kept by capping GPUs.
struct PowerLimitSpec {
  std::string node = "meter";  ///< of the power tree; "meter": all feeds of the grid together
  Watts limit{0};
  std::optional<double> ramp_w_per_min;  ///< that it may rise by within a minute
  void visit(FieldVisitor& v);
};

struct PowerControlSpec {
  std::vector<PowerLimitSpec> limits;
  Choice<capping::CappingOption> policy;
  PowerControlSpec();
  void visit(FieldVisitor& v);
};

struct FactorySpec {
  std::vector<RackGroupSpec> racks;
  std::optional<FabricSpec> fabric;
  std::optional<StorageSpec> storage;
  Choice<power::PowerOption> power;
  Choice<cooling::CoolingOption> cooling;
  PowerControlSpec power_control;
  thermal::ThrottleLaw gpu_throttle;
  CoolingRestartSpec cooling_restart;
  Seconds restart_after{600};  ///< racks that went dark by heat or for want of power start after so long at least
  FactorySpec();
  void visit(FieldVisitor& v);
};

/// One member of the family of service kinds.
class ServiceOption {
 public:
  virtual ~ServiceOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  std::string name;
  std::optional<PlacementSpec> placement;

 protected:
  void visit_common(FieldVisitor& v);
};
Options<ServiceOption> service_options();

/// "kind": "llm".
class LlmServiceSpec final : public ServiceOption {
 public:
  std::string model;  ///< catalog id
  std::string precision = "bf16";
  std::optional<std::string> kv_cache_precision;  ///< as `precision` implies when absent
  llm::Parallelism parallelism;
  std::int64_t replicas = 1;
  std::optional<AutoscalerSpec> autoscaler;
  EngineSpec engine;
  std::optional<SpeculationSpec> speculation;
  std::vector<PoolSpec> pools;
  std::optional<DisaggregationSpec> disaggregation;
  std::optional<std::string> shares_gpus_with;  ///< name of another service
  std::optional<SharingSpec> sharing;
  std::optional<std::string> overflow_to;  ///< name of another service
  RouterSpec router;
  std::vector<KvTierSpec> kv_tiers;
  std::optional<Watts> gpu_power_cap;
  std::string kv_fetch = "when_cheaper";
  std::optional<AdaptersSpec> adapters;
  std::vector<ServiceClassSpec> classes;
  std::vector<TenantSpec> tenants;
  std::string fairness = "first_come";
  bool preempts_for_urgent = true;
  std::string weight_source = "storage";
  std::string power_class = "interactive";
  std::optional<PromiseSpec> slo;
  llm::KvFormat kv_format() const;
  /// What its GPUs hold of `model`: with the drafter when that drafts.
  llm::LlmSpec held_layers(const llm::LlmSpec& model) const;
  void visit(FieldVisitor& v) override;
};

/// Replicas of one pool as they are to be built: what the pool says, and what its service says for all of them.
struct ReplicaPlan {
  std::string pool;  ///< its name; that of the service where it has no pools
  std::string role = "serve";
  std::int64_t replicas = 1;    ///< that have a place
  std::int64_t in_service = 1;  ///< of these, at the start
  const LlmServiceSpec* service = nullptr;
  const llm::Parallelism* parallelism = nullptr;
  const PlacementSpec* placement = nullptr;  ///< null: anywhere
  const EngineSpec* engine = nullptr;
  const scaling::ScalingOption* autoscaler = nullptr;  ///< null: all serve all the time
  // What is served.
  const std::string* model = nullptr;  ///< catalog id
  const std::string* precision = nullptr;
  const std::optional<std::string>* kv_cache_precision = nullptr;
  const std::optional<SpeculationSpec>* speculation = nullptr;
  // Where these stand in the scenario, for faults.
  std::string service_at, pointer, replicas_at, parallelism_at, placement_at, engine_at, autoscaler_at;
  std::string served_at, precision_at;  ///< the object with the model; its precision, or its service's
  bool is_swap = false;                 ///< it is what a swap leads to: what is at fault is its model

  llm::KvFormat kv_format() const;
  /// What its GPUs hold of the model: with the drafter when that drafts.
  llm::LlmSpec held_layers(const llm::LlmSpec& served) const;

  /// Name under which its replicas are placed; unique in the factory.
  std::string demand() const { return service->pools.empty() ? service->name : service->name + "/" + pool; }
};
std::vector<ReplicaPlan> replica_plans(const LlmServiceSpec& service, const std::string& pointer = {});
/// The same replicas after a swap.
std::vector<ReplicaPlan> replica_plans_after(const LlmServiceSpec& service, const ModelSwapSpec& swap,
                                             const std::string& pointer = {}, const std::string& swap_pointer = {});

/// What an engine with this profile lets its caches have beside places for adapters, if there are any.
llm::MemoryRule memory_rule(const batching::EngineProfile& profile, Bytes adapters_per_gpu = Bytes(0));

struct ServiceSpec : Choice<ServiceOption> {
  ServiceSpec() : Choice(service_options()) {}
};
/// The service as one of a language model; null where it is another, or of no known kind.
const LlmServiceSpec* as_llm(const ServiceSpec& service);

struct LengthsSpec {
  Choice<workload::LengthDistribution> input, output;
  LengthsSpec();
  void visit(FieldVisitor& v);
};

struct WorkloadSpec {
  std::string name;  ///< names the random streams; the service's name when absent
  std::string service;
  Choice<workload::ArrivalOption> arrivals;
  std::optional<LengthsSpec> lengths;
  std::optional<std::string> service_class, tenant;
  std::optional<Seconds> patience;
  double gives_up_share = 0.0;
  WorkloadSpec();
  void visit(FieldVisitor& v);
};

struct ReportSpec {
  Seconds interval{10};
  void visit(FieldVisitor& v);
};

/// Catalog entries by section and id, as a file that a scenario names holds them.
struct CatalogEntries {
  std::map<std::string, compute::GpuSpec> gpus;
  std::map<std::string, compute::KernelSpec> kernels;
  std::map<std::string, compute::RackSpec> racks;
  std::map<std::string, llm::LlmSpec> models;
  std::map<std::string, workload::LengthTable> lengths;
  std::map<std::string, topology::SwitchSpec> switches;
  std::map<std::string, topology::TransceiverSpec> transceivers;
  std::map<std::string, weather::SiteClimate> sites;
  void visit(FieldVisitor& v);
};

/// A scenario's own entries; they go before the shipped ones, and those written in the scenario before those in files.
struct CatalogSpec : CatalogEntries {
  std::vector<std::string> files;
  void visit(FieldVisitor& v);
};

struct ScenarioSpec {
  std::string format = "tokenworks.scenario/1";
  std::string name;
  std::int64_t seed = 1;
  ClockSpec clock;
  SiteSpec site;
  FactorySpec factory;
  std::vector<ServiceSpec> services;
  std::vector<WorkloadSpec> workloads;
  std::vector<TrafficSpec> traffic;
  std::vector<IncidentSpec> incidents;
  ReportSpec report;
  std::optional<YearSpec> year;
  CatalogSpec catalog;
  void visit(FieldVisitor& v);
};

}  // namespace tokenworks::scenario
