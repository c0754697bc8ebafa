// Services that share GPUs, on the whole program.
#include <algorithm>
#include <cmath>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/laws/small_scenario.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

json random_length(Draw& draw, std::int64_t typical) {
  if (draw.chance(0.3)) return {{"kind", "fixed"}, {"tokens", typical}};
  if (draw.chance(0.5)) return {{"kind", "geometric"}, {"mean_tokens", static_cast<double>(typical)}};
  return {{"kind", "uniform_share"}, {"nominal_tokens", 2 * typical}, {"low", 0.1}, {"high", 1.0}};
}

json random_arrivals(Draw& draw) {
  if (draw.chance(0.4)) {
    json loop = {{"kind", "closed_loop"}, {"concurrency", draw.whole(1, 20)}};
    if (draw.chance(0.5)) loop["think_time_s"] = draw.real(0, 3);
    if (draw.chance(0.3)) loop["requests"] = draw.whole(5, 60);
    return loop;
  }
  json arrivals = {{"kind", draw.chance(0.5) ? "poisson" : "gamma"}, {"rate_per_s", draw.real(0.3, 8)}};
  if (arrivals["kind"] == "gamma") arrivals["cv"] = draw.real(0.3, 3);
  return arrivals;
}

json random_shared(std::uint64_t seed) {
  Draw draw(seed);
  const std::int64_t count = draw.whole(2, 3);
  const bool swapped = draw.chance(0.4);
  const bool two_nodes = draw.chance(0.15);
  const std::int64_t gpus = two_nodes ? 16 : draw.one_of<std::int64_t>({1, 2, 4});
  const std::int64_t replicas = two_nodes ? 1 : draw.whole(1, std::min<std::int64_t>(3, 8 / gpus));
  const double duration = draw.real(10, 40);
  std::vector<Part> parts;
  std::vector<std::string> names = {"chat", "agent", "writer"};
  std::rotate(names.begin(), names.begin() + draw.whole(0, 2), names.end());
  const double least_turn = draw.chance(0.3) ? 0.0 : draw.real(0, 3);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    Part one = part(names[at], draw.one_of<std::string>({"llama_3_1_8b", "qwen3_30b_a3b", "gpt_oss_20b"}),
                    swapped ? 0.9 : 0.99 / static_cast<double>(count), random_arrivals(draw),
                    random_length(draw, draw.one_of<std::int64_t>({40, 400, 2500})),
                    random_length(draw, draw.one_of<std::int64_t>({5, 100, 300})));
    if (one.service["model"] == "gpt_oss_20b") one.service["precision"] = "fp4";
    if (one.service["model"] == "qwen3_30b_a3b") {
      one.service["precision"] = gpus <= 2 && !swapped ? "fp8" : "bf16";
      if (count == 3 && gpus == 1 && !swapped) one.service["model"] = "llama_3_1_8b";
    }
    one.service["replicas"] = replicas;
    if (two_nodes) {
      one.service["model"] = "llama_3_1_8b";
      one.service["precision"] = "bf16";
    }
    one.service["parallelism"] = two_nodes                      ? json{{"tensor", 8}, {"pipeline", 2}}
                                 : gpus > 1 && draw.chance(0.4) ? json{{"pipeline", gpus}}
                                                                : json{{"tensor", gpus}};
    json& engine = one.service["engine"];
    engine["kind"] = draw.one_of<std::string>({"vllm", "sglang", "vllm"});
    if (draw.chance(0.4)) engine["max_sequences"] = draw.whole(1, 12);
    if (draw.chance(0.3)) engine["max_batch_tokens"] = draw.whole(300, 2000);
    if (draw.chance(0.3)) engine["max_waiting"] = draw.whole(1, 10);
    if (draw.chance(0.3)) engine["request_overhead_s"] = 0.0;
    if (engine["kind"] == "sglang" && draw.chance(0.5)) engine["poll_interval_steps"] = draw.whole(2, 30);
    if (draw.chance(0.3)) {
      one.service["speculation"] = {{"kind", "n_gram"}, {"draft_tokens", 3}, {"mean_accepted", draw.real(1, 3)}};
    }
    if (draw.chance(0.3)) one.service["classes"] = {{{"name", "all"}, {"timeout_s", draw.real(0.5, 8)}}};
    if (draw.chance(0.3)) {
      one.workload["patience_s"] = draw.real(0.1, 3);
      one.workload["gives_up_share"] = draw.real(0, 0.5);
    }
    if (draw.chance(0.25)) {
      one.workload.erase("lengths");
      one.workload["arrivals"] = {
          {"kind", "agent_sessions"},
          {"sessions", {{"kind", "poisson"}, {"rate_per_s", draw.real(0.1, 0.6)}}},
          {"turns", {{"kind", "fixed"}, {"value", draw.whole(1, 3)}}},
          {"first_prompt_tokens",
           {{"kind", "lognormal"}, {"median_tokens", 900}, {"sigma", 0.8}, {"max_tokens", 4000}}},
          {"shared_tokens", 1000},
          {"context_tokens", 8000}};
      if (draw.chance(0.5)) one.service["kv_tiers"] = {{{"kind", "host_memory"}, {"gb", draw.real(0.1, 4)}}};
    }
    if (draw.chance(0.15)) one.workload = nullptr;
    if (i > 0) {
      one.service["shares_gpus_with"] = names[0];
      if (swapped) one.service["sharing"] = {{"kind", "swapped"}, {"least_turn_s", least_turn}, {"overhead_s", 0.05}};
    }
    parts.push_back(one);
  }
  std::shuffle(parts.begin(), parts.end(), std::mt19937_64(seed));
  json scenario = scenario_of(parts, duration);
  if (!scenario.contains("workloads")) scenario["workloads"] = json::array();
  if (draw.chance(0.3)) scenario["clock"]["drain"] = false;
  if (two_nodes) {
    scenario["factory"]["racks"][0]["count"] = 2;
    scenario["factory"]["fabric"] = {{"kind", "fat_tree"}, {"detail", draw.chance(0.5) ? "flows" : "analytic"}};
    if (draw.chance(0.5)) {
      scenario["incidents"] = {{{"kind", "link_failure"},
                                {"target", "row/0--leaf_0"},
                                {"at_s", draw.real(0, duration)},
                                {"repair_after_s", draw.real(0.1, 8)}}};
      return scenario;
    }
  }
  if (draw.chance(0.4)) {
    scenario["incidents"] = {{{"kind", "node_failure"}, {"target", "row/0"}, {"at_s", draw.real(0, duration)}}};
    if (draw.chance(0.7)) scenario["incidents"][0]["repair_after_s"] = draw.real(0, duration / 2);
  }
  return scenario;
}

void check_books(const ProgramRun& run) {
  double energy = number(run.report.at("power").at("unassigned_energy_j")), boards = 0, waited = 0;
  CHECK(energy >= -1e-6 * number(run.report.at("power").at("facility_energy_j")));
  for (const json& service : run.report.at("services")) {
    const json& requests = service.at("requests");
    std::int64_t ended = 0;
    for (const auto& [how, count] : requests.items()) ended += how == "arrived" ? 0 : count.get<std::int64_t>();
    CHECK(requests.at("arrived").get<std::int64_t>() == ended);
    energy += number(service.at("energy_j"));
    boards += number(service.at("gpu_energy_j"));
    CHECK(number(service.at("gpu_energy_j")) >= 0);
    CHECK(number(service.at("kv_cache").at("peak_share")) <= 1.0);
    waited += number(service.at("sharing").at("turn_wait_s"));
    CHECK(service.at("sharing").at("with").size() + 1 == run.report.at("services").size());
    if (service.at("sharing").at("kind") == "resident") CHECK(service.at("sharing").at("switch_s") == 0.0);
  }
  CHECK(waited >= 0);
  const double facility = number(run.report.at("power").at("facility_energy_j"));
  CHECK(std::abs(energy - facility) <= 1e-9 * facility);
  CHECK(boards <= number(run.report.at("power").at("energy_by_j").at("gpu")) * (1 + 1e-9));
}

}  // namespace

TEST_CASE("shared GPUs: the same bytes step by step, always synchronised and in another order; the books add up",
          "[law][slow]") {
  int cached_runs = 0, waited = 0, switched = 0, preempted = 0, failed = 0, left = 0, three = 0, runs = 0;
  for (std::uint64_t seed = 1; seed <= 48; ++seed) {
    const json scenario = random_shared(seed);
    CAPTURE(seed, scenario.dump());
    const ProgramRun run = completed(scenario);
    ++runs;
    check_books(run);
    CHECK(completed(scenario, {"--exact-iterations"}).report_text == run.report_text);
    CHECK(completed(scenario, {"--always-sync"}).report_text == run.report_text);
    json reordered = scenario;
    std::reverse(reordered["services"].begin(), reordered["services"].end());
    const ProgramRun other = completed(reordered);
    CHECK(other.report.at("services") == run.report.at("services"));
    CHECK(other.report.at("power") == run.report.at("power"));
    if (run.report.at("services").size() == 3) ++three;
    bool any_cached = false, any_waited = false, any_switched = false, any_preempted = false, any_failed = false,
         any_left = false;
    for (const json& service : run.report.at("services")) {
      any_waited = any_waited || number(service.at("sharing").at("turn_wait_s")) > 1;
      const json& cached = service.at("kv_cache").at("prefix_hit_share");
      any_cached = any_cached || (!cached.is_null() && number(cached) > 0);
      any_switched = any_switched || number(service.at("sharing").at("switch_s")) > 0;
      any_preempted = any_preempted || service.at("kv_cache").at("preemptions") > 0;
      any_failed = any_failed || service.at("requests").at("failed") > 0;
      any_left = any_left || service.at("requests").at("timed_out") > 0 || service.at("requests").at("cancelled") > 0;
    }
    cached_runs += any_cached;
    waited += any_waited;
    switched += any_switched;
    preempted += any_preempted;
    failed += any_failed;
    left += any_left;
  }
  CAPTURE(runs, cached_runs, waited, switched, preempted, failed, left, three);
  CHECK(waited >= 20);
  CHECK(switched >= 10);
  CHECK(cached_runs >= 10);
  CHECK(failed >= 5);
  CHECK(left >= 10);
  CHECK(three >= 15);
}

TEST_CASE("shared GPUs: beside a service without traffic, a service fares as if it were alone", "[law]") {
  const json input = {{"kind", "geometric"}, {"mean_tokens", 500}},
             output = {{"kind", "geometric"}, {"mean_tokens", 80}};
  for (const bool swapped : {false, true}) {
    for (const bool owner_is_idle : {false, true}) {
      CAPTURE(swapped, owner_is_idle);
      Part busy = part("busy", "llama_3_1_8b", 0.45, {{"kind", "poisson"}, {"rate_per_s", 6}}, input, output);
      Part idle = part("idle", "qwen3_30b_a3b", 0.5, nullptr, input, output);
      idle.service["precision"] = "fp8";
      idle.workload = nullptr;
      const ProgramRun alone = completed(scenario_of({busy}, 60));
      json& sharer = owner_is_idle ? busy.service : idle.service;
      sharer["shares_gpus_with"] = owner_is_idle ? "idle" : "busy";
      if (swapped) sharer["sharing"] = {{"kind", "swapped"}};
      const ProgramRun shared = completed(scenario_of({busy, idle}, 60));
      // Where the idle model lies in GPU memory at first, the busy one comes there with its first request.
      if (swapped && owner_is_idle) {
        CHECK(service_of(shared, "busy").at("sharing").at("switches") == 1);
        // 8.03e9 parameters in bf16 over 53 GB/s: 0.3 s, and the overhead.
        CHECK(number(service_of(shared, "busy").at("sharing").at("switch_s")) > 0.1);
        continue;
      }
      json one = service_of(alone, "busy"), other = service_of(shared, "busy");
      CHECK(number(other.at("sharing").at("turn_wait_s")) == 0.0);
      for (json* service : {&one, &other}) {
        service->erase("sharing");
        if (owner_is_idle) {  // what the boards draw before the first request counts for the owner
          service->erase("gpu_energy_j");
          service->erase("energy_j");
        }
      }
      CHECK(one == other);
      CHECK(alone.report.at("outcome") == shared.report.at("outcome"));
      CHECK(alone.report.at("power").at("energy_by_j") == shared.report.at("power").at("energy_by_j"));
    }
  }
}

TEST_CASE("shared GPUs: two alike that always have something to do get half each", "[law]") {
  const json loop = {{"kind", "closed_loop"}, {"concurrency", 16}};
  const json input = {{"kind", "fixed"}, {"tokens", 300}},
             output = {{"kind", "uniform_share"}, {"nominal_tokens", 200}, {"low", 0.5}, {"high", 1.0}};
  Part one = part("one", "llama_3_1_8b", 0.45, loop, input, output),
       other = part("other", "llama_3_1_8b", 0.45, loop, input, output);
  const auto rate = [](const ProgramRun& run, const std::string& name) {
    return number(service_of(run, name).at("output_tokens_per_s"));
  };
  const double alone = rate(completed(scenario_of({one}, 60)), "one");
  other.service["shares_gpus_with"] = "one";
  const ProgramRun shared = completed(scenario_of({one, other}, 60));
  CHECK(rate(shared, "one") == Approx(alone / 2).epsilon(0.02));
  CHECK(rate(shared, "other") == Approx(alone / 2).epsilon(0.02));
  // Each waits about as long as it computes.
  CHECK(number(service_of(shared, "one").at("sharing").at("turn_wait_s")) == Approx(30).epsilon(0.05));
  CHECK(number(service_of(shared, "one").at("gpu_energy_j")) ==
        Approx(number(service_of(shared, "other").at("gpu_energy_j"))).epsilon(0.02));

  // Swapped, each change costs about 0.4 s, and there is one in every turn of 2 s at least.
  other.service["sharing"] = {{"kind", "swapped"}, {"least_turn_s", 2.0}};
  const ProgramRun swapped = completed(scenario_of({one, other}, 60));
  const json& sharing = service_of(swapped, "one").at("sharing");
  const double a_switch = number(sharing.at("switch_s")) / number(sharing.at("switches"));
  CHECK(a_switch > 0.3);
  CHECK(a_switch < 0.6);
  CHECK(number(sharing.at("switches")) == Approx(60 / (2 * (2 + a_switch))).epsilon(0.15));
  const double useful = 2 / (2 + a_switch);
  CHECK(rate(swapped, "one") + rate(swapped, "other") == Approx(alone * useful).epsilon(0.05));
}

TEST_CASE("shared GPUs: a node that fails takes down all that stand on it", "[law]") {
  const json loop = {{"kind", "closed_loop"}, {"concurrency", 4}};
  const json fixed = {{"kind", "fixed"}, {"tokens", 200}};
  const Part one = part("one", "llama_3_1_8b", 0.45, loop, fixed, fixed);
  Part other = part("other", "llama_3_1_8b", 0.45, loop, fixed, fixed);
  other.service["shares_gpus_with"] = "one";
  json scenario = scenario_of({one, other}, 60);
  scenario["incidents"] = {{{"kind", "node_failure"}, {"target", "row/0"}, {"at_s", 20}, {"repair_after_s", 10}}};
  const ProgramRun run = completed(scenario);
  CHECK(service_of(run, "one").at("requests").at("failed") == 4);
  CHECK(service_of(run, "other").at("requests").at("failed") == 4);
  CHECK(run.report.at("incidents").at(0).at("effects").at("replicas_down") == 2);
  CHECK(number(service_of(run, "one").at("requests").at("completed")) > 10);
  CHECK(number(service_of(run, "other").at("requests").at("completed")) > 10);
}
