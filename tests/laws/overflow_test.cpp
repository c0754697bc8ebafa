// Requests that go on to another service, on the whole program.
#include <cmath>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/laws/small_scenario.hpp"

using namespace tokenworks::testing;
using nlohmann::json;

namespace {

std::int64_t count(const ProgramRun& run, const std::string& service, const std::string& what) {
  return service_of(run, service).at("requests").at(what).get<std::int64_t>();
}

json tokens(std::int64_t number_of_tokens) { return {{"kind", "fixed"}, {"tokens", number_of_tokens}}; }

/// A service for one request at a time with a short queue, and one with room behind it.
std::vector<Part> narrow_and_wide(const json& arrivals, const json& input, const json& output) {
  Part narrow = part("narrow", "llama_3_1_8b", 0.9, arrivals, input, output);
  narrow.service["engine"]["max_sequences"] = 1;
  narrow.service["engine"]["max_waiting"] = 1;
  narrow.service["overflow_to"] = "wide";
  Part wide = part("wide", "qwen3_30b_a3b", 0.9, {}, {}, {});
  wide.service["precision"] = "fp8";
  wide.workload = nullptr;
  return {narrow, wide};
}

json random_overflow(std::uint64_t seed) {
  Draw draw(seed);
  const double duration = draw.real(10, 30);
  const std::int64_t services = draw.whole(2, 3);
  const std::vector<std::string> names = {"mid", "zeta", "alpha"};
  std::vector<Part> parts;
  for (std::int64_t i = 0; i < services; ++i) {
    json arrivals = {{"kind", "poisson"}, {"rate_per_s", draw.real(1, 15)}};
    if (draw.chance(0.4)) {
      arrivals = {{"kind", "closed_loop"}, {"concurrency", draw.whole(2, 30)}};
      if (draw.chance(0.5)) arrivals["think_time_s"] = draw.real(0, 2);
    }
    Part one = part(names[static_cast<std::size_t>(i)], i == 0 ? "llama_3_1_8b" : "qwen3_30b_a3b", 0.9, arrivals,
                    {{"kind", "geometric"}, {"mean_tokens", 300.0}}, {{"kind", "geometric"}, {"mean_tokens", 60.0}});
    if (i > 0) one.service["precision"] = "fp8";
    one.service["engine"]["kind"] = draw.one_of<std::string>({"vllm", "sglang", "tensorrt_llm"});
    one.service["engine"]["max_sequences"] = draw.whole(1, 6);
    one.service["engine"]["max_waiting"] = draw.whole(1, 4);
    if (draw.chance(0.5)) one.service["engine"]["request_overhead_s"] = 0.0;
    one.service["replicas"] = draw.whole(1, 2);
    if (i + 1 < services) one.service["overflow_to"] = names[static_cast<std::size_t>(i + 1)];
    if (draw.chance(0.5)) {
      one.service["classes"] = {{{"name", "gold"}, {"priority", 0}, {"max_waiting", 1}},
                                {{"name", "free"}, {"priority", 1}, {"timeout_s", draw.real(1, 6)}}};
      one.workload["class"] = draw.one_of<std::string>({"gold", "free"});
    }
    if (draw.chance(0.4)) one.service["tenants"] = {{{"name", "a"}}, {{"name", "b"}}};
    if (draw.chance(0.4)) {
      one.workload["patience_s"] = draw.real(0.2, 3);
      one.workload["gives_up_share"] = draw.real(0, 0.5);
    }
    if (i > 0 && draw.chance(0.4)) one.workload = nullptr;
    parts.push_back(one);
  }
  json scenario = scenario_of(parts, duration);
  if (draw.chance(0.3)) scenario["clock"]["drain"] = false;
  return scenario;
}

}  // namespace

TEST_CASE("overflow: what finds a full queue is answered by another service, which counts it as its own", "[law]") {
  const ProgramRun run =
      completed(scenario_of(narrow_and_wide({{"kind", "poisson"}, {"rate_per_s", 4}}, tokens(300), tokens(200)), 60));
  CHECK(count(run, "narrow", "rejected") == 0);
  CHECK(count(run, "narrow", "sent_on") > 50);
  CHECK(count(run, "narrow", "completed") > 20);
  CHECK(count(run, "narrow", "arrived") == count(run, "narrow", "completed") + count(run, "narrow", "sent_on"));
  CHECK(count(run, "wide", "arrived") == count(run, "narrow", "sent_on"));
  CHECK(count(run, "wide", "completed") == count(run, "wide", "arrived"));
}

TEST_CASE("overflow: what the other can never serve is rejected there", "[law]") {
  // Llama 3.1 takes 131,072 tokens, Qwen 3 40,960.
  const json loop = {{"kind", "closed_loop"}, {"concurrency", 6}, {"requests", 30}};
  const ProgramRun run = completed(scenario_of(narrow_and_wide(loop, tokens(60000), tokens(20)), 600));
  CHECK(count(run, "narrow", "arrived") == 30);
  CHECK(count(run, "narrow", "sent_on") > 3);
  CHECK(count(run, "wide", "rejected") == count(run, "narrow", "sent_on"));
  CHECK(service_of(run, "wide").at("rejections") == json({{"longer_than_context", count(run, "narrow", "sent_on")}}));
}

TEST_CASE("overflow: users of a closed loop hear the end of their requests", "[law]") {
  // Refused, a user would wait for a second; here each sends its next request when the other service has answered.
  const json loop = {{"kind", "closed_loop"}, {"concurrency", 10}};
  const std::vector<Part> parts = narrow_and_wide(loop, tokens(100), tokens(50));
  const ProgramRun run = completed(scenario_of(parts, 60));
  const json& wide = service_of(run, "wide");
  CHECK(count(run, "narrow", "rejected") == 0);
  CHECK(count(run, "wide", "completed") == count(run, "narrow", "sent_on"));
  const double sent_by_a_user = static_cast<double>(count(run, "wide", "arrived")) / 8;  // two are at the first service
  CHECK(sent_by_a_user == Approx(60 / number(wide.at("e2e_s").at("mean"))).epsilon(0.1));
}

TEST_CASE("overflow: sessions go on with the answers of another service", "[law]") {
  const json sessions = {{"kind", "agent_sessions"},
                         {"concurrency", 8},
                         {"limit", 20},
                         {"turns", {{"kind", "fixed"}, {"value", 2}}},
                         {"shared_tokens", 100},
                         {"first_prompt_tokens", tokens(500)},
                         {"output_tokens", tokens(20)},
                         {"steps_per_turn", {{"kind", "fixed"}, {"value", 3}}},
                         {"tool_time_s", {{"kind", "fixed"}, {"value", 0.2}}},
                         {"think_time_s", {{"kind", "fixed"}, {"value", 0.5}}}};
  std::vector<Part> parts = narrow_and_wide(sessions, {}, {});
  parts[0].workload.erase("lengths");
  const ProgramRun run = completed(scenario_of(parts, 3000));
  const json& told = run.report.at("sessions").at(0);
  CHECK(told.at("completed") == 20);
  CHECK(told.at("rejected_steps") == 0);
  CHECK(told.at("steps") == 20 * 6);
  CHECK(count(run, "narrow", "sent_on") > 10);
  CHECK(count(run, "narrow", "completed") + count(run, "wide", "completed") == 20 * 6);
}

TEST_CASE("overflow: without a replica in service, requests go elsewhere", "[law]") {
  Part main = part("main", "llama_3_1_8b", 0.9, {{"kind", "poisson"}, {"rate_per_s", 3}}, tokens(300), tokens(300));
  Part spare = part("spare", "llama_3_1_8b", 0.9, {}, {}, {});
  spare.workload = nullptr;
  main.service["engine"]["max_sequences"] = 2;  // so that some wait when the node fails
  main.service["overflow_to"] = "spare";
  main.service["placement"] = {{"racks", {"row"}}};
  spare.service["placement"] = {{"racks", {"far"}}};
  json scenario = scenario_of({main, spare}, 60);
  scenario["factory"]["racks"].push_back({{"name", "far"}, {"kind", "dgx_h100"}, {"count", 1}});
  scenario["incidents"] = {{{"kind", "node_failure"}, {"target", "row/0"}, {"at_s", 20}, {"repair_after_s", 20}}};
  const ProgramRun run = completed(scenario);
  CHECK(count(run, "main", "failed") == 2);
  CHECK(count(run, "main", "rejected") == 0);
  // Those that waited and those of the next 20 s.
  CHECK(count(run, "main", "sent_on") > 40);
  CHECK(count(run, "spare", "completed") == count(run, "main", "sent_on"));
}

TEST_CASE("overflow: the books of all services together add up, in every mode and order", "[law][slow]") {
  int chains = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const json scenario = random_overflow(seed);
    CAPTURE(seed, scenario.dump());
    const ProgramRun run = completed(scenario);
    for (const json& service : run.report.at("services")) {
      std::int64_t ended = 0;
      for (const auto& [how, number] : service.at("requests").items()) {
        if (how != "arrived") ended += number.get<std::int64_t>();
      }
      CHECK(service.at("requests").at("arrived").get<std::int64_t>() == ended);
    }
    if (count(run, "zeta", "sent_on") > 0) ++chains;
    CHECK(completed(scenario, {"--exact-iterations"}).report_text == run.report_text);
    CHECK(completed(scenario, {"--always-sync"}).report_text == run.report_text);
    json reordered = scenario;
    std::reverse(reordered["services"].begin(), reordered["services"].end());
    std::reverse(reordered["workloads"].begin(), reordered["workloads"].end());
    CHECK(completed(reordered).report.at("services") == run.report.at("services"));
  }
  CHECK(chains >= 5);
}

TEST_CASE("overflow: each service has a line for a request that went on", "[law]") {
  const json scenario =
      scenario_of(narrow_and_wide({{"kind", "poisson"}, {"rate_per_s", 4}}, tokens(300), tokens(200)), 20);
  const ProgramRun run = completed(scenario, {"--requests", "requests.csv"});
  std::int64_t sent_on = 0, narrow = 0, wide = 0;
  std::size_t at = 0;
  for (std::size_t end = run.requests.find('\n'); end != std::string::npos; end = run.requests.find('\n', at)) {
    const std::string line = run.requests.substr(at, end - at);
    at = end + 1;
    narrow += line.starts_with("narrow,");
    wide += line.starts_with("wide,");
    sent_on += line.find(",sent_on,") != std::string::npos;
  }
  CHECK(narrow == count(run, "narrow", "arrived"));
  CHECK(wide == count(run, "wide", "arrived"));
  CHECK(sent_on == wide);
}
