// Replicas that come and go, on the whole program: requests and energy are conserved, and no number depends on how a
// run of steps is cut.
#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/laws/draw.hpp"
#include "tests/laws/program.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

json random_engine(Draw& draw) {
  json engine = {{"kind", draw.one_of<std::string>({"vllm", "sglang", "tensorrt_llm"})}};
  if (draw.chance(0.6)) engine["max_sequences"] = draw.whole(2, 12);
  if (draw.chance(0.4)) engine["max_batch_tokens"] = draw.whole(400, 2000);
  return engine;
}

json random_start_up(Draw& draw) {
  return {{"compile_s", draw.one_of<double>({0, 2})}, {"warm_up_s", draw.one_of<double>({0, 1.5})}};
}

json random_autoscaler(Draw& draw, std::int64_t most) {
  json made = {{"kind", draw.one_of<std::string>({"queue", "kv_cache", "slo"})},
               {"min_replicas", draw.whole(0, 1)},
               {"max_replicas", most},
               {"interval_s", draw.one_of<double>({1, 3, 7.5})},
               {"cool_down_up_s", draw.one_of<double>({0, 5, 20})},
               {"cool_down_down_s", draw.one_of<double>({0, 5, 20})},
               {"step", draw.whole(1, 3)},
               {"start_up", random_start_up(draw)}};
  if (made["kind"] == "queue") {
    made["waiting_high"] = draw.one_of<double>({0.01, 1, 3});
    made["waiting_low"] = 0.01;
  } else if (made["kind"] == "kv_cache") {
    made["share_high"] = draw.one_of<double>({0.01, 0.03});
    made["share_low"] = draw.one_of<double>({0.005, 0.01});
  } else {
    made["attainment_low"] = draw.one_of<double>({0.5, 0.9});
    made["attainment_high"] = draw.one_of<double>({0.95, 1});
  }
  return made;
}

json random_swap(Draw& draw, bool hands_over, std::int64_t replicas) {
  json swap = {{"kind", "model_swap"},
               {"at_s", draw.real(5, 60)},
               {"service", "chat"},
               {"to",
                {{"model", draw.one_of<std::string>({"llama_3_1_8b", "qwen3_30b_a3b"})},
                 {"precision", draw.one_of<std::string>({"bf16", "fp8"})}}},
               {"drain", !hands_over && draw.chance(0.5)},
               {"start_up", random_start_up(draw)}};
  if (draw.chance(0.3)) swap["to"]["engine"] = random_engine(draw);
  if (draw.chance(0.3)) {
    swap["to"]["speculation"] = {{"kind", "n_gram"}, {"draft_tokens", 3}, {"mean_accepted", 2.1}};
  }
  if (hands_over || draw.chance(0.4)) {
    swap["strategy"] = {{"kind", "all_at_once"}};
  } else {
    swap["strategy"] = {{"kind", "rolling"}, {"max_unavailable", draw.whole(1, 2)}};
  }
  if (hands_over || replicas < 2 || draw.chance(0.4)) return swap;
  const json gate = draw.one_of<json>({{{"kind", "verdict"}, {"passes", false}},
                                       {{"kind", "verdict"}, {"passes", true}},
                                       {{"kind", "latency"}, {"worst_ttft_ratio", draw.real(0.5, 3)}},
                                       {{"kind", "latency"}, {"worst_tpot_ratio", draw.real(0.5, 3)}}});
  swap["canary"] = {{"replicas", 1},
                    {"traffic_share", draw.one_of<double>({0.1, 0.3, 0.5})},
                    {"duration_s", draw.one_of<double>({5, 20})},
                    {"gate", gate}};
  return swap;
}

json random_scenario(std::uint64_t seed) {
  Draw draw(seed);
  json service = {{"name", "chat"},
                  {"kind", "llm"},
                  {"model", "llama_3_1_8b"},
                  {"slo", {{"ttft_s", draw.one_of<double>({0.1, 0.5})}, {"tpot_s", 0.02}}}};
  json factory = {{"racks", {{{"name", "row"}, {"kind", "dgx_h100"}, {"count", 2}}}}};
  factory["storage"] = {{"kind", "parallel_file_system"}, {"read_gb_per_s", draw.one_of<double>({2, 10, 40})}};
  if (draw.chance(0.5)) {
    factory["fabric"] = {{"kind", "rail_optimized"}};
    service["weight_source"] = draw.one_of<std::string>({"storage", "peers", "local_drives"});
  }
  const auto kind = draw.one_of<std::string>({"alike", "pools", "handover"});
  std::int64_t replicas = 0;
  if (kind == "alike") {
    service["replicas"] = replicas = draw.whole(1, 4);
    service["engine"] = random_engine(draw);
    if (draw.chance(0.7)) service["autoscaler"] = random_autoscaler(draw, draw.whole(replicas, 6));
  } else {
    std::vector<std::string> roles = {"serve", "serve"};
    if (kind == "handover") {
      roles = {"prefill", "decode"};
      if (draw.chance(0.3)) roles.emplace_back("serve");
      service["disaggregation"] = {{"transfer", draw.one_of<std::string>({"at_once", "layer_by_layer"})},
                                   {"local_prompt_tokens", draw.one_of<int>({0, 200})}};
    }
    for (std::size_t i = 0; i < roles.size(); ++i) {
      const std::int64_t count = draw.whole(1, 2);
      replicas += count;
      json pool = {{"name", "pool_" + std::to_string(i)},
                   {"role", roles[i]},
                   {"replicas", count},
                   {"engine", random_engine(draw)}};
      if (draw.chance(0.6)) pool["autoscaler"] = random_autoscaler(draw, draw.whole(count, 3));
      service["pools"].push_back(pool);
    }
  }
  json incidents = json::array();
  for (std::int64_t i = draw.whole(0, 2); i > 0; --i) {
    incidents.push_back(random_swap(draw, kind == "handover", replicas));
  }
  for (std::int64_t i = draw.whole(-1, 2); i > 0; --i) {
    json failure = {
        {"kind", "node_failure"}, {"at_s", draw.real(1, 70)}, {"target", "row/" + std::to_string(draw.whole(0, 1))}};
    if (draw.chance(0.85)) failure["repair_after_s"] = draw.one_of<double>({0, 3, 15});
    incidents.push_back(failure);
  }
  json workload = {{"service", "chat"},
                   {"arrivals", draw.one_of<json>({{{"kind", "poisson"}, {"rate_per_s", draw.one_of<double>({2, 20})}},
                                                   {{"kind", "gamma"}, {"rate_per_s", 5}, {"cv", 3}},
                                                   {{"kind", "closed_loop"}, {"concurrency", draw.whole(3, 40)}}})},
                   {"lengths",
                    {{"input", {{"kind", "lognormal"}, {"median_tokens", 400}, {"sigma", 1}, {"max_tokens", 6000}}},
                     {"output", {{"kind", "geometric"}, {"mean_tokens", draw.one_of<double>({20, 150})}}}}}};
  if (draw.chance(0.3)) workload["patience_s"] = draw.one_of<double>({1, 5});
  if (draw.chance(0.3)) workload["gives_up_share"] = 0.2;
  return {{"format", "tokenworks.scenario/1"},
          {"name", "scaling"},
          {"seed", seed},
          {"clock", {{"duration_s", 80}, {"drain", draw.chance(0.8)}}},
          {"factory", factory},
          {"services", {service}},
          {"workloads", {workload}},
          {"incidents", incidents}};
}

json run(const json& scenario, ProgramRun* all = nullptr) {
  const ProgramRun made = run_program(scenario);
  INFO(made.messages);
  REQUIRE(made.exit_code == 0);
  if (all != nullptr) *all = made;
  return made.report;
}

const json& effects_of(const json& report) { return report.at("incidents").at(0).at("effects"); }

/// A column of series.csv.
std::vector<double> column(const ProgramRun& run, const std::string& name) {
  std::stringstream lines(run.series);
  std::string line, cell;
  std::getline(lines, line);
  if (line.ends_with('\r')) line.pop_back();
  std::size_t at = 0;
  std::stringstream names(line);
  while (std::getline(names, cell, ',') && cell != name) ++at;
  std::vector<double> values;
  while (std::getline(lines, line)) {
    std::stringstream cells(line);
    for (std::size_t i = 0; i <= at; ++i) std::getline(cells, cell, ',');
    values.push_back(std::stod(cell));
  }
  return values;
}

/// Four replicas of Llama 3.1 8B at moderate load, and a swap to another precision after 100 s.
json four_replicas(const json& swap) {
  json incident = {{"kind", "model_swap"},
                   {"at_s", 100},
                   {"service", "chat"},
                   {"to", {{"model", "llama_3_1_8b"}, {"precision", "fp8"}}},
                   {"start_up", {{"compile_s", 5}, {"warm_up_s", 5}}}};
  incident.update(swap);
  return {{"format", "tokenworks.scenario/1"},
          {"name", "swap"},
          {"clock", {{"duration_s", 300}}},
          {"factory", {{"racks", {{{"name", "row"}, {"kind", "dgx_h100"}, {"count", 1}}}}}},
          {"services", {{{"name", "chat"}, {"kind", "llm"}, {"model", "llama_3_1_8b"}, {"replicas", 4}}}},
          {"workloads",
           {{{"service", "chat"},
             {"arrivals", {{"kind", "poisson"}, {"rate_per_s", 6}}},
             {"lengths",
              {{"input", {{"kind", "fixed"}, {"tokens", 500}}},
               {"output", {{"kind", "geometric"}, {"mean_tokens", 200}}}}}}}},
          {"incidents", {incident}},
          {"report", {{"interval_s", 1}}}};
}

}  // namespace

TEST_CASE("scaling: random scenarios conserve requests and energy, and no number depends on how steps are cut",
          "[law]") {
  std::map<std::string, double> seen;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    CAPTURE(seed);
    const json scenario = random_scenario(seed);
    const ProgramRun plain = run_program(scenario);
    INFO(plain.messages);
    REQUIRE(plain.exit_code == 0);
    for (const char* mode : {"--exact-iterations", "--always-sync"}) {
      CAPTURE(mode);
      const ProgramRun other = run_program(scenario, {mode});
      CHECK(other.report_text == plain.report_text);
      CHECK(other.series == plain.series);
    }
    const json& report = plain.report;
    const json& service = report.at("services").at(0);
    std::int64_t ended = 0;
    for (const auto& [name, count] : service.at("requests").items()) {
      if (name != "arrived") ended += count.get<std::int64_t>();
      seen[name] += count.get<double>();
    }
    CHECK(service.at("requests").at("arrived") == ended);
    if (scenario.at("clock").at("drain")) CHECK(service.at("requests").at("unfinished") == 0);
    CHECK(service.at("kv_cache").at("peak_share").get<double>() <= 1.0);
    const json& power = report.at("power");
    double energy = 0.0;
    for (const auto& [name, joules] : power.at("energy_by_j").items()) energy += joules.get<double>();
    const auto facility = power.at("facility_energy_j").get<double>();
    CHECK(std::abs(energy / facility - 1) < 1e-9);
    const double shared = service.at("energy_j").get<double>() + power.at("unassigned_energy_j").get<double>();
    CHECK(std::abs(shared / facility - 1) < 1e-9);
    for (const json& incident : report.at("incidents")) {
      for (const auto& [name, value] : incident.at("effects").items()) {
        seen[incident.at("kind").get<std::string>() + " " + name] += value.get<double>();
      }
    }
    if (service.at("scaling").is_null()) continue;
    for (const char* name : {"decisions", "started", "drained"})
      seen[name] += service.at("scaling").at(name).get<double>();
    const std::vector<double> replicas = column(plain, "chat.replicas");
    const auto most = service.at("scaling").at("peak_replicas").get<double>();
    CHECK(*std::max_element(replicas.begin(), replicas.end()) <= most + 1e-9);
  }
  for (const char* name : {"decisions", "started", "drained", "completed", "failed", "model_swap promoted",
                           "model_swap requests_restarted", "model_swap tokens_discarded", "node_failure happened"}) {
    CAPTURE(name);
    CHECK(seen[name] > 0);
  }
}

TEST_CASE("scaling: a service that scales to zero lets requests wait, and none is turned away", "[law]") {
  json scenario = four_replicas(json::object());
  scenario["incidents"] = json::array();
  scenario["clock"]["duration_s"] = 2000;
  json& service = scenario["services"][0];
  service["replicas"] = 1;
  service["autoscaler"] = {
      {"kind", "queue"},    {"min_replicas", 0},   {"max_replicas", 2},
      {"interval_s", 10},   {"cool_down_up_s", 0}, {"cool_down_down_s", 0},
      {"waiting_low", 0.5}, {"waiting_high", 4},   {"start_up", {{"compile_s", 20}, {"warm_up_s", 10}}}};
  scenario["workloads"][0]["arrivals"] = {{"kind", "poisson"}, {"rate_per_s", 0.01}};
  ProgramRun all;
  const json report = run(scenario, &all);
  const json& made = report.at("services").at(0);
  CHECK(made.at("requests").at("completed") == made.at("requests").at("arrived"));
  CHECK(made.at("scaling").at("started").get<int>() > 3);
  // It has to wait for the next look, and 30 s for the replica.
  const auto worst = made.at("ttft_s").at("max").get<double>();
  CHECK(worst > 30);
  CHECK(worst < 41);
  CHECK(made.at("scaling").at("start_s").at("max").get<double>() == 30.0);  // weights come from nowhere here
  const std::vector<double> replicas = column(all, "chat.replicas");
  CHECK(*std::min_element(replicas.begin(), replicas.end()) == 0.0);
  double sum = 0.0;
  for (const double value : replicas) sum += value;
  CHECK(std::abs(sum - made.at("scaling").at("replica_seconds").get<double>()) < 1.0);  // the last interval is short
  CHECK(made.at("energy_j").get<double>() < report.at("power").at("unassigned_energy_j").get<double>());
}

TEST_CASE("model swap: rolling keeps all but one in service and loses nothing", "[law]") {
  ProgramRun all;
  const json report = run(four_replicas({{"strategy", {{"kind", "rolling"}, {"max_unavailable", 1}}}}), &all);
  const json& service = report.at("services").at(0);
  CHECK(service.at("requests").at("completed") == service.at("requests").at("arrived"));
  const json& effects = effects_of(report);
  CHECK(effects.at("promoted") == 1);
  CHECK(effects.at("replicas_swapped") == 4);
  CHECK(effects.at("tokens_discarded") == 0);
  CHECK(effects.at("duration_s").get<double>() > 40);  // four times 10 s and what drains
  CHECK(std::abs(effects.at("duration_s").get<double>() - effects.at("replica_seconds_out_of_service").get<double>()) <
        1e-9);
  const std::vector<double> replicas = column(all, "chat.replicas");
  CHECK(*std::min_element(replicas.begin(), replicas.end() - 1) >= 3.0 - 1e-9);
}

TEST_CASE("model swap: all at once without draining throws tokens away and lets requests wait", "[law]") {
  ProgramRun all;
  const json report = run(four_replicas({{"strategy", {{"kind", "all_at_once"}}}, {"drain", false}}), &all);
  const json& service = report.at("services").at(0);
  CHECK(service.at("requests").at("completed") == service.at("requests").at("arrived"));
  const json& effects = effects_of(report);
  CHECK(effects.at("duration_s") == 10.0);
  CHECK(effects.at("replica_seconds_out_of_service") == 40.0);
  CHECK(effects.at("requests_restarted").get<int>() > 0);
  const auto output = service.at("tokens").at("output").get<std::int64_t>();
  CHECK(output == service.at("tokens").at("completed_output").get<std::int64_t>() +
                      static_cast<std::int64_t>(effects.at("tokens_discarded").get<double>()));
  const std::vector<double> waiting = column(all, "chat.requests_waiting");
  CHECK(waiting.at(108) > waiting.at(102));
}

TEST_CASE("model swap: a canary gets its share, and goes back when its gate fails", "[law]") {
  const auto canary = [](const json& gate) {
    return json{{"canary", {{"replicas", 1}, {"traffic_share", 0.25}, {"duration_s", 60}, {"gate", gate}}}};
  };
  // fp8 halves the weights: answers come faster, and 1.0 is kept where 0.3 is not.
  for (const double worst : {1.0, 0.3}) {
    CAPTURE(worst);
    const json report = run(four_replicas(canary({{"kind", "latency"}, {"worst_tpot_ratio", worst}})));
    const json& effects = effects_of(report);
    const auto share = effects.at("canary_requests").get<double>() /
                       (effects.at("canary_requests").get<double>() + effects.at("other_requests").get<double>());
    CHECK(std::abs(share - 0.25) < 0.01);
    const auto ratio = effects.at("tpot_ratio").get<double>();
    CHECK(ratio > 0.3);
    CHECK(ratio < 1.0);
    CHECK(effects.at("promoted") == (worst == 1.0 ? 1 : 0));
    CHECK(effects.at("replicas_swapped") == (worst == 1.0 ? 4 : 2));  // the canary, there and back
    CHECK(report.at("services").at(0).at("requests").at("completed") ==
          report.at("services").at(0).at("requests").at("arrived"));
  }
  for (const bool passes : {true, false}) {
    const json report = run(four_replicas(canary({{"kind", "verdict"}, {"passes", passes}})));
    CHECK(effects_of(report).at("promoted") == (passes ? 1 : 0));
  }
}

TEST_CASE("hand-over: prompts that wait for room at a decode replica get it when a request there has ended", "[law]") {
  json scenario = four_replicas(json::object());
  scenario["incidents"] = json::array();
  scenario["clock"]["duration_s"] = 60;
  json& service = scenario["services"][0];
  service.erase("replicas");
  for (const char* transfer : {"at_once", "layer_by_layer"}) {
    CAPTURE(transfer);
    service["disaggregation"] = {{"transfer", transfer}};
    service["pools"] = {
        {{"name", "p"}, {"role", "prefill"}, {"replicas", 1}},
        {{"name", "d"}, {"role", "decode"}, {"replicas", 2}, {"engine", {{"kind", "vllm"}, {"max_sequences", 3}}}}};
    const ProgramRun plain = run_program(scenario);
    INFO(plain.messages);
    REQUIRE(plain.exit_code == 0);
    const json& requests = plain.report.at("services").at(0).at("requests");
    CHECK(requests.at("completed") == requests.at("arrived"));
    CHECK(run_program(scenario, {"--exact-iterations"}).report_text == plain.report_text);
  }
}
