#include "tests/report/sample_run.hpp"

#include <limits>

namespace tokenworks::report {
namespace {

/// Two nodes on a leaf each below one spine, over which a checkpoint and weights went.
metrics::NetworkResult sample_network() {
  metrics::NetworkResult network;
  network.fabric = metrics::FabricResult{.kind = "fat_tree",
                                         .routing = "adaptive",
                                         .step_traffic = "analytic",
                                         .contention = true,
                                         .nodes = 2,
                                         .switches = 3,
                                         .links = 4,
                                         .cables = 18,
                                         .bisection_bytes_per_s = 50e9,
                                         .all_to_all_bytes_per_s = 50e9,
                                         .latency_s = 2.4e-6,
                                         .single_points_of_failure = {"spine_0", "leaf_0--spine_0"},
                                         .biconnected_components = 4,
                                         .parts = {{"quantum2_qm9700", "switch", 3, 1500, 2100, 90'000},
                                                   {"800g_dr4", "transceiver", 36, 360, 540, 36'000}}};
  network.purposes = {{"weights", 8, 0, 6e11, metrics::LatencySummary{4, 4, 5, 5, 5, 5}, 0.25},
                      {"checkpoint", 3, 1, 4e11, metrics::LatencySummary{8, 8, 9, 9, 9, 9}, std::nullopt}};
  network.traffic = {{"training", "checkpoint", 1, 2, 1, metrics::LatencySummary{9, 9, 9, 9, 9, 9},
                      metrics::LatencySummary{0.5, 0.5, 0.5, 0.5, 0.5, 0.5}},
                     {"shuffle", "point_to_point", 0, 0, 0, std::nullopt, std::nullopt}};
  network.bytes = 1e12;
  network.congestion_share = 0.125;
  network.busiest_links = {{"leaf_0 > spine_0", 50e9, 6e11, 0.012, 0.9999},
                           {"leaf_1 > spine_0", 50e9, 4e11, 0.008, 0.5}};
  network.busiest_utilisation = {{0.012, 0.9999, 0}, {0.008, 0.5, 0}};
  network.energy_j = 2e6;
  return network;
}

metrics::StorageResult sample_storage() {
  return {.kind = "parallel_file_system",
          .reads = 8,
          .writes = 3,
          .read_bytes = 6e11,
          .written_bytes = 4e11,
          .read_s = metrics::LatencySummary{4, 4, 5, 5, 5, 5},
          .write_s = metrics::LatencySummary{8, 8, 9, 9, 9.5, 9.5},
          .energy_j = 5e5};
}

}  // namespace

metrics::RunResult idle_run() {
  metrics::RunResult run;
  run.services.resize(1);
  run.services[0].name = "chat";
  run.services[0].kind = "llm";
  run.services[0].product = "tokens";
  run.services[0].gpus = 8;
  run.cooling.kind = "air_crah";
  run.cooling.heat_rejection = "air_cooled_chiller";
  return run;
}

metrics::RunResult sample_run() {
  metrics::RunResult run = idle_run();
  run.simulated_s = 1000;

  metrics::ServiceResult& chat = run.services[0];
  chat.requests = {.arrived = 25, .completed = 20, .rejected = 4, .unfinished = 1};
  chat.rejections = {{"longer_than_context", 3}, {"queue_full", 1}};
  chat.input_tokens = 160'000;
  chat.cached_input_tokens = 40'000;
  chat.output_tokens = 80'000;
  chat.completed_output_tokens = 79'000;
  chat.window_s = 500;
  chat.window_output_tokens = 50'000;
  chat.window_input_tokens = 100'000;
  chat.window_completed = 10;
  chat.ttft_s = metrics::LatencySummary{0.5, 0.4, 0.8, 0.9, 1.25, 1.5};
  chat.tpot_s = metrics::LatencySummary{0.02, 0.0185, 0.03, 0.035, 0.0425, 0.05};
  chat.itl_s = chat.tpot_s;
  chat.e2e_s = metrics::LatencySummary{12, 11, 20, 24, 30, 31};
  chat.slo_attainment = 0.95;
  chat.goodput_requests_per_s = 0.019;
  chat.kv_peak_share = 0.75;
  chat.kv_pool_tokens = 500'000;
  chat.preemptions = 2;
  chat.swap = metrics::SwapResult{.out_tokens = 12'000, .in_tokens = 12'000};
  chat.adapters = metrics::AdapterResult{.loads = 1'500, .load_time_s = 2.5};
  chat.speculation = metrics::SpeculationResult{.draft_tokens = 3, .verified_steps = 32'000, .mean_accepted = 2.4};
  chat.mean_requests_in_system = 0.24;
  chat.gpu_energy_j = 7e6;
  chat.energy_j = 1.2e7;

  metrics::SessionResult& agents = run.sessions.emplace_back();
  agents.workload = "agents";
  agents.service = "chat";
  agents.started = 9;
  agents.completed = 5;
  agents.failed = 1;
  agents.unfinished = 3;
  agents.steps = 120;
  agents.sub_agent_steps = 30;
  agents.rejected_steps = 2;
  agents.compactions = 4;
  agents.input_tokens = 100'000;
  agents.cached_input_tokens = 95'000;
  agents.output_tokens = 9'000;
  agents.time_s = metrics::LatencySummary{400, 300, 800, 900, 950, 999};
  agents.llm_time_s = metrics::LatencySummary{100, 75, 200, 225, 240, 250};
  agents.wait_time_s = metrics::LatencySummary{300, 225, 600, 675, 700, 749};
  agents.steps_per_session = metrics::LatencySummary{20, 15, 40, 45, 49, 50};
  agents.tokens_per_session = metrics::LatencySummary{18'000, 15'000, 30'000, 35'000, 39'000, 40'000};
  agents.gpu_energy_j = 1.4e6;
  agents.energy_j = 2.5e6;
  agents.electricity_usd = 0.4;

  run.power.it_energy_j = 1e7;
  run.power.facility_energy_j = 1.25e7;
  run.power.energy_by_j = {{"gpu", 7e6}, {"host", 3e6}, {"chillers", 2.5e6}};
  run.power.unassigned_energy_j = 5e5;
  run.power.peak_it_w = 12'000;
  run.power.peak_facility_w = 15'230;
  run.power.pue = 1.25;
  run.power.ratings_w = {{"it_nameplate_w", 20'400}};
  run.cooling.energy_j = 2.5e6;
  run.cooling.heat_to_air_j = 1e7;
  run.cooling.mode_hours = {{"mechanical", 0.2778}};
  run.carbon_kg = 1.0;
  run.electricity_usd = 2.0;
  run.network = sample_network();
  run.storage = sample_storage();
  run.incidents = {{"node_failure", "row_a/0", 300, 900, {{"requests_failed", 0}}},
                   {"node_failure", "row_a/1", 990, std::nullopt, {}}};
  run.incidents.push_back(
      {"weight_load", "chat", 100, 112, {{"happened", 1}, {"nodes", 2}, {"bytes", 6e11}, {"duration_s", 12}}});
  run.incidents.push_back({"link_flap", "leaf_0--spine_0", 200, 241, {{"happened", 5}, {"transfers_stopped", 1234}}});
  run.incidents.push_back({"switch_failure", "spine_0", 999, std::nullopt, {{"happened", 0}}});
  run.incidents.push_back({"model_swap",
                           "chat",
                           300,
                           775,
                           {{"happened", 1}, {"replicas_swapped", 4}, {"tpot_ratio", 0.425}, {"canary_s", 343}}});
  run.assumptions = {{"gpus/h100_sxm5.power.waiting_w", "110", "E", "between idle and memory bound"}};
  run.validity = {{"gpu power: batch [1]", {300, 1, 256, 12}}};
  run.columns = {{"start_s", "s", "Start of the interval", "end"},
                 {"output_tokens_per_s", "1/s", "Output tokens, \"per second\", all services", "mean"}};
  run.rows = {{0, 0.1}, {500, 123456789.125}, {1000, std::numeric_limits<double>::quiet_NaN()}};
  return run;
}

Provenance sample_provenance() {
  return {.version = "0.1.0",
          .git_revision = "unknown",
          .seed = 7,
          .inputs = {{"scenario.json", std::string(64, 'a')}},
          .catalog = {{"gpus", "h100_sxm5", "shipped", {{{"memory_gb"}, "V", "NVIDIA H100 datasheet"}}}}};
}

}  // namespace tokenworks::report
