#include "tests/laws/random_scenario.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
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
  double real(double low, double high) { return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1.0p-53; }
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
constexpr ModelChoice kModels[] = {{"llama_3_1_8b", "bf16", 1, 20.31, 7537},
                                   {"llama_3_1_8b", "fp8", 2, 8.65, 30146},
                                   {"qwen3_30b_a3b", "fp8", 1, 35.61, 20098},
                                   {"gpt_oss_20b", "fp4", 1, 17.97, 80391},
                                   {"llama_3_1_70b", "fp8", 4, 22.45, 24118}};

json random_length(Draw& draw, std::int64_t typical) {
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

json random_arrivals(Draw& draw, bool& closed) {
  const std::string kind = draw.one_of("arrivals", {"poisson", "gamma", "closed_loop", "diurnal"});
  closed = kind == "closed_loop";
  const double rate = draw.real(0.5, 6.0);
  if (kind == "poisson") return {{"kind", kind}, {"rate_per_s", rate}};
  if (kind == "gamma") return {{"kind", kind}, {"rate_per_s", rate}, {"cv", draw.real(0.3, 3.0)}};
  if (kind == "diurnal")
    return {{"kind", kind},
            {"mean_rate_per_s", rate},
            {"peak_hour_local", draw.real(0, 23)},
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

/// A fabric, with names of its parts that incidents may strike.
struct RandomFabric {
  json fabric;
  std::string link, a_switch;
};

RandomFabric random_fabric(Draw& draw, const std::vector<std::string>& nodes, std::int64_t nics) {
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
json random_storage(Draw& draw, bool& shared) {
  const std::string kind = draw.one_of("storage", {"parallel_file_system", "object_store", "local_nvme"});
  shared = kind != "local_nvme";
  json storage = {{"kind", kind}, {"power_w", draw.real(0, 5000)}};
  if (shared) storage["read_gb_per_s"] = draw.real(1, 50);
  if (shared && draw.feature("own write bandwidth", 0.5)) storage["write_gb_per_s"] = draw.real(1, 20);
  if (kind == "parallel_file_system" && draw.chance(0.5)) storage["power_full_w"] = 6000;
  return storage;
}

json random_traffic(Draw& draw, bool shared_storage, bool pairs) {
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

json random_incidents(Draw& draw, const std::optional<RandomFabric>& fabric, std::int64_t nics, bool shared_storage,
                      std::int64_t chat_replicas, double duration) {
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
  scenario["site"] = {{"weather",
                       {{"kind", "constant"},
                        {"dry_bulb_c", draw.real(-10, 42)},
                        {"relative_humidity", draw.real(0.1, 0.9)},
                        {"pressure_pa", 99000}}},
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
                          {{"redundancy", draw.one_of("redundancy", {"n", "n_plus_1", "2n"})},
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

  for (int s = 0; s < (two_services ? 2 : 1); ++s) {
    const ModelChoice& model = s == 0 ? first : second;
    const std::string name = s == 0 ? "chat" : "agent";
    json service = {{"name", name},
                    {"kind", "llm"},
                    {"model", model.id},
                    {"precision", model.precision},
                    {"parallelism", {{"tensor", model.tensor}}},
                    {"replicas", draw.whole(1, 4 / model.tensor)},
                    {"engine", random_engine(draw, tight)},
                    {"router", {{"kind", draw.one_of("router", {"round_robin", "least_loaded"})}}}};
    if (draw.feature("promises", 0.5))
      service["slo"] = {{"ttft_s", draw.real(0.05, 2)}, {"tpot_s", draw.real(0.005, 0.1)}};
    if (wide && s == 0) {
      service["parallelism"] = draw.one_of("two nodes", {"tensor", "pipeline"}) == "tensor"
                                   ? json{{"tensor", 16}}
                                   : json{{"tensor", 8}, {"pipeline", 2}};
      service["replicas"] = 1;
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
    scenario["services"].push_back(service);
    const int workloads = draw.feature("two workloads", 0.2) ? 2 : 1;
    for (int w = 0; w < workloads; ++w) {
      bool closed = false;
      json arrivals = random_arrivals(draw, closed);
      scenario["workloads"].push_back(
          {{"name", name + std::to_string(w)},
           {"service", name},
           {"arrivals", arrivals},
           {"lengths", {{"input", random_length(draw, 600)}, {"output", random_length(draw, 150)}}}});
    }
  }
  const std::int64_t replicas = scenario["services"][0]["replicas"];
  const json traffic = random_traffic(draw, shared_storage, has_fabric);
  if (!traffic.empty()) scenario["traffic"] = traffic;
  const json incidents = random_incidents(draw, fabric, nics, shared_storage, replicas, duration);
  if (!incidents.empty()) scenario["incidents"] = incidents;
  scenario["report"] = {{"interval_s", draw.real(0.5, 30)}};
  return scenario;
}

}  // namespace tokenworks::testing
