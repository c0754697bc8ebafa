// Features of engines on the whole program: runs in closed form equal runs step by step, byte for byte, over random
// variations of the first example; and what a feature must do to a report.
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>

#include "tests/catch.hpp"
#include "tests/laws/draw.hpp"
#include "tests/laws/program.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

/// Leaves room for about so many tokens of Llama 3.1 8B in bf16 on H100s that it is split over.
void leave_room(json& engine, double tokens, double gpus = 1) {
  engine["memory_share"] = 0.92;
  engine["runtime_reserve_gb"] = 79.03 - (16.06 + tokens * 131072e-9) / gpus - (gpus > 1 ? 0.6 : 0.0);  // the head
}

json fixed(std::int64_t tokens) { return {{"kind", "fixed"}, {"tokens", tokens}}; }

/// The quickstart with one replica of a small model, a short clock and `users` of a closed loop.
json small_scenario(std::int64_t users, std::int64_t requests, const json& input, const json& output) {
  std::ifstream file(TOKENWORKS_SOURCE_DIR "/scenarios/quickstart.json");
  json scenario = json::parse(file);
  scenario["clock"]["duration_s"] = 100'000;
  scenario["clock"]["warm_up_s"] = 0;
  json& service = scenario["services"][0];
  service["model"] = "llama_3_1_8b";
  service["precision"] = "bf16";
  service["parallelism"] = json::object();
  service["replicas"] = 1;
  json& workload = scenario["workloads"][0];
  workload["arrivals"] = {{"kind", "closed_loop"}, {"concurrency", users}, {"requests", requests}};
  workload["lengths"] = {{"input", input}, {"output", output}};
  return scenario;
}

/// One of many: engines, lengths, speculation, a window, arrivals, and how the run ends.
json random_scenario(Draw& draw) {
  const std::int64_t most = draw.one_of<std::int64_t>({200, 3'000, 12'000});
  const json input = {{"kind", "uniform_share"}, {"nominal_tokens", most}, {"low", 0.02}, {"high", 1.0}};
  const json output = {{"kind", "uniform_share"}, {"nominal_tokens", draw.whole(2, 600)}, {"low", 0.0}, {"high", 1.0}};
  json scenario = small_scenario(draw.whole(1, 60), draw.whole(20, 150), input, output);
  scenario["seed"] = draw.whole(1, 1'000'000);
  json& service = scenario["services"][0];
  json& engine = service["engine"];
  engine["kind"] = draw.one_of<std::string>({"vllm", "vllm", "sglang", "tensorrt_llm"});
  if (draw.chance(0.5)) engine["max_batch_tokens"] = engine["kind"] == "tensorrt_llm" ? 16'384 : draw.whole(64, 4'096);
  if (draw.chance(0.5)) engine["max_sequences"] = draw.whole(8, 64);
  if (engine["kind"] == "sglang" && draw.chance(0.5)) engine["poll_interval_steps"] = draw.whole(2, 20);
  if (draw.chance(0.25)) {
    service["speculation"] = {{"kind", "n_gram"},
                              {"draft_tokens", 3},
                              {"mean_accepted", 1.0 + 0.01 * static_cast<double>(draw.whole(0, 300))}};
  }
  json& workload = scenario["workloads"][0];
  if (draw.chance(0.5)) {
    workload["arrivals"] = {{"kind", "poisson"}, {"rate_per_s", draw.one_of<double>({0.5, 4.0, 20.0})}};
    scenario["clock"]["duration_s"] = 20;
    scenario["clock"]["drain"] = draw.chance(0.7);
  }
  if (draw.chance(0.15)) workload["patience_s"] = 1.5;
  if (draw.chance(0.15)) workload["gives_up_share"] = 0.2;
  scenario["report"]["interval_s"] = draw.one_of<std::int64_t>({1, 10});
  return scenario;
}

/// Sessions of agents in place of a scenario's workload: prompts that begin alike.
json sessions(Draw& draw, json& scenario) {
  scenario["clock"]["duration_s"] = 20;
  return {{{"name", "agents"},
           {"service", scenario["services"][0]["name"]},
           {"arrivals",
            {{"kind", "agent_sessions"},
             {"sessions", {{"kind", "poisson"}, {"rate_per_s", draw.one_of<double>({0.2, 1.0})}}},
             {"shared_tokens", 1'000},
             {"turns", {{"kind", "fixed"}, {"value", draw.whole(1, 3)}}},
             {"first_prompt_tokens", {{"kind", "fixed"}, {"tokens", draw.whole(500, 1'500)}}},
             {"context_tokens", 6'000}}}}};
}

/// The service in two pools, so that prompts are computed in one and answered in the other.
void hand_over(json& scenario) {
  json& service = scenario["services"][0];
  service.erase("replicas");
  service["pools"] = {{{"name", "p"}, {"role", "prefill"}, {"replicas", 1}},
                      {{"name", "d"}, {"role", "decode"}, {"replicas", 1}}};
  service["engine"].erase("runtime_reserve_gb");
  service["engine"].erase("max_sequences");
  scenario["factory"]["fabric"] = {{"kind", "fat_tree"}};
}

json run(const json& scenario) {
  const ProgramRun ran = run_program(scenario);
  INFO(ran.messages);
  REQUIRE(ran.exit_code == 0);
  return ran.report;
}

/// The report, after the exact run has given the same bytes.
json run_both_ways(const json& scenario) {
  const ProgramRun closed = run_program(scenario);
  const ProgramRun exact = run_program(scenario, {"--exact-iterations"});
  INFO(scenario.dump(1));
  INFO(closed.messages);
  REQUIRE(closed.exit_code == 0);
  REQUIRE(exact.exit_code == 0);
  CHECK((closed.report_text == exact.report_text));
  CHECK((closed.series == exact.series));
  const json& requests = closed.report["services"][0]["requests"];
  if (scenario["clock"].value("drain", true)) CHECK(requests["unfinished"] == 0);
  CHECK(closed.report["services"][0]["kv_cache"]["peak_share"].get<double>() <= 1.0);
  return closed.report;
}

}  // namespace

// ---- Pipelines ----------------------------------------------------------------------------------------------------

TEST_CASE("pipelines: closed form equals step by step", "[law]") {
  int with_bubbles = 0;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    Draw draw(seed);
    json scenario = random_scenario(draw);
    scenario["services"][0]["parallelism"] = {{"tensor", draw.whole(1, 2)}, {"pipeline", draw.one_of<int>({2, 4})}};
    json& parallelism = scenario["services"][0]["parallelism"];
    if (draw.chance(0.4)) {
      leave_room(scenario["services"][0]["engine"], draw.one_of<double>({16'000, 40'000}),
                 parallelism["tensor"].get<double>() * parallelism["pipeline"].get<double>());
    }
    CAPTURE(seed);
    const json report = run_both_ways(scenario);
    const json& pipeline = report["services"][0]["pipeline"];
    if (pipeline["bubble_s"].get<double>() > 0) ++with_bubbles;
    if (!pipeline["bubble_share"].is_null()) CHECK(pipeline["bubble_share"].get<double>() < 1.0);
  }
  CHECK(with_bubbles >= 20);
}

TEST_CASE("pipelines: a prompt by itself leaves all stages but one waiting, as many prompts as stages leave none",
          "[law]") {
  json scenario = small_scenario(1, 1, fixed(4'000), fixed(1));
  CHECK(run(scenario)["services"][0]["pipeline"].is_null());
  scenario["services"][0]["parallelism"]["pipeline"] = 4;
  json report = run(scenario);
  const double alone = report["services"][0]["pipeline"]["bubble_share"];
  CHECK(alone > 0.6);  // 3 of 4, less what does not go by stages
  CHECK(alone < 0.75);
  scenario["workloads"][0]["arrivals"] = {{"kind", "closed_loop"}, {"concurrency", 4}, {"requests", 4}};
  report = run(scenario);
  CHECK(report["services"][0]["pipeline"]["bubble_s"].get<double>() == 0.0);  // one micro-batch each
}

TEST_CASE("pipelines: the budget of tokens is that of a micro-batch", "[law]") {
  json scenario = small_scenario(1, 1, fixed(8'000), fixed(1));
  json& service = scenario["services"][0];
  service["parallelism"]["pipeline"] = 4;
  service["engine"] = {{"kind", "vllm"}, {"max_batch_tokens", 2'000}};
  // Cut into four pieces, one a micro-batch: one step without bubbles, but for later pieces that see more context.
  const json cut = run(scenario);
  CHECK(cut["services"][0]["pipeline"]["bubble_share"].get<double>() < 0.15);
  service["engine"] = {{"kind", "tensorrt_llm"}, {"max_batch_tokens", 8'000}};
  const json whole = run(scenario);
  CHECK(whole["services"][0]["pipeline"]["bubble_share"].get<double>() > 0.6);
}

// ---- Copies of the attention --------------------------------------------------------------------------------------

TEST_CASE("copies of the attention: closed form equals step by step", "[law]") {
  int preempted = 0, speculative = 0, windowed = 0, cached = 0, handed_over = 0, balanced = 0, failed = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Draw draw(1000 + seed);
    json scenario = random_scenario(draw);
    json& service = scenario["services"][0];
    const std::int64_t copies = draw.one_of<std::int64_t>({2, 3, 4, 8});
    service["parallelism"] = {{"attention_data", copies}};
    json& engine = service["engine"];
    if (engine.contains("max_batch_tokens") && engine["kind"] == "tensorrt_llm")
      engine["max_batch_tokens"] = 16'384 * copies;
    if (engine["kind"] == "tensorrt_llm" && draw.chance(0.6)) {
      engine["prompt_balance_steps"] = draw.whole(1, 60);
      if (draw.chance(0.5)) engine["prompt_batch_steps"] = draw.whole(1, 20);
      ++balanced;
    }
    if (draw.chance(0.25)) {
      service["model"] = "gpt_oss_20b";
      service["precision"] = "fp4";
      ++windowed;
    } else if (draw.chance(0.6)) {
      engine["memory_share"] = 0.92;
      engine["runtime_reserve_gb"] = draw.one_of<double>({60.3, 61.4, 61.9});
    }
    if (draw.chance(0.25)) service["kv_cache_precision"] = "fp8";
    if (draw.chance(0.25)) scenario["workloads"] = sessions(draw, scenario);
    if (draw.chance(0.2)) {
      hand_over(scenario);
    } else if (draw.chance(0.3)) {
      scenario["incidents"] = {
          {{"kind", "node_failure"}, {"target", "row_a/0"}, {"at_s", draw.real(0.5, 8)}, {"repair_after_s", 1.5}}};
    }
    CAPTURE(seed);
    const json report = run_both_ways(scenario);
    const json& result = report["services"][0];
    if (result["kv_cache"]["preemptions"] > 0) ++preempted;
    if (result["requests"]["failed"] > 0) ++failed;
    if (!result["speculation"].is_null()) ++speculative;
    if (result["tokens"]["cached_input"] > 0) ++cached;
    if (service.contains("pools")) ++handed_over;
  }
  INFO("preempted " << preempted << ", speculative " << speculative << ", windowed " << windowed << ", cached "
                    << cached << ", handed over " << handed_over);
  CHECK(preempted >= 4);
  CHECK(speculative >= 8);
  CHECK(windowed >= 8);
  CHECK(cached >= 8);
  CHECK(handed_over >= 3);
  CHECK(balanced >= 5);
  CHECK(failed >= 5);
}

TEST_CASE("copies of the attention: prompts that were held are not held by an engine that comes after", "[law]") {
  json scenario = small_scenario(6, 60, fixed(500), fixed(300));
  scenario["services"][0]["engine"] = {{"kind", "tensorrt_llm"}, {"prompt_balance_steps", 10'000}};
  scenario["services"][0]["parallelism"] = {{"attention_data", 2}};
  scenario["incidents"] = {{{"kind", "model_swap"},
                            {"service", scenario["services"][0]["name"]},
                            {"at_s", 2.5},
                            {"drain", false},
                            {"strategy", {{"kind", "all_at_once"}}},
                            {"to", {{"model", "qwen3_8b"}, {"engine", {{"kind", "vllm"}}}}}}};
  const json report = run_both_ways(scenario);
  CHECK(report["incidents"][0]["effects"]["replicas_swapped"] == 1);
  CHECK(report["services"][0]["requests"]["completed"] == 60);
}

TEST_CASE("copies of the attention: prompts that wait for each other make fewer steps with prompts", "[law]") {
  json scenario =
      small_scenario(32, 600, {{"kind", "uniform_share"}, {"nominal_tokens", 4'000}, {"low", 0.5}, {"high", 1.0}},
                     {{"kind", "uniform_share"}, {"nominal_tokens", 400}, {"low", 0.5}, {"high", 1.0}});
  json& service = scenario["services"][0];
  service["engine"] = {{"kind", "tensorrt_llm"}};
  service["parallelism"] = {{"attention_data", 4}};
  const json at_once = run(scenario)["services"][0];
  service["engine"]["prompt_balance_steps"] = 60;
  const json together = run_both_ways(scenario)["services"][0];
  const auto mean = [](const json& report, const char* what) { return report[what]["mean"].get<double>(); };
  CHECK(mean(together, "tpot_s") < 0.95 * mean(at_once, "tpot_s"));
  CHECK(mean(together, "ttft_s") > mean(at_once, "ttft_s"));
  CHECK(together["requests"]["completed"] == 600);
}

TEST_CASE("copies of the attention: a step waits for the busiest", "[law]") {
  // Two requests of equal prompts, one on each copy, then two of which one is on the same copy as a third.
  json scenario = small_scenario(2, 2, fixed(2'000), fixed(400));
  json& service = scenario["services"][0];
  service["engine"] = {{"kind", "vllm"}, {"host_per_sequence_s", 0}};
  service["parallelism"] = {{"attention_data", 2}};
  const auto tpot = [&](std::int64_t users) {
    scenario["workloads"][0]["arrivals"] = {{"kind", "closed_loop"}, {"concurrency", users}, {"requests", users}};
    return run(scenario)["services"][0]["tpot_s"]["mean"].get<double>();
  };
  const double two = tpot(2), three = tpot(3), four = tpot(4);
  CHECK(two < three);  // one copy has two, the other waits for it
  CHECK(three < four * 1.001);
  CHECK(three > four * 0.98);  // linear parts work on three sequences, attention on two a copy in both
}

TEST_CASE("copies of the attention: a request needs room on one copy, and its share of the sequences", "[law]") {
  json scenario = small_scenario(8, 8, fixed(2'000), fixed(200));
  json& service = scenario["services"][0];
  service["engine"] = {{"kind", "vllm"}, {"memory_share", 0.92}, {"runtime_reserve_gb", 62.6}};
  service["parallelism"] = {{"attention_data", 4}};
  const json report = run(scenario);
  const std::int64_t pool = report["services"][0]["kv_cache"]["pool_tokens"];
  CHECK(pool > 8'000);
  CHECK(report["services"][0]["requests"]["completed"] == 8);
  scenario["workloads"][0]["lengths"]["input"] = fixed(pool / 4 + 16);
  CHECK(run(scenario)["services"][0]["rejections"]["longer_than_kv_pool"] == 8);
}

// ---- Preemption by swapping ---------------------------------------------------------------------------------------

namespace {

/// A scenario in which decoding requests run out of blocks.
json crowded(Draw& draw) {
  const json output = {
      {"kind", "uniform_share"}, {"nominal_tokens", draw.whole(300, 1'200)}, {"low", 0.2}, {"high", 1.0}};
  json scenario = small_scenario(draw.whole(20, 60), draw.whole(60, 150), fixed(draw.whole(50, 600)), output);
  scenario["seed"] = draw.whole(1, 1'000'000);
  json& service = scenario["services"][0];
  service["engine"]["kind"] = draw.one_of<std::string>({"vllm", "vllm", "sglang"});
  leave_room(service["engine"], static_cast<double>(draw.whole(9'000, 16'000)));
  return scenario;
}

}  // namespace

TEST_CASE("swapping: closed form equals step by step", "[law]") {
  int swapped = 0, fell_back = 0, several_copies = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Draw draw(2000 + seed);
    json scenario = crowded(draw);
    json& service = scenario["services"][0];
    service["engine"]["preemption"] = "swap";
    service["engine"]["swap_gb"] = draw.one_of<double>({0.1, 0.5, 20.0});
    if (draw.chance(0.25)) {
      service["parallelism"] = {{"attention_data", 2}};
      ++several_copies;
    }
    if (draw.chance(0.2)) {
      service["speculation"] = {{"kind", "n_gram"}, {"draft_tokens", 3}, {"mean_accepted", 2.2}};
    }
    json& workload = scenario["workloads"][0];
    if (draw.chance(0.2)) workload["gives_up_share"] = 0.3;
    if (draw.chance(0.2)) service["classes"] = {{{"name", "a"}, {"timeout_s", draw.one_of<double>({4.0, 10.0})}}};
    if (draw.chance(0.25)) {
      scenario["clock"]["duration_s"] = 5;
      scenario["clock"]["drain"] = draw.chance(0.5);
    }
    if (draw.chance(0.15)) {
      scenario["incidents"] = {
          {{"kind", "node_failure"}, {"target", "row_a/0"}, {"at_s", 3.0}, {"repair_after_s", 2.0}}};
      service["replicas"] = service["parallelism"].contains("attention_data") ? 8 : 16;  // on both nodes
      workload["arrivals"]["concurrency"] = 400;
      workload["arrivals"]["requests"] = 1'000;
    }
    CAPTURE(seed);
    const json report = run_both_ways(scenario);
    const json& cache = report["services"][0]["kv_cache"];
    const std::int64_t out = cache["swap"]["out_tokens"], in = cache["swap"]["in_tokens"];
    CHECK(in <= out);
    if (out > 0) ++swapped;
    if (cache["preemptions"] > 0 && out == 0) ++fell_back;
  }
  INFO("swapped " << swapped << ", fell back " << fell_back << ", copies " << several_copies);
  CHECK(swapped >= 20);
  CHECK(several_copies >= 5);
}

TEST_CASE("swapping: by an engine that comes with another model", "[law]") {
  Draw draw(7);
  json scenario = crowded(draw);
  json engine = scenario["services"][0]["engine"];
  engine["kind"] = scenario["services"][0]["engine"]["kind"] = "vllm";
  engine["preemption"] = "swap";
  engine["swap_gb"] = 20;
  scenario["incidents"] = {{{"kind", "model_swap"},
                            {"service", scenario["services"][0]["name"]},
                            {"at_s", 1},
                            {"drain", false},
                            {"strategy", {{"kind", "all_at_once"}}},
                            {"start_up", {{"compile_s", 0}, {"warm_up_s", 0}}},
                            {"to", {{"model", "llama_3_1_8b"}, {"engine", engine}}}}};
  const json cache = run_both_ways(scenario)["services"][0]["kv_cache"];
  CHECK(cache["swap"]["out_tokens"] > 0);
  CHECK(cache["swap"]["in_tokens"] == cache["swap"]["out_tokens"]);
}

TEST_CASE("swapping: what is read back is not computed again", "[law]") {
  Draw draw(5);
  json scenario = crowded(draw);
  json& engine = scenario["services"][0]["engine"];
  engine["kind"] = "vllm";
  json report = run(scenario);
  CHECK(report["services"][0]["kv_cache"]["swap"].is_null());
  CHECK(report["services"][0]["kv_cache"]["preemptions"] > 0);
  engine["preemption"] = "swap";
  engine["swap_gb"] = 50;
  report = run(scenario);
  const json& cache = report["services"][0]["kv_cache"];
  CHECK(cache["preemptions"] > 0);
  CHECK(cache["swap"]["out_tokens"] > 0);
  CHECK(cache["swap"]["out_tokens"] == cache["swap"]["in_tokens"]);
  // Both ways move the same bytes.
  double written = 0, read = 0;
  for (const json& moved : report["network"]["bytes_by_purpose"]) {
    if (moved["purpose"] == "kv_offload") written = moved["bytes"];
    if (moved["purpose"] == "kv_fetch") read = moved["bytes"];
  }
  CHECK(written > 0);
  CHECK(written == read);
}

// ---- Adapters -----------------------------------------------------------------------------------------------------

TEST_CASE("adapters: closed form equals step by step", "[law]") {
  int preempted = 0, swapped = 0, several_copies = 0, cached = 0, cut = 0, failed = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Draw draw(3000 + seed);
    json scenario = draw.chance(0.55) ? crowded(draw) : random_scenario(draw);
    json& service = scenario["services"][0];
    json& engine = service["engine"];
    service["adapters"] = {{"count", draw.one_of<std::int64_t>({1, 4, 30})},
                           {"rank", draw.one_of<std::int64_t>({8, 64})},
                           {"max_loaded", draw.one_of<std::int64_t>({1, 2, 5, 20})},
                           {"skew", draw.one_of<double>({0.0, 1.0, 2.0})}};
    if (engine.contains("runtime_reserve_gb")) {
      const json& adapters = service["adapters"];
      const double places_gb = 5.3e-3 * adapters["rank"].get<double>() * adapters["max_loaded"].get<double>();
      engine["runtime_reserve_gb"] = engine["runtime_reserve_gb"].get<double>() - places_gb;
    }
    if (draw.chance(0.3)) service["adapters"]["targets"] = {draw.one_of<std::string>({"attention", "network"})};
    if (draw.chance(0.2)) {
      const std::int64_t copies = draw.one_of<std::int64_t>({2, 4});
      service["parallelism"] = {{"attention_data", copies}};
      if (engine["kind"] == "tensorrt_llm") engine["max_batch_tokens"] = 16'384 * copies;
      ++several_copies;
    }
    if (draw.chance(0.5)) {
      engine["preemption"] = "swap";
      engine["swap_gb"] = draw.one_of<double>({0.3, 20.0});
    }
    if (draw.chance(0.15)) {
      scenario["incidents"] = {
          {{"kind", "node_failure"}, {"target", "row_a/0"}, {"at_s", 1.0}, {"repair_after_s", 1.0}}};
      ++failed;
    }
    if (draw.chance(0.2)) scenario["workloads"] = sessions(draw, scenario);
    if (draw.chance(0.25)) {
      service["tenants"] = {{{"name", "x"}}, {{"name", "y"}, {"weight", 3}}};
      service["fairness"] = "token_share";
      json other = scenario["workloads"][0];
      scenario["workloads"][0]["tenant"] = "x";
      scenario["workloads"][0]["name"] = "one";
      other["tenant"] = "y";
      other["name"] = "two";
      scenario["workloads"].push_back(other);
    }
    if (draw.chance(0.25)) {
      scenario["clock"]["duration_s"] = 5;
      scenario["clock"]["drain"] = false;
      ++cut;
    }
    CAPTURE(seed);
    const json report = run_both_ways(scenario);
    const json& result = report["services"][0];
    CHECK((result["adapters"]["loads"] > 0 || result["requests"]["completed"] == 0));
    if (result["kv_cache"]["preemptions"] > 0) ++preempted;
    if (!result["kv_cache"]["swap"].is_null() && result["kv_cache"]["swap"]["in_tokens"] > 0) ++swapped;
    if (result["tokens"]["cached_input"] > 0) ++cached;
  }
  INFO("preempted " << preempted << ", swapped " << swapped << ", copies " << several_copies << ", cached " << cached
                    << ", cut " << cut << ", failed " << failed);
  CHECK(preempted >= 8);
  CHECK(swapped >= 3);
  CHECK(several_copies >= 6);
  CHECK(cached >= 5);
  CHECK(cut >= 4);
  CHECK(failed >= 4);
}

TEST_CASE("adapters: requests with adapters beyond the places wait, and others pass them", "[law]") {
  json scenario = small_scenario(32, 200, fixed(500), fixed(100));
  json& service = scenario["services"][0];
  service["engine"]["kind"] = "vllm";
  const auto duration = [&] { return run(scenario)["outcome"]["simulated_s"].get<double>(); };
  const double without = duration();
  service["adapters"] = {{"count", 16}, {"rank", 16}, {"max_loaded", 16}, {"skew", 0}};
  json report = run(scenario);
  CHECK(report["services"][0]["adapters"]["loads"] == 16);  // each once
  // 84 MB of an adapter of rank 16 (models/llm/lora_test.cpp) over the host link of one GPU.
  const double load_s = report["services"][0]["adapters"]["load_time_s"].get<double>() / 16;
  CHECK(load_s > 1e-3);
  CHECK(load_s < 2.5e-3);
  const double all = duration();
  CHECK(all > 1.03 * without);
  service["adapters"]["max_loaded"] = 2;
  report = run(scenario);
  CHECK(report["services"][0]["requests"]["completed"] == 200);
  CHECK(report["services"][0]["adapters"]["loads"] > 50);
  CHECK(duration() > 2 * all);  // two adapters at a time: few requests run together
}

TEST_CASE("adapters: what was computed with one is not found by another", "[law]") {
  Draw draw(9);
  json scenario = small_scenario(1, 1, fixed(10), fixed(10));
  scenario["workloads"] = sessions(draw, scenario);
  scenario["clock"]["duration_s"] = 60;
  const auto hits = [&] { return run(scenario)["services"][0]["kv_cache"]["prefix_hit_share"].get<double>(); };
  const double without = hits();
  scenario["services"][0]["adapters"] = {{"count", 1}};
  CHECK(std::abs(hits() - without) < 0.02);  // steps take longer
  scenario["services"][0]["adapters"] = {{"count", 1'000}, {"skew", 0}, {"max_loaded", 64}};
  CHECK(hits() < 0.1 * without);
}
