#include "tests/laws/small_scenario.hpp"

#include <stdexcept>

#include "tests/catch.hpp"

namespace tokenworks::testing {

using nlohmann::json;

Part part(const std::string& name, const std::string& model, double memory_share, const json& arrivals,
          const json& input, const json& output) {
  return {
      {{"name", name},
       {"kind", "llm"},
       {"model", model},
       {"precision", "bf16"},
       {"replicas", 1},
       {"engine", {{"kind", "vllm"}, {"memory_share", memory_share}}}},
      {{"name", name}, {"service", name}, {"arrivals", arrivals}, {"lengths", {{"input", input}, {"output", output}}}}};
}

json scenario_of(const std::vector<Part>& parts, double duration) {
  json scenario = {
      {"format", "tokenworks.scenario/1"},
      {"name", "shared"},
      {"seed", 3},
      {"clock", {{"duration_s", duration}}},
      {"site",
       {{"weather", {{"kind", "constant"}, {"dry_bulb_c", 20}, {"relative_humidity", 0.5}, {"pressure_pa", 101325}}},
        {"electricity", {{"kind", "flat"}, {"usd_per_kwh", 0.1}, {"co2_kg_per_kwh", 0.3}}}}},
      {"factory",
       {{"racks", {{{"name", "row"}, {"kind", "dgx_h100"}, {"count", 1}}}}, {"cooling", {{"kind", "air_crah"}}}}},
      {"report", {{"interval_s", 7}}}};
  for (const Part& one : parts) {
    scenario["services"].push_back(one.service);
    if (!one.workload.is_null()) scenario["workloads"].push_back(one.workload);
  }
  return scenario;
}

ProgramRun completed(const json& scenario, const std::vector<std::string>& arguments) {
  ProgramRun run = run_program(scenario, arguments);
  INFO(run.messages);
  REQUIRE(run.exit_code == 0);
  return run;
}

const json& service_of(const ProgramRun& run, const std::string& name) {
  for (const json& service : run.report.at("services")) {
    if (service.at("name") == name) return service;
  }
  throw std::out_of_range(name);
}

}  // namespace tokenworks::testing
