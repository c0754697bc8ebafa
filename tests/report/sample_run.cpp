#include "tests/report/sample_run.hpp"

#include <limits>

namespace tokenworks::report {

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
  chat.speculation = metrics::SpeculationResult{.draft_tokens = 3, .verified_steps = 32'000, .mean_accepted = 2.4};
  chat.mean_requests_in_system = 0.24;
  chat.gpu_energy_j = 7e6;
  chat.energy_j = 1.2e7;

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
  run.incidents = {{"node_failure", "row_a/0", 300, 900, {{"requests_failed", 0}}},
                   {"node_failure", "row_a/1", 990, std::nullopt, {}}};
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
