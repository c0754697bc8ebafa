#include "tests/laws/random_scenario.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <vector>

#include "tests/laws/feature_draw.hpp"
#include "tests/laws/random_facility_events.hpp"

namespace tokenworks::testing {
namespace {

using nlohmann::json;

json shipped(const std::string& section, const std::string& id) {
  std::ifstream file(TOKENWORKS_SOURCE_DIR "/models/catalog/" + section + "/" + id + ".json");
  return json::parse(file);
}

/// Models over GPUs that hold them: what weights leave free of a GPU of 80 GiB, and what a token takes of it (read from
/// reports of runs with two reserves).
struct ModelChoice {
  const char* id;
  const char* precision;
  int tensor;
  double free_gb;
  double bytes_per_token;
  int larger_tensor;  ///< another parallelism, for pools that differ
  double larger_free_gb;
  /// Memory to hold back so that there is room for so many tokens, with an engine that may use all of a GPU.
  double reserve_gb(double tokens) const { return free_gb - tokens * bytes_per_token * 1e-9; }
  double larger_reserve_gb(double tokens) const {
    return larger_free_gb - tokens * bytes_per_token * tensor / larger_tensor * 1e-9;
  }
};
constexpr ModelChoice kModels[] = {{"llama_3_1_8b", "bf16", 1, 69.839, 131072, 2, 77.868},
                                   {"llama_3_1_8b", "fp8", 2, 81.358, 32768, 1, 76.818},
                                   {"qwen3_30b_a3b", "fp8", 1, 54.724, 49152, 2, 70.299},
                                   {"gpt_oss_20b", "fp4", 1, 72.151, 12288, 2, 79.023},
                                   {"llama_3_1_70b", "fp8", 4, 67.733, 40960, 2, 49.569}};

json random_length(FeatureDraw& draw, std::int64_t typical) {
  const std::string kind = draw.one_of("length", {"fixed", "uniform_share", "geometric", "lognormal", "table"});
  if (kind == "fixed") return {{"kind", kind}, {"tokens", draw.whole(1, 2 * typical)}};
  if (kind == "uniform_share") return {{"kind", kind}, {"nominal_tokens", typical}, {"low", 0.2}, {"high", 1.0}};
  if (kind == "geometric") return {{"kind", kind}, {"mean_tokens", static_cast<double>(typical)}};
  if (kind == "lognormal") {
    return {
        {"kind", kind}, {"median_tokens", static_cast<double>(typical)}, {"sigma", 0.8}, {"max_tokens", 8 * typical}};
  }
  return {{"kind", kind},
          {"name", typical > 300 ? "azure_llm_2023_conversation_input" : "azure_llm_2023_conversation_output"}};
}

json random_engine(FeatureDraw& draw) {
  json engine = {{"kind", draw.one_of("engine", {"vllm", "sglang", "tensorrt_llm"})}};
  if (draw.feature("few sequences", 0.3)) engine["max_sequences"] = draw.whole(1, 8);
  if (draw.feature("small token budget", 0.3)) engine["max_batch_tokens"] = draw.whole(300, 2000);
  if (draw.feature("own block length", 0.4)) engine["kv_block_tokens"] = draw.whole(1, 40);
  if (draw.feature("queue limit", 0.2)) engine["max_waiting"] = draw.whole(1, 10);
  if (draw.feature("no prefix cache", 0.2)) engine["prefix_cache"] = false;
  if (engine["kind"] == "sglang" && draw.feature("polling", 0.5)) engine["poll_interval_steps"] = draw.whole(2, 30);
  if (engine["kind"] == "tensorrt_llm" && draw.feature("batch wait", 0.5)) {
    engine["batch_wait_token_share"] = draw.real(0.05, 0.9);
    engine["batch_wait_steps"] = draw.whole(1, 40);
  }
  if (engine["kind"] != "tensorrt_llm" && draw.feature("short chunks", 0.25)) {
    engine["max_prompt_chunk_tokens"] = draw.whole(64, 1024);
  } else if (engine["kind"] == "vllm" && draw.feature("whole prompts", 0.4)) {
    engine["chunked_prompts"] = false;
  }
  return engine;
}

/// Leaves an engine room for so many tokens.
void hold_back(json& engine, double gb) {
  engine["memory_share"] = 1.0;
  engine["runtime_reserve_gb"] = gb;
}

/// Of prompts, or of decode replicas: then kinds are noted by what they look at.
json random_router(FeatureDraw& draw, bool decodes, const std::vector<std::string>& pools,
                   const std::vector<std::string>& classes) {
  std::string kind;
  if (decodes) {
    const std::string what = draw.one_of("decode router", {"load", "prompt", "class"});
    const std::vector<std::string> by_load = {"round_robin", "least_loaded", "power_of_two", "shortest_queue"};
    if (what == "load") kind = by_load[static_cast<std::size_t>(draw.whole(0, 3))];
    if (what == "prompt") kind = draw.chance(0.5) ? "prefix_affine" : "session_sticky";
    if (what == "class") kind = "by_class";
  } else {
    kind = draw.one_of("router", {"round_robin", "least_loaded", "power_of_two", "shortest_queue", "prefix_affine",
                                  "session_sticky", "by_class"});
  }
  json router = {{"kind", kind}};
  if (kind == "power_of_two" && draw.chance(0.5)) router["by"] = "tokens";
  if (kind == "prefix_affine" && draw.chance(0.5)) {
    router["least_match_share"] = draw.real(0, 1);
    router["load_slack"] = draw.whole(0, 4);
    router["index_tokens_per_replica"] = draw.whole(1, 20000);
  }
  if (kind == "session_sticky" && draw.chance(0.5)) {
    router["sessions"] = draw.whole(1, 20);
    router["otherwise"] = "round_robin";
    router["load_slack"] = draw.whole(0, 4);
  }
  if (kind == "by_class") {
    for (const std::string& name : classes) {
      if (draw.chance(0.3)) continue;
      json use = {{"router", draw.chance(0.5) ? "least_loaded" : "shortest_queue"}};
      if (draw.chance(0.6)) {
        use["pools"] = {pools[static_cast<std::size_t>(draw.whole(0, static_cast<std::int64_t>(pools.size()) - 1))]};
        if (pools.size() > 1 && draw.chance(0.5)) use["overflow_requests"] = draw.whole(0, 5);
      }
      router["classes"][name] = use;
    }
  }
  return router;
}

struct Sharing {
  std::vector<std::string> classes, tenants;
};

Sharing add_classes(FeatureDraw& draw, json& service, double duration) {
  Sharing sharing;
  if (draw.feature("classes", 0.45)) {
    for (const char* name : {"urgent", "usual", "batch"}) {
      if (sharing.classes.size() == 2 && draw.chance(0.5)) break;
      json entry = {{"name", name}, {"priority", draw.whole(0, 2)}};
      if (draw.feature("promises of a class", 0.3)) entry["slo"] = {{"ttft_s", draw.real(0.05, 2)}};
      if (draw.feature("time-out", 0.3)) entry["timeout_s"] = draw.real(0.05, duration / 4);
      if (draw.feature("queue limit of a class", 0.25)) entry["max_waiting"] = draw.whole(1, 10);
      service["classes"].push_back(entry);
      sharing.classes.emplace_back(name);
    }
    if (draw.feature("no preemption for the urgent", 0.3)) service["preempts_for_urgent"] = false;
  }
  if (draw.feature("tenants", 0.4)) {
    for (const char* name : {"red", "green", "blue"}) {
      if (sharing.tenants.size() == 2 && draw.chance(0.5)) break;
      service["tenants"].push_back({{"name", name}, {"weight", draw.real(0.3, 4)}});
      sharing.tenants.emplace_back(name);
    }
    if (draw.feature("token_share", 0.6)) service["fairness"] = "token_share";
  }
  return sharing;
}

void add_tiers(FeatureDraw& draw, json& service) {
  if (!draw.feature("kv tiers", 0.45)) return;
  const std::string kinds = draw.one_of("tiers", {"host", "drives", "both"});
  const auto tier = [&draw](const char* kind) {
    json entry = {{"kind", kind}, {"gb", std::pow(10.0, draw.real(-2.0, 1.0))}};
    if (draw.chance(0.5)) entry["latency_s"] = draw.real(0, 0.01);
    return entry;
  };
  service["kv_tiers"] = json::array();
  if (kinds != "drives") service["kv_tiers"].push_back(tier("host_memory"));
  if (kinds != "host") service["kv_tiers"].push_back(tier("local_drives"));
  service["kv_fetch"] = draw.one_of("kv_fetch", {"when_cheaper", "always"});
}

/// Pools in place of equal replicas, of at most so many GPUs in all; returns how many replicas there are.
std::int64_t add_pools(FeatureDraw& draw, json& service, const ModelChoice& model, std::int64_t gpus,
                       std::optional<double> tokens, bool wide, std::vector<std::string>& names) {
  std::vector<std::string> roles;
  const std::string kind = draw.one_of("pools", {"hand-over", "two kinds", "all roles"});
  if (kind == "two kinds") roles = {"serve", "serve"};
  if (kind == "hand-over") roles = {"prefill", "decode"};
  if (kind == "all roles") roles = {"prefill", "decode", "serve"};
  std::int64_t replicas = 0, pools_left = static_cast<std::int64_t>(roles.size());
  for (const std::string& role : roles) {
    json pool = {{"name", role + std::to_string(pools_left)}, {"role", role}};
    std::int64_t tensor = model.tensor;
    bool larger = false;
    if (wide && replicas == 0) {  // GPUs beside those that are counted
      pool["parallelism"] = {{"tensor", 8}, {"pipeline", 2}};
      pool["replicas"] = 1;
    } else {
      // All pools that follow must find a place.
      const std::int64_t most = gpus - (pools_left - 1) * model.tensor;
      larger = model.larger_tensor <= most && draw.feature("other parallelism", 0.4);
      if (larger) tensor = model.larger_tensor;
      if (larger) pool["parallelism"] = {{"tensor", tensor}};
      pool["replicas"] = draw.whole(1, std::max<std::int64_t>(1, std::min<std::int64_t>(3, most / tensor)));
      gpus -= pool["replicas"].get<std::int64_t>() * tensor;
    }
    const bool own_engine = draw.feature("own engine of a pool", 0.4);
    if (own_engine) pool["engine"] = random_engine(draw);
    const bool is_wide = wide && replicas == 0;
    if ((tokens && (larger || own_engine)) || is_wide) {
      if (!own_engine) pool["engine"] = service["engine"];
      if (is_wide) {
        hold_back(pool["engine"], 4.0);
      } else if (tokens) {
        const double room = *tokens * draw.real(0.7, 1.5);
        hold_back(pool["engine"], larger ? model.larger_reserve_gb(room) : model.reserve_gb(room));
      }
    }
    replicas += pool["replicas"].get<std::int64_t>();
    names.push_back(pool["name"]);
    service["pools"].push_back(pool);
    --pools_left;
  }
  service.erase("replicas");
  return replicas;
}

/// What replicas of a service do beside what every engine does; `tokens`: there is room for so many.
void add_options(FeatureDraw& draw, json& service, const ModelChoice& model, bool is_wide,
                 std::optional<double> tokens) {
  const bool alike = !service.contains("pools");
  std::vector<json*> engines = {&service["engine"]};
  if (!alike) {
    for (json& pool : service["pools"]) {
      if (pool.contains("engine")) engines.push_back(&pool["engine"]);
    }
  }
  if (draw.feature("preemption by swap", 0.3)) {
    for (json* engine : engines) {
      (*engine)["preemption"] = "swap";
      (*engine)["swap_gb"] = std::pow(10.0, draw.real(-2.0, 1.3));
    }
  }
  if (draw.feature("adapters", 0.25)) {
    const std::int64_t places = draw.whole(1, 4);
    service["adapters"] = {{"count", draw.whole(1, 20)},
                           {"rank", draw.whole(1, 16)},
                           {"targets", {"attention"}},
                           {"max_loaded", places},
                           {"skew", draw.real(0, 2)}};
    for (json* engine : engines) {  // their places take what was held back
      if (!engine->contains("runtime_reserve_gb")) continue;
      (*engine)["runtime_reserve_gb"] =
          (*engine)["runtime_reserve_gb"].get<double>() - 0.1 * static_cast<double>(places);
    }
  }
  const std::string id = model.id;
  const bool fits = !tokens || (id == "llama_3_1_8b" && model.tensor == 1);
  if (alike && !is_wide && model.tensor == 1 && fits && draw.feature("copies of the attention", 0.6)) {
    const std::int64_t copies = draw.whole(2, 4);
    service["parallelism"] = {{"attention_data", copies}};
    service["replicas"] = 1;
    json& engine = service["engine"];
    if (engine.value("max_sequences", 8) < copies) engine["max_sequences"] = copies;
    if (engine["kind"] == "tensorrt_llm" && draw.chance(0.6)) {
      engine["prompt_balance_steps"] = draw.whole(1, 60);
      if (draw.chance(0.5)) engine["prompt_batch_steps"] = draw.whole(1, 20);
    }
    if (tokens) hold_back(engine, draw.real(66.6, 67.6));
  }
}

/// Replicas that come and go with the load.
json random_autoscaler(FeatureDraw& draw, std::int64_t replicas, std::int64_t most) {
  json made = {{"kind", draw.one_of("autoscaler", {"queue", "kv_cache"})},
               {"min_replicas", draw.whole(0, replicas)},
               {"max_replicas", draw.whole(replicas, most)},
               {"interval_s", draw.real(0.5, 8)},
               {"cool_down_up_s", draw.real(0, 10)},
               {"cool_down_down_s", draw.real(0, 10)},
               {"step", draw.whole(1, 3)},
               {"start_up", {{"compile_s", draw.real(0, 3)}, {"warm_up_s", draw.real(0, 1)}}}};
  if (made["kind"] == "queue") {
    made["waiting_high"] = draw.real(0.01, 3);
    made["waiting_low"] = 0.01;
  } else {
    made["share_high"] = draw.real(0.02, 0.3);
    made["share_low"] = draw.real(0.001, 0.02);
  }
  return made;
}

/// Of the first service, to a model that fits where the one before does.
json random_swap(FeatureDraw& draw, const json& service, std::int64_t replicas, double duration) {
  const bool hands_over = service.contains("pools") && service["pools"][0]["role"] == "prefill";
  json swap = {{"kind", "model_swap"},
               {"at_s", draw.real(0, duration)},
               {"service", service["name"]},
               {"to", {{"model", "llama_3_1_8b"}, {"precision", draw.chance(0.5) ? "bf16" : "fp8"}}},
               {"drain", !hands_over && draw.chance(0.5)},
               {"start_up", {{"compile_s", draw.real(0, 2)}, {"warm_up_s", draw.real(0, 2)}}},
               {"strategy", {{"kind", "all_at_once"}}}};
  if (draw.chance(0.4)) {
    swap["to"]["engine"] = random_engine(draw);
    if (draw.chance(0.4)) {
      swap["to"]["engine"]["preemption"] = "swap";
      swap["to"]["engine"]["swap_gb"] = draw.real(0.1, 10);
    }
    const std::int64_t copies = service["parallelism"].value("attention_data", 1);
    if (swap["to"]["engine"].value("max_sequences", 8) < copies) swap["to"]["engine"]["max_sequences"] = copies;
  }
  const bool rolls = !hands_over && draw.chance(0.6);
  if (rolls) swap["strategy"] = {{"kind", "rolling"}, {"max_unavailable", draw.whole(1, 2)}};
  if (!rolls || replicas < 2 || draw.chance(0.4)) return swap;
  swap["canary"] = {{"replicas", 1},
                    {"traffic_share", draw.real(0.1, 0.6)},
                    {"duration_s", draw.real(1, duration / 3)},
                    {"gate", {{"kind", "latency"}, {"worst_tpot_ratio", draw.real(0.5, 2)}}}};
  return swap;
}

/// Sessions of agents with few, short steps.
json random_sessions(FeatureDraw& draw, double duration, bool tiny) {
  const auto length = [&draw](std::int64_t typical) -> json {
    if (draw.chance(0.5)) return {{"kind", "fixed"}, {"tokens", draw.whole(1, 2 * typical)}};
    return {{"kind", "geometric"}, {"mean_tokens", static_cast<double>(typical)}};
  };
  const auto fixed = [](double value) -> json { return {{"kind", "fixed"}, {"value", value}}; };
  const double longest_wait = duration / 20;
  json sessions = {{"kind", "agent_sessions"},
                   {"turns", fixed(static_cast<double>(draw.whole(1, 3)))},
                   {"steps_per_turn", fixed(static_cast<double>(draw.whole(1, 4)))},
                   {"shared_tokens", draw.whole(0, 600)},
                   {"first_prompt_tokens", length(300)},
                   {"appended_tokens", length(80)},
                   {"output_tokens", length(tiny ? 20 : 80)},
                   {"tool_time_s", fixed(draw.real(0, longest_wait))},
                   {"think_time_s", fixed(draw.real(0, longest_wait))},
                   {"context_tokens", draw.whole(4000, 9000)}};
  if (draw.chance(0.5)) {
    sessions["sessions"] = {{"kind", "poisson"}, {"rate_per_s", draw.real(0.1, tiny ? 2.0 : 0.6)}};
  } else {
    sessions["concurrency"] = draw.whole(1, tiny ? 3 : 5);
  }
  sessions["limit"] = draw.whole(1, tiny ? 4 : 12);
  if (draw.feature("sub-agents", 0.6)) {
    json agent = {{"name", "searcher"},
                  {"shared_tokens", draw.whole(0, 300)},
                  {"steps", fixed(static_cast<double>(draw.whole(1, 3)))},
                  {"first_prompt_tokens", length(150)},
                  {"result_tokens", length(60)}};
    if (draw.chance(0.3)) {
      agent["spawns"] = {{{"agent", "reader"}, {"per_turn", 0.5}}};
      sessions["agents"].push_back({{"name", "reader"},
                                    {"shared_tokens", draw.whole(0, 200)},
                                    {"steps", fixed(1)},
                                    {"first_prompt_tokens", length(100)},
                                    {"result_tokens", length(30)}});
    }
    sessions["agents"].push_back(agent);
    sessions["spawns"] = {{{"agent", "searcher"},
                           {"per_turn", draw.real(0.3, 1)},
                           {"count", fixed(static_cast<double>(draw.whole(1, 3)))}}};
    if (draw.chance(0.5)) sessions["spawns"][0]["per_step"] = draw.real(0, 0.5);
  }
  return sessions;
}

constexpr const char* kDrawnTrace = "prompts_that_begin_alike_";

json random_trace(FeatureDraw& draw, double duration, bool tiny) {
  const std::int64_t requests = tiny ? draw.whole(1, 12) : draw.whole(20, 120);
  json trace = {{"kind", "trace"},
                {"format", "tokenworks_jsonl"},
                {"path", kDrawnTrace + std::to_string(draw.whole(1, 1'000'000)) + "_" + std::to_string(requests) + "_" +
                             std::to_string(static_cast<std::int64_t>(duration * 900)) + ".jsonl"}};
  if (draw.chance(0.2)) trace["rate_scale"] = draw.real(0.5, 3);
  if (requests > 8 && draw.chance(0.15)) trace["loop"] = true;
  return trace;
}

json random_arrivals(FeatureDraw& draw, double duration, bool tiny) {
  const std::string kind =
      draw.one_of("arrivals", {"poisson", "gamma", "closed_loop", "diurnal", "trace", "agent_sessions"});
  if (kind == "trace") return random_trace(draw, duration, tiny);
  if (kind == "agent_sessions") return random_sessions(draw, duration, tiny);
  const double rate = draw.real(0.5, tiny ? 9.0 : 6.0);
  if (kind == "poisson") return {{"kind", kind}, {"rate_per_s", rate}};
  if (kind == "gamma") return {{"kind", kind}, {"rate_per_s", rate}, {"cv", draw.real(0.3, 3.0)}};
  if (kind == "diurnal")
    return {{"kind", kind},
            {"mean_rate_per_s", rate},
            {"peak_hour_local", draw.real(0, 23)},
            {"peak_to_mean", draw.real(1.0, 2.0)}};
  json loop = {{"kind", kind}, {"concurrency", draw.whole(1, tiny ? 8 : 24)}};
  if (tiny || draw.chance(0.5)) loop["requests"] = draw.whole(1, tiny ? 15 : 150);
  if (draw.chance(0.5)) loop["think_time_s"] = draw.real(0.0, 5.0);
  return loop;
}

/// The lines of a trace of conversations and of prompts with common beginnings, in units of one length.
std::string drawn_trace(std::uint64_t seed, std::int64_t requests, double duration) {
  std::mt19937_64 random(seed);
  const auto whole = [&random](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  };
  const std::int64_t unit = std::array{1, 16, 24, 64, 512}[static_cast<std::size_t>(whole(0, 4))];
  std::int64_t next_id = 1;
  const auto fresh = [&](std::vector<std::int64_t>& ids, std::int64_t tokens) {
    for (std::int64_t i = 0; i < (tokens + unit - 1) / unit; ++i) ids.push_back(next_id++);
  };
  struct Conversation {
    std::vector<std::int64_t> ids;
    std::int64_t session = 0;
  };
  std::vector<std::vector<std::int64_t>> beginnings(3);
  for (auto& ids : beginnings) fresh(ids, whole(1, 700));
  std::vector<Conversation> open;
  std::int64_t last_session = 0;
  std::vector<double> dates;
  for (std::int64_t i = 0; i < requests; ++i) dates.push_back(duration * static_cast<double>(whole(0, 100'000)) * 1e-5);
  std::sort(dates.begin(), dates.end());
  std::string text;
  for (const double date : dates) {
    Conversation said;
    const bool goes_on = !open.empty() && whole(0, 2) > 0;
    std::size_t place = 0;
    if (goes_on) {
      place = static_cast<std::size_t>(whole(0, static_cast<std::int64_t>(open.size()) - 1));
      said = open[place];
    } else {
      said.ids = beginnings[static_cast<std::size_t>(whole(0, 2))];
      said.session = whole(0, 3) == 0 ? 0 : ++last_session;
    }
    if (whole(0, 5) > 0) fresh(said.ids, whole(1, 400));  // otherwise the same prompt again
    const auto units = static_cast<std::int64_t>(said.ids.size());
    json line = {{"arrival_s", date},
                 {"input_tokens", units * unit - whole(0, unit - 1)},
                 {"output_tokens", whole(1, 150)},
                 {"block_tokens", unit},
                 {"block_ids", said.ids}};
    if (said.session > 0) line["session"] = said.session;
    text += line.dump() + "\n";
    if (units * unit > 3000) {
      if (goes_on) open.erase(open.begin() + static_cast<std::ptrdiff_t>(place));
    } else if (goes_on) {
      open[place] = said;
    } else {
      open.push_back(said);
    }
  }
  return text;
}

/// Speculative decoding of a service. A drafter comes with a model entry of the scenario's own: the shipped model and a
/// head that is little more than one attention.
void add_speculation(FeatureDraw& draw, json& service, json& catalog) {
  const std::string kind = draw.one_of("speculation", {"drafter", "n_gram"});
  const std::int64_t draft_tokens = draw.whole(1, 8);
  service["speculation"] = {{"kind", kind}, {"draft_tokens", draft_tokens}};
  if (kind == "drafter") {
    json model = shipped("models", service["model"]);
    json table = json::array();
    for (int tokens = 1; tokens <= draft_tokens; ++tokens) table.push_back(1 + draw.real(0, tokens));
    model["drafters"] = {{{"layers", 1}, {"parameters", 1e6}, {"active_parameters", 1e6}, {"mean_accepted", table}}};
    service["model"] = "drafting_" + service["name"].get<std::string>();
    catalog["models"][service["model"]] = model;
    // Room for it where memory is tight.
    constexpr double kDrafterGb = 0.1;  // of the largest attention, Llama 3.1 8B in bf16: 84 MB
    const auto give = [](json& engine) {
      if (engine.contains("runtime_reserve_gb")) {
        engine["runtime_reserve_gb"] = engine["runtime_reserve_gb"].get<double>() - kDrafterGb;
      }
    };
    give(service["engine"]);
    if (service.contains("pools")) {
      for (json& pool : service["pools"]) {
        if (pool.contains("engine")) give(pool["engine"]);
      }
    }
    if (draw.feature("measured acceptance", 0.5)) return;
  }
  service["speculation"]["mean_accepted"] = 1 + draw.real(0, static_cast<double>(draft_tokens));
}

/// A fabric, with names of its parts that incidents may strike.
struct RandomFabric {
  json fabric;
  std::string link, a_switch;
};

RandomFabric random_fabric(FeatureDraw& draw, const std::vector<std::string>& nodes, std::int64_t nics) {
  const std::string kind = draw.one_of("fabric", {"rail_optimized", "fat_tree", "torus", "dragonfly", "custom"});
  json fabric = {{"kind", kind}};
  std::string a_switch = "leaf_0";
  if (kind == "rail_optimized" || kind == "fat_tree") {
    fabric[kind == "fat_tree" ? "nodes_per_leaf" : "nodes_per_scalable_unit"] = draw.whole(1, 3);
    if (draw.feature("oversubscription", 0.5)) fabric["oversubscription"] = draw.real(1, 4);
  } else if (kind == "torus" || kind == "dragonfly") {
    a_switch = "router_0";
    fabric["nodes_per_router"] = draw.whole(1, 2);
    if (kind == "torus") fabric["dimensions"] = json::array({2, draw.whole(2, 3)});
    if (kind == "dragonfly") fabric["routers_per_group"] = draw.whole(1, 2);
  } else {
    a_switch = "hub";
    fabric["switches"] = {{{"name", "hub"}}};
    for (const std::string& node : nodes) {
      fabric["links"].push_back({{"from", node}, {"to", "hub"}, {"gbit_per_s", 400}, {"cables", nics}});
    }
  }
  fabric["routing"] = draw.one_of("routing", {"adaptive", "ecmp"});
  fabric["detail"] = draw.one_of("detail", {"analytic", "flows"});
  if (draw.feature("no contention", 0.2)) fabric["contention"] = false;
  if (draw.feature("own reroute", 0.3)) fabric["reroute_s"] = draw.real(0, 2);
  if (draw.feature("short timeout", 0.4)) fabric["timeout_s"] = draw.real(0.2, 6);
  return {fabric, nodes.front() + "--" + a_switch, a_switch};
}

/// Whether many nodes share it, and the fabric may carry it.
json random_storage(FeatureDraw& draw, bool& shared) {
  const std::string kind = draw.one_of("storage", {"parallel_file_system", "object_store", "local_nvme"});
  shared = kind != "local_nvme";
  json storage = {{"kind", kind}, {"power_w", draw.real(0, 5000)}};
  if (shared) storage["read_gb_per_s"] = draw.real(1, 50);
  if (shared && draw.feature("own write bandwidth", 0.5)) storage["write_gb_per_s"] = draw.real(1, 20);
  if (kind == "parallel_file_system" && draw.chance(0.5)) storage["power_full_w"] = 6000;
  return storage;
}

json random_traffic(FeatureDraw& draw, bool shared_storage, bool pairs) {
  json traffic = json::array();
  const std::string store = shared_storage && draw.chance(0.7) ? "storage" : "local_drives";
  if (draw.feature("checkpoint", 0.25)) {
    json checkpoint = {{"name", "training"},
                       {"kind", "checkpoint"},
                       {"node_gb", draw.real(0.5, 40)},
                       {"interval_s", draw.real(3, 30)},
                       {"target", store},
                       {"through_host", draw.chance(0.5)}};
    if (draw.chance(0.5)) checkpoint["first_s"] = draw.real(0, 10);
    if (draw.feature("traffic of a group", 0.5)) checkpoint["racks"] = {"row_a"};
    traffic.push_back(checkpoint);
  }
  if (draw.feature("dataset_read", 0.25)) {
    traffic.push_back({{"name", "data"},
                       {"kind", "dataset_read"},
                       {"node_gb_per_s", draw.real(0.05, 2)},
                       {"block_gb", draw.real(0.1, 4)},
                       {"source", store}});
  }
  if (draw.feature("kv_offload", 0.25)) {
    traffic.push_back({{"name", "caches"},
                       {"kind", "kv_offload"},
                       {"service", "chat"},
                       {"share", draw.real(0.1, 1)},
                       {"target", draw.chance(0.5) ? "host" : store}});
  }
  if (pairs && draw.feature("point_to_point", 0.4)) {
    json messages = {{"name", "shuffle"},
                     {"kind", "point_to_point"},
                     {"concurrency", draw.whole(1, 6)},
                     {"mean_gb", draw.real(5, 60)},
                     {"spread", draw.real(0, 1)}};
    if (draw.chance(0.5)) messages["transfers"] = draw.whole(1, 100);
    traffic.push_back(messages);
  }
  return traffic;
}

json random_incidents(FeatureDraw& draw, const std::optional<RandomFabric>& fabric, std::int64_t nics,
                      bool shared_storage, std::int64_t chat_replicas, double duration) {
  json incidents = json::array();
  const auto strike = [&](const std::string& kind, const std::string& target, bool repairable = true) {
    json incident = {{"kind", kind}, {"at_s", draw.real(0, duration)}};
    if (!target.empty()) incident["target"] = target;
    if (repairable && draw.chance(0.8)) incident["repair_after_s"] = draw.real(0, duration / 2);
    incidents.push_back(incident);
    return incidents.size() - 1;
  };
  if (draw.feature("node failure", 0.25)) {
    strike("node_failure", "row_a/0");
    if (draw.feature("second failure", 0.6)) {
      json again = incidents.back();
      again["at_s"] = draw.real(0, duration);
      incidents.push_back(again);
    }
  }
  if (draw.feature("weight_load", 0.25)) {
    json& load = incidents.at(strike("weight_load", "", false));
    load["service"] = "chat";
    load["replicas"] = draw.whole(1, chat_replicas);
  }
  if (shared_storage && draw.feature("storage_slowdown", 0.25)) {
    incidents.at(strike("storage_slowdown", ""))["bandwidth_share"] = draw.real(0.05, 0.9);
  }
  if (!fabric) return incidents;
  if (draw.feature("link_failure", 0.2)) strike("link_failure", fabric->link);
  if (draw.feature("switch_failure", 0.2)) strike("switch_failure", fabric->a_switch);
  if (draw.feature("link_degraded", 0.2)) {
    incidents.at(strike("link_degraded", fabric->link))["bandwidth_share"] = draw.real(0, 0.9);
  }
  if (draw.feature("nic_failure", 0.2)) {
    incidents.at(strike("nic_failure", "row_a/1"))["nic"] = draw.whole(0, nics - 1);
  }
  if (draw.feature("link_flap", 0.2)) {
    json& flap = incidents.at(strike("link_flap", fabric->link, false));
    flap["down_s"] = draw.real(0.1, 3);
    flap["period_s"] = draw.real(3.5, 10);
    flap["times"] = draw.whole(1, 5);
  }
  return incidents;
}

}  // namespace

void write_drawn_traces(const json& scenario, const std::filesystem::path& folder) {
  for (const json& workload : scenario["workloads"]) {
    const std::string path = workload["arrivals"].value("path", "");
    if (!path.starts_with(kDrawnTrace)) continue;
    std::istringstream numbers(path.substr(std::string(kDrawnTrace).size()));
    std::uint64_t seed = 0;
    std::int64_t requests = 0, milliseconds = 0;
    char between = 0;
    numbers >> seed >> between >> requests >> between >> milliseconds;
    std::ofstream(folder / path) << drawn_trace(seed, requests, static_cast<double>(milliseconds) * 1e-3);
  }
}

json random_scenario(std::uint64_t seed, FeatureCounts& features, ScenarioSize size) {
  FeatureDraw draw(seed, features);
  features.scenario();
  const bool tiny = size == ScenarioSize::tiny;
  const double duration = tiny ? draw.real(1, 3) : draw.real(20, 90);
  json scenario = {{"format", "tokenworks.scenario/1"}, {"name", "random"}, {"seed", draw.whole(1, 1'000'000)}};
  scenario["clock"] = {{"start", "2026-07-15T14:00:00"}, {"duration_s", duration}};
  if (draw.feature("warm-up", 0.4)) scenario["clock"]["warm_up_s"] = draw.real(0, duration / 2);
  if (draw.feature("no drain", 0.3)) scenario["clock"]["drain"] = false;
  scenario["site"] = {{"weather",
                       {{"kind", "constant"},
                        {"dry_bulb_c", draw.real(-10, 42)},
                        {"relative_humidity", draw.real(0.1, 0.9)},
                        {"pressure_pa", 99000}}},
                      {"electricity", {{"kind", "flat"}, {"usd_per_kwh", 0.1}, {"co2_kg_per_kwh", 0.3}}}};

  // Memory may be tight: pools of some thousand tokens, so that requests are preempted.
  const ModelChoice& first = kModels[draw.whole(0, 4)];
  const ModelChoice& second = kModels[draw.whole(0, 4)];
  const bool two_services = draw.feature("two services", 0.4);
  const json gpu = shipped("gpus", "h100_sxm5");
  // With a fabric, nodes enough that one replica may stand on two of them.
  const bool has_fabric = draw.feature("a fabric", 0.7);
  const bool wide = has_fabric && draw.feature("replica over two nodes", 0.4);
  const bool two_groups = draw.feature("two rack groups", 0.4);
  const std::int64_t nodes_in_a = has_fabric ? draw.whole(wide ? 3 : 2, 3) : 1;
  const std::int64_t nics = std::array{1, 2, 8}[static_cast<std::size_t>(draw.whole(0, 2))];
  json rack = shipped("racks", "dgx_h100");
  rack["gpu"] = "test_gpu";
  rack["nics_per_node"] = nics;
  scenario["catalog"] = {{"gpus", {{"test_gpu", gpu}}}, {"racks", {{"test_rack", rack}}}};

  json racks = json::array({{{"name", "row_a"}, {"kind", "test_rack"}, {"count", nodes_in_a}}});
  if (two_groups) racks.push_back({{"name", "row_b"}, {"kind", "test_rack"}, {"count", 1}});
  const bool liquid = draw.one_of("cooling", {"air_crah", "direct_to_chip"}) == "direct_to_chip";
  scenario["factory"] = {{"racks", racks},
                         {"power",
                          {{"redundancy", draw.one_of("redundancy", {"n", "n_plus_1", "2n", "block_redundant"})},
                           {"ups", draw.one_of("ups", {"double_conversion", "eco", "none"})}}},
                         {"cooling",
                          {{"kind", liquid ? "direct_to_chip" : "air_crah"},
                           {"heat_rejection", {{"kind", liquid ? "dry_cooler" : "air_cooled_chiller"}}}}}};
  bool shared_storage = false;
  const bool has_storage = draw.feature("some storage", 0.65);
  if (has_storage) scenario["factory"]["storage"] = random_storage(draw, shared_storage);
  std::optional<RandomFabric> fabric;
  if (has_fabric) {
    std::vector<std::string> nodes;
    for (std::int64_t node = 0; node < nodes_in_a; ++node) nodes.push_back("row_a/" + std::to_string(node));
    if (two_groups) nodes.emplace_back("row_b/0");
    fabric = random_fabric(draw, nodes, nics);
    // A fabric that is drawn link by link has none to the storage.
    if (shared_storage && fabric->a_switch != "hub" && draw.feature("storage on the fabric", 0.6)) {
      fabric->fabric["storage_attachment"] = "fabric";
    }
    scenario["factory"]["fabric"] = fabric->fabric;
  }

  std::int64_t chat_replicas = 0;
  bool chat_is_tight = false;
  for (int s = 0; s < (two_services ? 2 : 1); ++s) {
    const ModelChoice& model = s == 0 ? first : second;
    const std::string name = s == 0 ? "chat" : "agent";
    json service = {{"name", name},
                    {"kind", "llm"},
                    {"model", model.id},
                    {"precision", model.precision},
                    {"parallelism", {{"tensor", model.tensor}}},
                    {"replicas", draw.whole(1, 4 / model.tensor)},
                    {"engine", random_engine(draw)}};
    std::optional<double> tokens;
    if (draw.feature("tight memory", 0.5)) tokens = draw.real(900, 5000);
    if (tokens) hold_back(service["engine"], model.reserve_gb(*tokens));
    if (tokens && s == 0) chat_is_tight = true;
    if (draw.feature("promises", 0.5))
      service["slo"] = {{"ttft_s", draw.real(0.05, 2)}, {"tpot_s", draw.real(0.005, 0.1)}};
    const bool is_wide = wide && s == 0;
    std::vector<std::string> pools = {name};
    chat_replicas = s == 0 ? service["replicas"].get<std::int64_t>() : chat_replicas;
    // What is left of a node beside the other service, or of a node of its own.
    const std::int64_t gpus = two_services ? 4 : 8;
    if (gpus >= 3 * model.tensor && draw.feature("some pools", 0.6)) {
      pools.clear();
      const std::int64_t replicas = add_pools(draw, service, model, gpus, tokens, is_wide, pools);
      if (s == 0) chat_replicas = replicas;
    } else if (is_wide) {
      service["parallelism"] = draw.one_of("two nodes", {"tensor", "pipeline"}) == "tensor"
                                   ? json{{"tensor", 16}}
                                   : json{{"tensor", 8}, {"pipeline", 2}};
      service["replicas"] = chat_replicas = 1;
      if (tokens) hold_back(service["engine"], 4.0);
    }
    const Sharing sharing = add_classes(draw, service, duration);
    add_tiers(draw, service);
    std::vector<std::string> entry_pools, decode_pools;
    for (const std::string& pool : pools) (pool.starts_with("decode") ? decode_pools : entry_pools).push_back(pool);
    service["router"] = random_router(draw, false, entry_pools, sharing.classes);
    const bool hands_over = service.contains("pools") && service["pools"][0]["role"] == "prefill";
    if (hands_over && draw.chance(0.95)) {
      service["disaggregation"] = {{"transfer", draw.one_of("transfer", {"at_once", "layer_by_layer"})},
                                   {"decode_router", random_router(draw, true, decode_pools, sharing.classes)}};
      if (draw.feature("local prompts", 0.4)) service["disaggregation"]["local_prompt_tokens"] = draw.whole(1, 900);
    }
    // Without a storage system that is shared, weights that take time come from drives.
    std::vector<std::string> sources = {"local_drives"};
    if (shared_storage || !has_storage) sources.emplace_back("storage");
    if (shared_storage && has_fabric) sources.emplace_back("peers");
    service["weight_source"] = draw.one_of("weight source", sources);
    if (two_groups && !wide && draw.feature("placement", 0.6)) {
      service["placement"] = {{"racks", json::array({s == 0 ? "row_b" : "row_a"})}};
    }
    if (draw.feature("speculation", 0.3)) add_speculation(draw, service, scenario["catalog"]);
    add_options(draw, service, model, is_wide, tokens);
    if (!service.contains("pools")) {
      const std::int64_t of_each =
          is_wide ? 16 : service["parallelism"].value("tensor", 1) * service["parallelism"].value("attention_data", 1);
      const std::int64_t replicas = service["replicas"];
      chat_replicas = s == 0 ? replicas : chat_replicas;
      if (!is_wide && draw.feature("autoscaler", 0.25)) {
        service["autoscaler"] = random_autoscaler(draw, replicas, std::max(replicas, 4 / of_each));
      }
    }
    if (s == 0 && two_services && draw.feature("overflow", 0.4)) service["overflow_to"] = "agent";
    scenario["services"].push_back(service);
    const std::int64_t workloads = sharing.classes.empty() && sharing.tenants.empty()
                                       ? (draw.feature("two workloads", 0.4) ? 2 : 1)
                                       : draw.whole(2, 3);
    for (std::int64_t w = 0; w < workloads; ++w) {
      json workload = {{"name", name + std::to_string(w)}, {"service", name}};
      workload["arrivals"] = random_arrivals(draw, duration, tiny);
      const std::string kind = workload["arrivals"]["kind"];
      if (kind != "trace" && kind != "agent_sessions") {
        workload["lengths"] = {{"input", random_length(draw, 600)}, {"output", random_length(draw, tiny ? 40 : 150)}};
      }
      const auto some = [&draw](const std::vector<std::string>& names) {
        return names[static_cast<std::size_t>(draw.whole(0, static_cast<std::int64_t>(names.size()) - 1))];
      };
      if (!sharing.classes.empty() && draw.chance(0.85)) workload["class"] = some(sharing.classes);
      if (!sharing.tenants.empty() && draw.chance(0.85)) workload["tenant"] = some(sharing.tenants);
      if (draw.feature("patience", 0.25)) workload["patience_s"] = draw.real(0.02, duration / 5);
      if (draw.feature("gives up", 0.25)) workload["gives_up_share"] = draw.real(0.05, 1);
      scenario["workloads"].push_back(workload);
    }
  }
  const json traffic = random_traffic(draw, shared_storage, has_fabric);
  if (!traffic.empty()) scenario["traffic"] = traffic;
  json incidents = random_incidents(draw, fabric, nics, shared_storage, chat_replicas, duration);
  const json& chat = scenario["services"][0];
  const bool can_change = !chat_is_tight && !wide && !chat.contains("adapters") && !chat.contains("speculation");
  if (can_change && draw.feature("model swap", 0.6))
    incidents.push_back(random_swap(draw, chat, chat_replicas, duration));
  if (draw.feature("power cap", 0.3)) {
    for (json& service : scenario["services"]) {
      if (draw.chance(0.4)) service["gpu_power_cap_w"] = draw.real(250, 700);
    }
    for (std::int64_t i = draw.whole(1, 4); i > 0; --i) {
      json cap = {{"kind", "gpu_power_cap"},
                  {"at_s", draw.real(0, duration)},
                  {"service", scenario["services"][static_cast<std::size_t>(
                                  draw.whole(0, static_cast<std::int64_t>(scenario["services"].size()) - 1))]["name"]},
                  {"gpu_power_cap_w", draw.real(250, 700)}};
      if (draw.chance(0.8)) cap["repair_after_s"] = draw.real(0, duration / 2);
      incidents.push_back(cap);
    }
  }
  random_facility_events(draw, scenario, incidents, duration);
  if (!incidents.empty()) scenario["incidents"] = incidents;
  scenario["report"] = {{"interval_s", draw.real(0.5, 30)}};
  return scenario;
}

}  // namespace tokenworks::testing
