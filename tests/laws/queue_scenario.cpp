#include "tests/laws/queue_scenario.hpp"

#include "tests/catch.hpp"
#include "tests/laws/program.hpp"

namespace tokenworks::testing {

using nlohmann::json;

namespace {

constexpr double kHost = 0.05;

}  // namespace

json queue_scenario(int servers, double rate, const json& output, double duration) {
  return {
      {"format", "tokenworks.scenario/1"},
      {"name", "queue"},
      {"seed", 5},
      {"clock", {{"duration_s", duration}, {"warm_up_s", duration / 20}}},
      {"site",
       {{"weather", {{"kind", "constant"}, {"dry_bulb_c", 20}, {"relative_humidity", 0.5}, {"pressure_pa", 101325}}},
        {"electricity", {{"kind", "flat"}, {"usd_per_kwh", 0.1}, {"co2_kg_per_kwh", 0.3}}}}},
      {"factory",
       {{"racks", {{{"name", "row"}, {"kind", "dgx_h100"}, {"count", 1}}}}, {"cooling", {{"kind", "air_crah"}}}}},
      {"services",
       {{{"name", "queue"},
         {"kind", "llm"},
         {"model", "llama_3_1_8b"},
         {"precision", "bf16"},
         {"replicas", 1},
         {"engine",
          {{"kind", "vllm"},
           {"max_sequences", servers},
           {"host_per_step_s", kHost},
           {"host_per_sequence_s", 0},
           {"request_overhead_s", 0}}}}}},
      {"workloads",
       {{{"service", "queue"},
         {"arrivals", {{"kind", "poisson"}, {"rate_per_s", rate}}},
         {"lengths", {{"input", {{"kind", "fixed"}, {"tokens", 1}}}, {"output", output}}}}}},
      {"report", {{"interval_s", 3600}}}};
}

double queue_step_s() {
  const ProgramRun run = run_program(queue_scenario(1, 1e-4, {{"kind", "fixed"}, {"tokens", 101}}, 1e6));
  REQUIRE(run.exit_code == 0);
  return run.report.at("services").at(0).at("tpot_s").at("mean").get<double>();
}

}  // namespace tokenworks::testing
