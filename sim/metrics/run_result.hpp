// Everything that a run has to report, as plain data. sim/scenario writes it as JSON (report.json, run.json), CSV
// (series.csv) and text (the summary).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/core/evidence.hpp"
#include "models/core/validity.hpp"
#include "sim/metrics/latency_histogram.hpp"

namespace tokenworks::metrics {

struct RequestCounts {
  std::int64_t arrived = 0, completed = 0, rejected = 0, failed = 0, cancelled = 0, timed_out = 0;
  std::int64_t sent_on = 0;  ///< to another service, whose arrivals they are, too
  std::int64_t unfinished = 0;
};

/// Requests turned away, by reason ("longer_than_context", "longer_than_kv_pool", "queue_full", "no_replica").
using RejectionReasons = std::map<std::string, std::int64_t>;

struct SpeculationResult {
  std::int64_t draft_tokens = 0;        ///< of a sequence in a step
  std::int64_t verified_steps = 0;      ///< each counted for every sequence in it
  std::optional<double> mean_accepted;  ///< tokens that one of these yielded, the model's own included
};

/// Prompts that were computed in one pool and answered in another.
struct HandoverResult {
  std::int64_t transfers = 0, failed = 0;
  double tokens = 0.0, bytes = 0.0;      ///< sent
  double reused_tokens = 0.0;            ///< that the receiver had already
  std::optional<LatencySummary> wait_s;  ///< for room at a decode replica
  std::optional<LatencySummary>
      transfer_s;  ///< from having room (layer by layer: of the prompt, too) until all is there
};

/// Sending between the scale-up domains of replicas, over all their steps.
struct StepTrafficResult {
  double time_s = 0.0;        ///< that steps wait for it
  double contention_s = 0.0;  ///< of this, what links narrower than the cards, others on them and failures add
};

/// Keys and values of requests that had to give way, to host memory and back.
struct SwapResult {
  std::int64_t out_tokens = 0, in_tokens = 0;
};

/// Adapters that came to GPU memory.
struct AdapterResult {
  std::int64_t loads = 0;
  double load_time_s = 0.0;  ///< that steps waited for them
};

/// Clocks of its GPUs, as shares of the full one, while something held them down; means over the time of steps.
struct ClockResult {
  std::optional<double> mean_share, prompt_mean_share, decode_mean_share;
  double throttled_share_of_time = 0.0;  ///< of the time of steps, below the full clock
  double over_cap_share_of_time = 0.0;   ///< likewise, at the least clock and yet beyond the cap
};

/// Stages of pipelines that wait for prompts that do not come out even, over all steps.
struct PipelineResult {
  double bubble_s = 0.0;
  std::optional<double> bubble_share;  ///< of the time of the steps of replicas with stages
};

/// GPUs that other services use, too: theirs and this one's steps take turns.
struct SharingResult {
  std::string kind;
  std::vector<std::string> with;  ///< names of the others
  double turn_wait_s = 0.0;       ///< of all its replicas, with a step to make
  std::int64_t switches = 0;      ///< the GPUs of a replica came over from another service
  double switch_s = 0.0;          ///< that this took: its model was brought into GPU memory
};

/// How requests that arrived in the window fared by what their service promises.
struct PromiseResult {
  std::optional<double> ttft_s, tpot_s;                ///< the promises
  std::int64_t completed = 0;                          ///< of these requests; no other can keep a promise
  std::int64_t kept = 0;                               ///< kept every promise
  std::int64_t late_first_token = 0, slow_tokens = 0;  ///< completed, but broke this promise
};

/// Requests of one workload.
struct WorkloadArrivals {
  std::int64_t in_window = 0;
  double last_s = 0.0;  ///< date of the last arrival of all
};

/// The requests of one class of service, or of one tenant.
struct GroupResult {
  std::string name;
  RequestCounts requests;
  std::int64_t input_tokens = 0, output_tokens = 0;     ///< of those that completed
  std::int64_t window_arrived = 0;                      ///< without those sent on
  std::optional<LatencySummary> ttft_s, tpot_s, e2e_s;  ///< of those that completed
  std::optional<PromiseResult> promises;                ///< absent where nothing is promised, and for tenants
  std::optional<double> slo_attainment, goodput_requests_per_s;
};

/// Replicas that are alike.
struct PoolResult {
  std::string name{}, role{};
  std::int64_t replicas = 0, gpus = 0;
  double prompt_steps_s = 0.0, decode_steps_s = 0.0;  ///< of all its replicas together
  double up_s = 0.0;                                  ///< likewise
  std::int64_t kv_pool_tokens = 0;                    ///< of one replica
  double kv_peak_share = 0.0;                         ///< of the fullest
};

/// Where a service stands between idle and too much, and the evidence.
struct SaturationResult {
  double busy_share = 0.0;                      ///< of the time of its replicas, in steps
  std::map<std::string, double> waiting_share;  ///< of the time of its replicas: the first in the queue waits for ...
  std::optional<double> knee_requests_per_s;    ///< closed form for requests of the run's means; none: no request
  std::optional<double> knee_batch;             ///< sequences that decode together there
  std::string knee_limit;                       ///< what is used up there
  std::map<std::string, double> knee_requests_per_s_of;  ///< by what could be used up
};

/// Replicas that come and go.
struct ScalingResult {
  std::int64_t decisions = 0;  ///< to start or to drain
  std::int64_t started = 0, drained = 0;
  double replica_seconds = 0.0;  ///< in service, draining included
  double mean_replicas = 0.0;
  std::int64_t peak_replicas = 0;
  std::optional<LatencySummary> load_s;   ///< of a start: its weights
  std::optional<LatencySummary> start_s;  ///< of a start: weights, compiling and warming up
};

/// Blocks that were kept for prompts that begin alike.
struct PrefixCacheResult {
  std::int64_t read_tokens = 0, written_tokens = 0;  ///< from and to lower tiers
};

struct ServiceResult {
  std::string name;
  std::string kind;
  std::string product;
  std::int64_t gpus = 0;
  RequestCounts requests;
  RejectionReasons rejections;
  std::int64_t input_tokens = 0;  ///< of requests whose prompt was processed
  std::int64_t cached_input_tokens = 0;
  std::int64_t output_tokens = 0;  ///< generated, whole run
  std::int64_t completed_input_tokens = 0, completed_output_tokens = 0;
  double window_from_s = 0.0;             ///< start of the window
  double window_s = 0.0;                  ///< length of the window that rates and distributions refer to
  std::int64_t window_output_tokens = 0;  ///< generated inside the window
  std::int64_t window_input_tokens = 0;   ///< of prompts that were finished inside the window
  std::int64_t window_completed = 0;      ///< requests that ended inside the window
  std::int64_t window_sent_on = 0;        ///< requests that arrived inside the window and went to another service
  /// By workload of the service, in the order of their names; then what came from other services.
  std::vector<WorkloadArrivals> arrivals;
  std::optional<PromiseResult> promises;  ///< absent: it promises nothing
  std::optional<LatencySummary> ttft_s, tpot_s, itl_s, e2e_s;
  std::optional<double> slo_attainment;  ///< share of the window's requests; absent without promises or requests
  std::optional<double> goodput_requests_per_s;
  std::vector<GroupResult> classes, tenants;  ///< empty: there is one
  std::vector<PoolResult> pools;              ///< empty: all replicas are alike
  SaturationResult saturation;
  std::optional<HandoverResult> handover;     ///< absent: no prompts go from pool to pool
  std::optional<PrefixCacheResult> kv_tiers;  ///< absent: there is GPU memory alone
  double kv_peak_share = 0.0;
  std::int64_t kv_pool_tokens = 0;  ///< of one replica
  std::int64_t preemptions = 0;
  std::optional<SwapResult> swap;                 ///< absent: who gives way computes again
  double mean_requests_in_system = 0.0;           ///< over the window
  std::optional<SpeculationResult> speculation;   ///< absent: each step yields one token
  std::optional<StepTrafficResult> step_traffic;  ///< absent: each replica lies in one scale-up domain
  std::optional<AdapterResult> adapters;          ///< absent: requests have none
  std::optional<PipelineResult> pipeline;         ///< absent: no replica has stages
  std::optional<SharingResult> sharing;           ///< absent: its GPUs are its own
  std::optional<ClockResult> clock;               ///< absent: nothing held the clocks down
  std::optional<ScalingResult> scaling;           ///< absent: failures alone take replicas down
  double gpu_energy_j = 0.0;                      ///< of the boards of its replicas
  double energy_j = 0.0;                          ///< its share of the facility's energy
};

/// Sessions of agents: chains of requests with tools and people between them.
struct SessionResult {
  std::string workload, service;
  std::int64_t started = 0, completed = 0, failed = 0, unfinished = 0;
  std::int64_t steps = 0;  ///< requests that ended
  std::int64_t sub_agent_steps = 0, rejected_steps = 0;
  std::int64_t compactions = 0;  ///< contexts that were cut because they would not fit
  std::int64_t input_tokens = 0, cached_input_tokens = 0, output_tokens = 0;  ///< of completed steps
  /// Over sessions that completed after the warm-up.
  std::optional<LatencySummary> time_s, llm_time_s, wait_time_s;
  std::optional<LatencySummary> steps_per_session, tokens_per_session;
  double gpu_energy_j = 0.0;     ///< of its service's boards, by its share of the tokens that these computed
  double energy_j = 0.0;         ///< of the facility, by the share of the boards' energy
  double electricity_usd = 0.0;  ///< likewise
};

/// How safe a load of the power tree is.
struct PowerLoadResult {
  std::string load;
  std::vector<std::string> single_points_of_failure;
  std::vector<std::pair<std::string, std::string>> failing_pairs;  ///< that darken it together
  bool has_all_pairs = true;                                       ///< false: there are more, or none were looked for
  std::optional<double> availability;  ///< absent: the tree is too wide for the exact formula
};

/// A limit on a node of the power tree that is kept by capping GPUs.
struct PowerLimitResult {
  std::string node;
  double limit_w = 0.0;
  bool can_be_exceeded = true;  ///< with every GPU at its own limit; else it was not looked at
  std::int64_t looks = 0, decisions = 0;
  double over_limit_s = 0.0;  ///< by means between two looks
  double longest_over_limit_s = 0.0;
  double capped_s = 0.0;
  double highest_w = 0.0;  ///< mean between two looks
};

/// Something that happened in the power tree.
struct PowerEventResult {
  double at_s = 0.0;
  std::string event, node;
};

/// One battery, of a UPS or beside a feed.
struct PowerStoreResult {
  std::string node;
  double capacity_j = 0.0;
  double charged_j = 0.0, discharged_j = 0.0;  ///< at its terminals
  double lowest_state_of_charge = 1.0, state_of_charge = 1.0;
  double at_reserve_s = 0.0;  ///< without charge for peaks and ramps
};

struct PowerResult {
  double it_energy_j = 0.0;
  double facility_energy_j = 0.0;
  std::vector<std::pair<std::string, double>> energy_by_j;  ///< by component class, sums to facility_energy_j
  double unassigned_energy_j = 0.0;  ///< facility energy of no service (idle GPUs and their part)
  double peak_it_w = 0.0;
  double peak_facility_w = 0.0;
  std::optional<double> pue;   ///< category 3: IT at the racks' input
  std::optional<double> itue;  ///< IT over IT without server fans and losses of power supplies
  std::optional<double> tue;   ///< ITUE times PUE
  /// By part of the facility: (IT + part) / IT.
  std::vector<std::pair<std::string, double>> partial_pue;
  std::vector<std::pair<std::string, double>> ratings_w;
  // Where it comes from: facility_energy_j = grid_j + generators_j - stored_j.
  double grid_j = 0.0, generators_j = 0.0;
  double stored_j = 0.0;  ///< what batteries hold more at the end than at the start
  double generator_fuel_l = 0.0, time_on_battery_s = 0.0;
  double peak_grid_w = 0.0;                                     ///< highest mean over one second
  double largest_grid_rise_w = 0.0, largest_grid_fall_w = 0.0;  ///< of the mean of a second, within a minute
  double floor_j = 0.0;                                         ///< drawn by GPUs to hold their power floors
  std::vector<PowerStoreResult> stores;
  std::vector<PowerEventResult> events;
  std::vector<PowerLimitResult> limits;
  std::vector<PowerLoadResult> loads;
};

struct CoolingResult {
  std::string kind;
  std::string heat_rejection;
  double heat_to_liquid_j = 0.0;
  double heat_to_air_j = 0.0;
  double heat_reused_j = 0.0;
  double energy_j = 0.0;                                                ///< fans, pumps, chillers, heat rejection
  std::optional<double> erf;                                            ///< reused heat over facility energy
  std::optional<double> ere;                                            ///< (facility energy - reused heat) / IT energy
  std::vector<std::pair<std::string, double>> mode_hours;               ///< of the main loop
  std::vector<std::pair<std::string, double>> residual_air_mode_hours;  ///< of the second loop; empty: there is none
};

/// Water that the site takes, by where it goes.
struct WaterResult {
  double evaporation_l = 0.0, drift_l = 0.0, blow_down_l = 0.0;
  double electricity_l = 0.0;  ///< consumed where the grid's electricity was made
  double withdrawn_l() const { return evaporation_l + drift_l + blow_down_l; }
  double consumed_l() const { return evaporation_l + drift_l; }
};

struct IncidentResult {
  std::string kind;
  std::string target;
  double at_s = 0.0;
  std::optional<double> repaired_at_s;                  ///< when the last part was back in service
  std::vector<std::pair<std::string, double>> effects;  ///< "requests_failed" -> 3 ...
};

/// What moved for one purpose.
struct MoveTotals {
  std::string purpose;
  std::int64_t transfers = 0;  ///< that arrived
  std::int64_t failed = 0;     ///< that found no path for too long
  double bytes = 0.0;
  std::optional<LatencySummary> duration_s;
  std::optional<double> congestion_share;  ///< of their time, beyond what it takes with the network to oneself
};

struct LinkResult {
  std::string name;
  double capacity_bytes_per_s = 0.0;
  double bytes = 0.0;
  double mean_utilisation = 0.0;  ///< over the run
  double peak_utilisation = 0.0;  ///< of an interval of the series
};

/// A line of the network's bill of materials.
struct PartResult {
  std::string part, category;
  std::int64_t count = 0;
  double idle_w = 0.0, full_w = 0.0;  ///< of all of them
  double price_usd = 0.0;             ///< of all of them
};

/// The fabric as it was built.
struct FabricResult {
  std::string kind, routing, step_traffic;
  bool contention = true;
  std::int64_t nodes = 0, switches = 0, links = 0, cables = 0;
  double bisection_bytes_per_s = 0.0;
  double all_to_all_bytes_per_s = 0.0;  ///< of each node
  double latency_s = 0.0;               ///< between the first node and the last
  std::vector<std::string> single_points_of_failure;
  std::int64_t biconnected_components = 0;
  std::vector<PartResult> parts;
};

/// One scale-up domain of a group of racks, where the scenario says how it is built.
struct ScaleUpResult {
  std::string racks, kind;
  std::int64_t gpus = 0, switches = 0;
  double bisection_bytes_per_s = 0.0;
  double all_to_all_bytes_per_s = 0.0;  ///< of each GPU
  double latency_s = 0.0;               ///< between the first GPU and the last
  std::vector<std::string> single_points_of_failure;
};

/// A source of traffic that no request asks for.
struct TrafficResult {
  std::string name, kind;
  std::int64_t rounds = 0;   ///< checkpoints, blocks, copies, messages that were completed
  std::int64_t skipped = 0;  ///< that were due while the one before was under way
  std::int64_t failed = 0;
  std::optional<LatencySummary> round_s;
  std::optional<LatencySummary> blocking_s;  ///< of checkpoints: what the work waits for
};

struct NetworkResult {
  std::optional<FabricResult> fabric;
  std::vector<ScaleUpResult> scale_up;
  std::vector<MoveTotals> purposes;
  std::vector<TrafficResult> traffic;
  double bytes = 0.0;
  std::optional<double> congestion_share;
  std::vector<LinkResult> busiest_links;
  std::vector<std::vector<double>> busiest_utilisation;  ///< by busiest link, then by interval
  double energy_j = 0.0;
};

struct StorageResult {
  std::string kind;  ///< empty: there is none
  std::int64_t reads = 0, writes = 0;
  double read_bytes = 0.0, written_bytes = 0.0;
  std::optional<LatencySummary> read_s, write_s;
  double energy_j = 0.0;
};

/// A column of series.csv. `unit` is "1" for counts and shares.
struct SeriesColumn {
  std::string name;
  std::string unit;
  std::string meaning;
  std::string aggregation;  ///< "mean", "sum" or "end" of the interval
};

struct RunResult {
  bool interrupted = false;
  double simulated_s = 0.0;
  std::vector<ServiceResult> services;  ///< sorted by name
  std::vector<SessionResult> sessions;  ///< of workloads that have them, sorted by name
  PowerResult power;
  CoolingResult cooling;
  WaterResult water;
  double carbon_kg = 0.0;
  double electricity_usd = 0.0;
  NetworkResult network;
  StorageResult storage;
  std::vector<IncidentResult> incidents;
  std::vector<Assumption> assumptions;
  std::map<std::string, ValidityNote> validity;
  std::vector<SeriesColumn> columns;
  std::vector<std::vector<double>> rows;  ///< one an interval
};

/// What does not belong into report.json because it differs from run to run.
struct RunCost {
  double wall_s = 0.0;
  std::uint64_t events = 0;
  std::int64_t peak_memory_bytes = 0;
};

}  // namespace tokenworks::metrics
