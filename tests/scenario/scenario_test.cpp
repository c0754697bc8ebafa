// Whole scenarios: what is read, how it is written again, what acts.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <random>

#include "sim/scenario/check_scenario.hpp"
#include "sim/scenario/field_writer.hpp"
#include "sim/scenario/json_text.hpp"
#include "sim/scenario/local_time.hpp"
#include "sim/scenario/override.hpp"
#include "sim/scenario/read_scenario.hpp"
#include "sim/scenario/scenario_documents.hpp"
#include "tests/catch.hpp"
#include "tests/scenario/property.hpp"
#include "tests/scenario/schema_check.hpp"

using namespace tokenworks;
using namespace tokenworks::scenario;

namespace {

const std::string kRoot = TOKENWORKS_SOURCE_DIR;

Json parsed(const std::string& text) {
  FaultList faults;
  auto json = parse_json(text, faults);
  CAPTURE(faults.text("text"));
  REQUIRE(json.has_value());
  return std::move(*json);
}

const char* const kSmall = R"({
  "format": "tokenworks.scenario/1", "name": "small",
  "clock": {"duration_s": 600},
  "factory": {"racks": [{"name": "row_a", "kind": "dgx_h100", "count": 2}]},
  "services": [{"name": "chat", "kind": "llm", "model": "llama_3_1_8b"}],
  "workloads": [{"service": "chat", "arrivals": {"kind": "poisson", "rate_per_s": 2},
                 "lengths": {"input": {"kind": "table", "name": "azure_llm_2023_code_input"},
                             "output": {"kind": "fixed", "tokens": 100}}}]
})";

ReadOutcome read(const std::string& text, const Overrides& overrides = {}) {
  return read_scenario_text(text, "test.json", kRoot + "/scenarios", overrides);
}

/// Chooses among everything that a scenario may hold; a number drawn decides each choice, so that RapidCheck can
/// shrink.
class Draw {
 public:
  explicit Draw(std::uint32_t seed) : random_(seed) {}
  bool chance() { return std::uniform_int_distribution<int>(0, 1)(random_) == 1; }
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }
  /// Sometimes with few digits, sometimes with all that a double has.
  double real(double low, double high) {
    const double value = std::uniform_real_distribution<double>(low, high)(random_);
    return chance() ? value : std::floor(value * 100) / 100 + low;
  }
  std::string one_of(const std::vector<std::string>& names) {
    return names[static_cast<std::size_t>(whole(0, static_cast<std::int64_t>(names.size()) - 1))];
  }

 private:
  std::mt19937 random_;
};

Json random_length(Draw& draw) {
  const std::string kind = draw.one_of({"fixed", "uniform_share", "geometric", "lognormal", "table"});
  if (kind == "fixed") return {{"kind", kind}, {"tokens", draw.whole(1, 5000)}};
  if (kind == "uniform_share")
    return {{"kind", kind}, {"nominal_tokens", 1000}, {"low", draw.real(0.1, 0.4)}, {"high", draw.real(0.9, 1.2)}};
  if (kind == "geometric") return {{"kind", kind}, {"mean_tokens", draw.real(1, 900)}};
  if (kind == "lognormal")
    return {{"kind", kind}, {"median_tokens", draw.real(10, 900)}, {"sigma", draw.real(0.1, 2)}, {"max_tokens", 9000}};
  return {{"kind", kind}, {"name", "azure_llm_2023_conversation_input"}};
}

Json random_scenario(std::uint32_t seed) {
  Draw draw(seed);
  Json s = parsed(kSmall);
  if (draw.chance()) s["seed"] = draw.whole(0, 1'000'000'000'000);
  if (draw.chance()) s["clock"]["warm_up_s"] = draw.real(0, 300);
  if (draw.chance())
    s["clock"]["start"] = draw.one_of({"2026-02-28", "2024-02-29T23:59:59.5", "2026-07-15T14:00:00+05:30"});
  if (draw.chance()) {
    s["site"] = {{"weather",
                  {{"kind", "constant"}, {"dry_bulb_c", draw.real(-20, 40)}, {"relative_humidity", draw.real(0, 0.9)}}},
                 {"electricity", {{"kind", "flat"}, {"usd_per_kwh", draw.real(0.01, 0.5)}}}};
  }
  if (draw.chance()) s["factory"]["storage"] = {{"read_gb_per_s", draw.real(1, 500)}, {"power_w", draw.real(0, 1e4)}};
  if (draw.chance()) s["factory"]["power"] = {{"redundancy", draw.one_of({"n", "n_plus_1", "2n"})}};
  if (draw.chance()) s["factory"]["cooling"] = {{"kind", draw.one_of({"air_crah", "direct_to_chip"})}};
  Json& service = s["services"][0];
  service["replicas"] = draw.whole(1, 4);
  if (draw.chance()) service["parallelism"] = {{"tensor", draw.one_of({"1", "2"}) == "1" ? 1 : 2}};
  if (draw.chance())
    service["engine"] = {{"kind", draw.one_of({"vllm", "sglang", "tensorrt_llm"})},
                         {"runtime_reserve_gb", draw.real(0.5, 9)}};
  if (draw.chance()) service["router"] = {{"kind", draw.one_of({"round_robin", "least_loaded"})}};
  if (draw.chance()) service["slo"] = {{"ttft_s", draw.real(0.1, 3)}};
  if (draw.chance()) service["placement"] = {{"racks", Json::array({"row_a"})}};
  Json& workload = s["workloads"][0];
  const std::string arrivals = draw.one_of({"poisson", "gamma", "closed_loop"});
  workload["arrivals"] = {{"kind", arrivals}};
  if (arrivals == "closed_loop") {
    workload["arrivals"]["concurrency"] = draw.whole(1, 99);
  } else {
    workload["arrivals"]["rate_per_s"] = draw.real(0.1, 9);
  }
  if (arrivals == "gamma") workload["arrivals"]["cv"] = draw.real(0.2, 4);
  workload["lengths"] = {{"input", random_length(draw)}, {"output", random_length(draw)}};
  if (draw.chance()) s["incidents"] = {{{"kind", "node_failure"}, {"at_s", draw.real(0, 500)}, {"target", "row_a/1"}}};
  if (draw.chance()) s["report"] = {{"interval_s", draw.real(1, 60)}};
  if (draw.chance()) {
    ReadOutcome shipped = read(kSmall);
    compute::GpuSpec gpu = *shipped.catalog.gpu("h100_sxm5", shipped.faults);
    compute::RackSpec rack = *shipped.catalog.rack("dgx_h100", shipped.faults);
    s["catalog"] = {{"gpus", {{"h100_sxm5", write_struct(gpu)}}}, {"racks", {{"mine", write_struct(rack)}}}};
    s["catalog"]["gpus"]["h100_sxm5"]["memory_gib"] = draw.real(60, 90);
    s["factory"]["racks"][0]["kind"] = "mine";
  }
  return s;
}

/// Pointers of all values of a document.
void collect(Json& value, std::vector<Json*>& list) {
  list.push_back(&value);
  if (!value.is_structured()) return;
  for (Json& child : value) collect(child, list);
}

/// One random thing done to a document: another value, a member gone, a member twice under another name.
void mutate(Json& document, Draw& draw) {
  std::vector<Json*> values;
  collect(document, values);
  Json& value = *values[static_cast<std::size_t>(draw.whole(0, static_cast<std::int64_t>(values.size()) - 1))];
  const std::vector<Json> others = {nullptr,
                                    true,
                                    -1,
                                    0,
                                    1,
                                    1e30,
                                    0.5,
                                    -1e-30,
                                    9223372036854775807LL,
                                    18446744073709551615ULL,
                                    "",
                                    "x",
                                    "row_a/0",
                                    "/",
                                    Json::array(),
                                    Json::object(),
                                    Json::array({1, 2}),
                                    {{"kind", "llm"}}};
  const auto other = [&] {
    return others[static_cast<std::size_t>(draw.whole(0, static_cast<std::int64_t>(others.size()) - 1))];
  };
  if (value.is_structured() && !value.empty() && draw.chance()) {
    auto child = value.begin();
    std::advance(child, draw.whole(0, static_cast<std::int64_t>(value.size()) - 1));
    if (draw.chance()) {
      value.erase(child);
    } else if (value.is_object()) {
      value[child.key() + "x"] = Json(*child);
    } else {
      value.push_back(Json(*child));
    }
  } else {
    value = other();
  }
}

}  // namespace

TEST_CASE("scenario: a small one is read with all defaults filled in", "[scenario]") {
  ReadOutcome outcome = read(kSmall);
  CAPTURE(outcome.faults.text("small"));
  REQUIRE(outcome.faults.empty());
  CHECK(outcome.spec.factory.cooling.kind() == "air_crah");
  CHECK(outcome.spec.workloads[0].name == "chat");  // a workload without a name bears that of its service
  const auto& service = dynamic_cast<LlmServiceSpec&>(*outcome.spec.services[0]);
  CHECK(service.engine.kind() == "vllm");
  CHECK(service.router.kind() == "least_loaded");
  // What was opened is what acts: no other GPU, model or table.
  std::vector<std::string> used;
  for (const auto& entry : outcome.catalog.used()) used.push_back(entry.section + "/" + entry.id + " " + entry.origin);
  CHECK(used == std::vector<std::string>{"gpus/h100_sxm5 shipped", "kernels/h100_sxm5_tensorrt_llm shipped",
                                         "lengths/azure_llm_2023_code_input shipped", "models/llama_3_1_8b shipped",
                                         "racks/dgx_h100 shipped"});
  CHECK(outcome.inputs.front().name == "test.json");
  CHECK(outcome.inputs.size() == 6);
  for (const Assumption& assumption : outcome.assumptions) {
    CAPTURE(assumption.subject);
    CHECK((assumption.evidence == "E" || assumption.evidence == "R"));
    CHECK_FALSE(assumption.value.empty());
    CHECK_FALSE(assumption.source.empty());
  }
}

TEST_CASE("scenario: the KV cache has the format that the precision implies, or the one that is named", "[scenario]") {
  const auto format = [](const Overrides& overrides) {
    ReadOutcome outcome = read(kSmall, overrides);
    CAPTURE(outcome.faults.text("small"));
    REQUIRE(outcome.faults.empty());
    return dynamic_cast<LlmServiceSpec&>(*outcome.spec.services[0]).kv_format();
  };
  CHECK(format({}) == llm::KvFormat::bf16);
  CHECK(format({{"/services/0/precision", "fp8"}}) == llm::KvFormat::fp8);
  CHECK(format({{"/services/0/precision", "fp8"}, {"/services/0/kv_cache_precision", "bf16"}}) == llm::KvFormat::bf16);
  CHECK(format({{"/services/0/kv_cache_precision", "fp8"}}) == llm::KvFormat::fp8);
}

TEST_CASE("scenario: a value that is given is no assumption any more", "[scenario]") {
  const auto subjects = [](const ReadOutcome& outcome) {
    std::vector<std::string> list;
    for (const Assumption& assumption : outcome.assumptions) list.push_back(assumption.subject);
    return list;
  };
  const auto before = subjects(read(kSmall));
  const auto of_scenario =
      std::find_if(before.begin(), before.end(), [](const std::string& s) { return s.front() == '/'; });
  REQUIRE(of_scenario != before.end());
  ReadOutcome resolved = read(kSmall);
  const auto after = subjects(read(json_text(write_struct(resolved.spec))));
  for (const std::string& subject : after) CHECK(subject.front() != '/');
}

TEST_CASE("scenario: resolved, written and read again it is the same scenario", "[scenario][law]") {
  REQUIRE(holds("random scenarios", [](std::uint32_t seed) {
    const Json scenario = random_scenario(seed);
    ReadOutcome first = read(json_text(scenario));
    if (!first.faults.empty()) RC_FAIL(first.faults.text("random") + json_text(scenario));
    const std::string text = json_text(write_struct(first.spec));
    ReadOutcome second = read(text);
    if (!second.faults.empty()) RC_FAIL(second.faults.text("resolved"));
    RC_ASSERT(json_text(write_struct(second.spec)) == text);
    // Not only the text: the members, to the last bit.
    const auto& a = dynamic_cast<LlmServiceSpec&>(*first.spec.services[0]);
    const auto& b = dynamic_cast<LlmServiceSpec&>(*second.spec.services[0]);
    RC_ASSERT(a.engine->profile({}).runtime_reserve == b.engine->profile({}).runtime_reserve);
    if (first.spec.factory.storage) {
      RC_ASSERT((*first.spec.factory.storage)->profile().read_bandwidth ==
                (*second.spec.factory.storage)->profile().read_bandwidth);
    }
    RC_ASSERT(first.catalog.gpu("h100_sxm5", first.faults)->memory ==
              second.catalog.gpu("h100_sxm5", second.faults)->memory);
  }));
}

TEST_CASE("scenario: no mutation of a scenario crashes, and what is accepted can be written and read",
          "[scenario][law]") {
  constexpr int kInputs = inputs_of_build(1000);
  int accepted = 0, refused = 0;
  REQUIRE(holds(
      "mutations",
      [&](std::uint32_t seed) {
        Draw draw(seed);
        Json scenario = random_scenario(seed);
        for (std::int64_t i = draw.whole(1, 3); i > 0; --i) mutate(scenario, draw);
        ReadOutcome outcome = read(json_text(scenario));
        outcome.faults.empty() ? ++accepted : ++refused;
        if (!outcome.faults.empty()) return;
        const std::string text = json_text(write_struct(outcome.spec));
        ReadOutcome again = read(text);
        if (!again.faults.empty()) RC_FAIL(again.faults.text("resolved"));
        RC_ASSERT(json_text(write_struct(again.spec)) == text);
      },
      kInputs));
  CHECK(accepted > kInputs / 50);  // both outcomes occur
  CHECK(refused > kInputs / 2);
}

TEST_CASE("schema: accepts what the reader accepts, and refuses what has the wrong shape", "[scenario][law]") {
  const Json schema = scenario_schema(Catalog());
  constexpr int kInputs = inputs_of_build(600);
  int accepted = 0, refused = 0;
  REQUIRE(holds(
      "mutations",
      [&](std::uint32_t seed) {
        Draw draw(seed);
        Json scenario = random_scenario(seed);
        if (draw.chance()) mutate(scenario, draw);
        const ReadOutcome outcome = read(json_text(scenario));
        // A schema knows shapes, limits and lists of names; what a value means beyond that it cannot know.
        const auto beyond_schema = [](const Fault& fault) {
          const auto kind = fault.kind;
          return kind != FaultKind::unknown_key && kind != FaultKind::wrong_type && kind != FaultKind::missing_key &&
                 kind != FaultKind::unknown_kind;
        };
        const auto& faults = outcome.faults.kept();
        const bool shape_good = std::all_of(faults.begin(), faults.end(), beyond_schema);
        const std::string why = schema_fault(schema, scenario);
        if (outcome.faults.empty() && !why.empty())
          RC_FAIL("refused by the schema: " + why + "\n" + json_text(scenario));
        // The reader knows one more rule of shape: which arrivals bring lengths.
        const bool lengths_missing =
            std::any_of(faults.begin(), faults.end(), [](const Fault& f) { return f.pointer.ends_with("/lengths"); });
        const bool catalog_note = std::any_of(faults.begin(), faults.end(), [](const Fault& f) {
          return f.pointer.find("/sources/") != std::string::npos;
        });
        if (!shape_good && why.empty() && !lengths_missing && !catalog_note) {
          RC_FAIL("accepted by the schema: " + outcome.faults.text("scenario") + json_text(scenario));
        }
        why.empty() ? ++accepted : ++refused;
      },
      kInputs));
  CHECK(accepted > kInputs / 6);
  CHECK(refused > kInputs / 6);
}

TEST_CASE("parameter reference: scenarios/PARAMETERS.md is what the program says", "[scenario]") {
  FaultList faults;
  const auto committed = read_text(kRoot + "/scenarios/PARAMETERS.md", faults);
  REQUIRE(committed.has_value());
  INFO("write it anew: build/dev/bin/tokenworks list parameters > scenarios/PARAMETERS.md");
  CHECK((*committed == parameter_reference()));
}

TEST_CASE("overrides: change, add and append; bad pointers are faults", "[scenario]") {
  const auto changed = [](const std::string& pointer, const std::string& value) {
    Json document = parsed(R"({"a": {"b": [1, 2]}, "c": "x"})");
    FaultList faults;
    apply_override(document, pointer, value, faults);
    return faults.empty() ? document.dump() : "bad_override";
  };
  CHECK(changed("/a/b/0", "5") == R"({"a":{"b":[5,2]},"c":"x"})");
  CHECK(changed("/a/b/2", "[3]") == R"({"a":{"b":[1,2,[3]]},"c":"x"})");
  CHECK(changed("/a/b/-", "3") == R"({"a":{"b":[1,2,3]},"c":"x"})");
  CHECK(changed("/c", "some words") == R"({"a":{"b":[1,2]},"c":"some words"})");
  CHECK(changed("/c", "\"7\"") == R"({"a":{"b":[1,2]},"c":"7"})");
  CHECK(changed("/d/e~1f/g~0h", "true") == R"({"a":{"b":[1,2]},"c":"x","d":{"e/f":{"g~h":true}}})");
  for (const char* bad : {"", "a", "/a/b/3", "/a/b/01", "/a/b/x", "/c/d", "/a~2", "/a~"}) {
    CAPTURE(bad);
    CHECK(changed(bad, "1") == "bad_override");
  }
  CHECK(changed("/c", "\xff") == "bad_override");
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "/x";
  CHECK(changed(deep, "1") == "bad_override");
}

TEST_CASE("overrides: act on the scenario before it is read", "[scenario]") {
  ReadOutcome outcome =
      read(kSmall, {{"/services/0/replicas", "3"}, {"/services/0/engine/max_sequences", "17"}, {"/name", "other"}});
  CAPTURE(outcome.faults.text("small"));
  REQUIRE(outcome.faults.empty());
  CHECK(outcome.spec.name == "other");
  const auto& service = dynamic_cast<LlmServiceSpec&>(*outcome.spec.services[0]);
  CHECK(service.replicas == 3);
  CHECK(service.engine->profile({}).max_sequences == 17);
  CHECK(read(kSmall, {{"/services/0/replica", "3"}}).faults.kept().front().nearest == "replicas");
}

TEST_CASE("catalog: every shipped entry is read, and its sources name keys that it has", "[scenario]") {
  Catalog catalog;
  FaultList faults;
  std::size_t entries = 0;
  for (const std::string& id : catalog.ids("gpus")) entries += catalog.gpu(id, faults) != nullptr;
  for (const std::string& id : catalog.ids("racks")) {
    const compute::RackSpec* rack = catalog.rack(id, faults);
    REQUIRE(rack != nullptr);
    CHECK(catalog.gpu(rack->gpu, faults) != nullptr);
    ++entries;
  }
  for (const std::string& id : catalog.ids("models")) entries += catalog.model(id, faults) != nullptr;
  for (const std::string& id : catalog.ids("lengths")) entries += catalog.lengths(id, faults) != nullptr;
  CAPTURE(faults.text("catalog"));
  CHECK(faults.empty());
  CHECK(entries >= 35);
}

TEST_CASE("catalog: a scenario's own entries go before files, and files before shipped ones", "[scenario]") {
  ReadOutcome shipped = read(kSmall);
  compute::GpuSpec gpu = *shipped.catalog.gpu("h100_sxm5", shipped.faults);
  Json scenario = parsed(kSmall);
  gpu.title = "from the file";
  const std::string file = std::string(TOKENWORKS_BINARY_DIR) + "/own_catalog.json";
  std::FILE* out = std::fopen(file.c_str(), "w");
  REQUIRE(out != nullptr);
  std::fputs(json_text({{"gpus", {{"h100_sxm5", write_struct(gpu)}}}}).c_str(), out);
  std::fclose(out);
  scenario["catalog"]["files"] = Json::array({file});
  ReadOutcome with_file = read(json_text(scenario));
  CAPTURE(with_file.faults.text("with file"));
  REQUIRE(with_file.faults.empty());
  CHECK(with_file.catalog.gpu("h100_sxm5", with_file.faults)->title == "from the file");
  CHECK(with_file.catalog.used().front().origin == file);

  gpu.title = "from the scenario";
  scenario["catalog"]["gpus"]["h100_sxm5"] = write_struct(gpu);
  ReadOutcome inline_first = read(json_text(scenario));
  REQUIRE(inline_first.faults.empty());
  CHECK(inline_first.catalog.gpu("h100_sxm5", inline_first.faults)->title == "from the scenario");
  CHECK(inline_first.catalog.used().front().origin == "scenario");
  std::remove(file.c_str());
}

TEST_CASE("catalog: a broken file of a scenario is a fault in that file", "[scenario]") {
  Json scenario = parsed(kSmall);
  scenario["catalog"]["files"] = Json::array({kRoot + "/tests/scenario/broken/unknown_model.json"});
  const ReadOutcome outcome = read(json_text(scenario));
  REQUIRE_FALSE(outcome.faults.empty());
  CHECK(outcome.faults.kept().front().file.ends_with("unknown_model.json"));
  CHECK(outcome.faults.text("test.json").find("unknown_model.json: /format: this key is unknown") != std::string::npos);
}

TEST_CASE("local time: dates of the calendar and no others", "[scenario]") {
  const auto seconds = [](const char* text) {
    const auto time = parse_local_time(text);
    return time ? seconds_of_year(*time) : -1.0;
  };
  CHECK(seconds("2026-01-01") == 0);
  CHECK(seconds("2026-01-02T01:01:01.5") == 86400 + 3661.5);
  CHECK(seconds("2026-03-01T00:00") == 59 * 86400.0);
  CHECK(seconds("2024-03-01T00:00") == 60 * 86400.0);  // a leap year
  CHECK(parse_local_time("2026-07-15T14:00:00-03:30")->utc_offset_h == -3.5);
  CHECK(parse_local_time("2026-07-15T14:00:00Z")->utc_offset_h == 0.0);
  CHECK(seconds_in_year(*parse_local_time("2100-01-01")) == 365 * 86400.0);
  CHECK(seconds_in_year(*parse_local_time("2000-01-01")) == 366 * 86400.0);
  for (const char* text :
       {"", "2026", "2026-13-01", "2026-00-01", "2026-02-29", "2026-01-01T24:00", "2026-01-01T00:60", "2026-01-01T",
        "2026-01-01 00:00", "2026-01-01T00:00+25:00", "2026-01-01T00:00:00.", "2026-1-1", "2026-01-01T00:00Zx"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_local_time(text).has_value());
  }
}

TEST_CASE("node names: a group and a number", "[scenario]") {
  CHECK(parse_node_name("row_a/3")->node == 3);
  CHECK(parse_node_name("row_a/3")->group == "row_a");
  for (const char* text :
       {"", "/", "/3", "row_a", "row_a/", "row_a/-1", "row_a/x", "row_a/3/4", "row_a/99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_node_name(text).has_value());
  }
}

TEST_CASE("shipped scenarios: all are accepted, but for files that they name", "[scenario]") {
  for (const auto& file : std::filesystem::recursive_directory_iterator(kRoot + "/scenarios")) {
    if (file.path().extension() != ".json") continue;
    const ReadOutcome outcome = read_scenario(file.path().string());
    CAPTURE(outcome.faults.text(file.path().string()));
    const auto& faults = outcome.faults.kept();
    CHECK(std::all_of(faults.begin(), faults.end(), [](const Fault& f) { return f.kind == FaultKind::missing_file; }));
  }
}
