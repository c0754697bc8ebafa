#include "tests/laws/random_scenario.hpp"

#include <algorithm>
#include <fstream>
#include <random>
#include <vector>

namespace tokenworks::testing {
namespace {

using nlohmann::json;

/// Draws values and notes the features that they stand for.
class Draw {
 public:
  Draw(std::uint64_t seed, FeatureCounts& features) : random_(seed), features_(features) {}

  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  double real(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1.0p-53;
  }
  bool chance(double probability) { return real(0, 1) < probability; }
  std::string one_of(const std::string& what, const std::vector<std::string>& names) {
    const std::string& name = names[static_cast<std::size_t>(whole(0, static_cast<std::int64_t>(names.size()) - 1))];
    features_.note(what + ":" + name);
    return name;
  }
  /// A feature that is on with `probability`.
  bool feature(const std::string& name, double probability) {
    if (!chance(probability)) return false;
    features_.note(name);
    return true;
  }

 private:
  std::mt19937_64 random_;
  FeatureCounts& features_;
};

json shipped(const std::string& section, const std::string& id) {
  std::ifstream file(TOKENWORKS_SOURCE_DIR "/models/catalog/" + section + "/" + id + ".json");
  return json::parse(file);
}

/// Models with the GPU memory at which no room is left for context, and the tokens that each further GiB holds, with
/// memory_share 0.92 (read from reports of runs with 60 and 80 GiB).
struct ModelChoice {
  const char* id;
  const char* precision;
  int tensor;
  double full_gib;
  double tokens_per_gib;
  double gib_for(double tokens) const { return full_gib + tokens / tokens_per_gib; }
};
constexpr ModelChoice kModels[] = {{"llama_3_1_8b", "bf16", 1, 20.31, 7537}, {"llama_3_1_8b", "fp8", 2, 8.65, 30146},
                                   {"qwen3_30b_a3b", "fp8", 1, 35.61, 20098}, {"gpt_oss_20b", "fp4", 1, 17.97, 80391},
                                   {"llama_3_1_70b", "fp8", 4, 22.45, 24118}};

json random_length(Draw& draw, std::int64_t typical) {
  const std::string kind = draw.one_of("length", {"fixed", "uniform_share", "geometric", "lognormal", "table"});
  if (kind == "fixed") return {{"kind", kind}, {"tokens", draw.whole(1, 2 * typical)}};
  if (kind == "uniform_share") return {{"kind", kind}, {"nominal_tokens", typical}, {"low", 0.2}, {"high", 1.0}};
  if (kind == "geometric") return {{"kind", kind}, {"mean_tokens", static_cast<double>(typical)}};
  if (kind == "lognormal") {
    return {{"kind", kind}, {"median_tokens", static_cast<double>(typical)}, {"sigma", 0.8}, {"max_tokens", 8 * typical}};
  }
  return {{"kind", kind},
          {"name", typical > 300 ? "azure_llm_2023_conversation_input" : "azure_llm_2023_conversation_output"}};
}

json random_arrivals(Draw& draw, bool& closed) {
  const std::string kind = draw.one_of("arrivals", {"poisson", "gamma", "closed_loop", "diurnal"});
  closed = kind == "closed_loop";
  const double rate = draw.real(0.5, 6.0);
  if (kind == "poisson") return {{"kind", kind}, {"rate_per_s", rate}};
  if (kind == "gamma") return {{"kind", kind}, {"rate_per_s", rate}, {"cv", draw.real(0.3, 3.0)}};
  if (kind == "diurnal") return {{"kind", kind}, {"mean_rate_per_s", rate}, {"peak_hour_local", draw.real(0, 23)},
                                  {"peak_to_mean", draw.real(1.0, 2.0)}};
  json loop = {{"kind", kind}, {"concurrency", draw.whole(1, 24)}};
  if (draw.chance(0.5)) loop["requests"] = draw.whole(1, 150);
  if (draw.chance(0.5)) loop["think_time_s"] = draw.real(0.0, 5.0);
  return loop;
}

json random_engine(Draw& draw, bool tight) {
  json engine = {{"kind", draw.one_of("engine", {"vllm", "sglang", "tensorrt_llm"})}};
  if (tight && engine["kind"] != "tensorrt_llm") engine["memory_share"] = 0.92;
  if (draw.feature("few sequences", 0.3)) engine["max_sequences"] = draw.whole(1, 8);
  if (draw.feature("small token budget", 0.3)) engine["max_batch_tokens"] = draw.whole(300, 2000);
  if (draw.feature("own block length", 0.4)) engine["kv_block_tokens"] = draw.whole(1, 40);
  if (draw.feature("queue limit", 0.2)) engine["max_waiting"] = draw.whole(1, 10);
  if (engine["kind"] == "sglang" && draw.feature("polling", 0.5)) engine["poll_interval_steps"] = draw.whole(2, 30);
  if (engine["kind"] == "tensorrt_llm" && draw.feature("batch wait", 0.5)) {
    engine["batch_wait_token_share"] = draw.real(0.05, 0.9);
    engine["batch_wait_steps"] = draw.whole(1, 40);
  }
  if (engine["kind"] != "tensorrt_llm" && draw.feature("short chunks", 0.25)) {
    engine["max_prompt_chunk_tokens"] = draw.whole(64, 1024);
  }
  return engine;
}

/// Speculative decoding of a service. A drafter comes with a model entry of the scenario's own: the shipped model and a
/// head that is little more than one attention, for which tight memory gets more room.
void add_speculation(Draw& draw, json& service, json& catalog) {
  constexpr double kDrafterGib = 0.1;  // of the largest attention, Llama 3.1 8B in bf16: 84 MB
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
    json& memory = catalog["gpus"]["test_gpu"]["memory_gib"];
    memory = memory.get<double>() + kDrafterGib;
    if (draw.feature("measured acceptance", 0.5)) return;
  }
  service["speculation"]["mean_accepted"] = 1 + draw.real(0, static_cast<double>(draft_tokens));
}

}  // namespace

std::string FeatureCounts::rare() const {
  std::string text;
  for (const auto& [feature, count] : counts_) {
    if (20 * count < scenarios_) text += feature + " in " + std::to_string(count) + "\n";
  }
  return text;
}

json random_scenario(std::uint64_t seed, FeatureCounts& features) {
  Draw draw(seed, features);
  features.scenario();
  const double duration = draw.real(20, 90);
  json scenario = {{"format", "tokenworks.scenario/1"}, {"name", "random"}, {"seed", draw.whole(1, 1'000'000)}};
  scenario["clock"] = {{"start", "2026-07-15T14:00:00"}, {"duration_s", duration}};
  if (draw.feature("warm-up", 0.4)) scenario["clock"]["warm_up_s"] = draw.real(0, duration / 2);
  if (draw.feature("no drain", 0.3)) scenario["clock"]["drain"] = false;
  scenario["site"] = {{"weather", {{"kind", "constant"}, {"dry_bulb_c", draw.real(-10, 42)},
                                   {"relative_humidity", draw.real(0.1, 0.9)}, {"pressure_pa", 99000}}},
                      {"electricity", {{"kind", "flat"}, {"usd_per_kwh", 0.1}, {"co2_kg_per_kwh", 0.3}}}};

  // One kind of GPU, with memory that may be tight: pools of some thousand tokens, so that requests are preempted.
  const ModelChoice& first = kModels[draw.whole(0, 4)];
  const ModelChoice& second = kModels[draw.whole(0, 4)];
  const bool two_services = draw.feature("two services", 0.4);
  json gpu = shipped("gpus", "h100_sxm5");
  const bool tight = draw.feature("tight memory", 0.5);
  if (tight) {
    const double tokens = draw.real(1500, 9000);
    gpu["memory_gib"] = std::max(first.gib_for(tokens), two_services ? second.gib_for(tokens) : 0.0);
  }
  json rack = shipped("racks", "dgx_h100");
  rack["gpu"] = "test_gpu";
  scenario["catalog"] = {{"gpus", {{"test_gpu", gpu}}}, {"racks", {{"test_rack", rack}}}};

  const bool two_groups = draw.feature("two rack groups", 0.4);
  json racks = json::array({{{"name", "row_a"}, {"kind", "test_rack"}, {"count", 1}}});
  if (two_groups) racks.push_back({{"name", "row_b"}, {"kind", "test_rack"}, {"count", 1}});
  const bool liquid = draw.one_of("cooling", {"air_crah", "direct_to_chip"}) == "direct_to_chip";
  scenario["factory"] = {{"racks", racks},
                         {"power", {{"redundancy", draw.one_of("redundancy", {"n", "n_plus_1", "2n"})},
                                    {"ups", draw.one_of("ups", {"double_conversion", "eco", "none"})}}},
                         {"cooling", {{"kind", liquid ? "direct_to_chip" : "air_crah"},
                                      {"heat_rejection", {{"kind", liquid ? "dry_cooler" : "air_cooled_chiller"}}}}}};
  if (draw.feature("storage", 0.5)) {
    scenario["factory"]["storage"] = {{"read_gb_per_s", draw.real(1, 50)}, {"power_w", draw.real(0, 5000)}};
  }

  for (int s = 0; s < (two_services ? 2 : 1); ++s) {
    const ModelChoice& model = s == 0 ? first : second;
    const std::string name = s == 0 ? "chat" : "agent";
    json service = {{"name", name}, {"kind", "llm"}, {"model", model.id}, {"precision", model.precision},
                    {"parallelism", {{"tensor", model.tensor}}}, {"replicas", draw.whole(1, 4 / model.tensor)},
                    {"engine", random_engine(draw, tight)},
                    {"router", {{"kind", draw.one_of("router", {"round_robin", "least_loaded"})}}}};
    if (draw.feature("promises", 0.5)) service["slo"] = {{"ttft_s", draw.real(0.05, 2)}, {"tpot_s", draw.real(0.005, 0.1)}};
    if (two_groups && draw.feature("placement", 0.4)) {
      service["placement"] = {{"racks", json::array({s == 0 ? "row_b" : "row_a"})}};
    }
    if (draw.feature("speculation", 0.3)) add_speculation(draw, service, scenario["catalog"]);
    scenario["services"].push_back(service);
    const int workloads = draw.feature("two workloads", 0.2) ? 2 : 1;
    for (int w = 0; w < workloads; ++w) {
      bool closed = false;
      json arrivals = random_arrivals(draw, closed);
      scenario["workloads"].push_back({{"name", name + std::to_string(w)}, {"service", name}, {"arrivals", arrivals},
                                       {"lengths", {{"input", random_length(draw, 600)},
                                                    {"output", random_length(draw, 150)}}}});
    }
  }
  if (draw.feature("node failure", 0.25)) {
    json incident = {{"kind", "node_failure"}, {"at_s", draw.real(0, duration)}, {"target", "row_a/0"}};
    if (draw.chance(0.8)) incident["repair_after_s"] = draw.real(0, duration / 2);
    scenario["incidents"].push_back(incident);
    if (draw.feature("second failure", 0.4)) {
      incident["at_s"] = draw.real(0, duration);
      scenario["incidents"].push_back(incident);
    }
  }
  scenario["report"] = {{"interval_s", draw.real(0.5, 30)}};
  return scenario;
}

}  // namespace tokenworks::testing
