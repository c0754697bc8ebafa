#include "tools/validation/run_cases.hpp"

#include <cmath>

#include "tests/catch.hpp"
#include "tools/validation/figures.hpp"
#include "tools/validation/replica_scenario.hpp"

namespace tokenworks::validation {
namespace {

using Status = CaseOutcome::Status;

ReplicaScenario small_replica() {
  ReplicaScenario replica;
  replica.host = {"h100_sxm", "dgx_h100", 8};
  replica.model = "llama_3_1_8b";
  replica.precision = "bf16";
  replica.engine = engine_json("vllm", "");
  replica.arrivals = closed_loop(4, 40);
  replica.input = uniform_share_length(100, 0.8, 1.0);
  replica.output = fixed_length(20);
  return replica;
}

MeasuredCase small_case(const ReplicaScenario& replica) {
  MeasuredCase measured;
  measured.name = "small";
  measured.group = "made up";
  measured.scenario = scenario_json(replica);
  measured.comparisons = {{"tpot_s", 0.01, mean_tpot_s}, {"output_tokens", 800, [](const CaseRun& run) {
                                                            return static_cast<double>(run.service().output_tokens);
                                                          }}};
  return measured;
}

std::vector<CaseOutcome> outcomes_of(const std::vector<MeasuredCase>& cases) {
  std::vector<const MeasuredCase*> pointers;
  for (const MeasuredCase& measured : cases) pointers.push_back(&measured);
  return run_cases(pointers, {.jobs = 2});
}

TEST_CASE("cases: the whole simulator answers, each in a process of its own", "[validation]") {
  const auto outcomes = outcomes_of({small_case(small_replica()), small_case(small_replica())});
  REQUIRE(outcomes[0].status == Status::predicted);
  REQUIRE(outcomes[0].predicted.size() == 2);
  CHECK(outcomes[0].predicted[0] > 0.001);
  CHECK(outcomes[0].predicted[0] < 0.1);
  CHECK(outcomes[0].predicted[1] == 40 * 20);
  CHECK(outcomes[1].predicted == outcomes[0].predicted);
}

TEST_CASE("cases: what the simulator refuses is left out with a reason that many can share", "[validation]") {
  ReplicaScenario no_model = small_replica(), too_large = small_replica(), no_rack = small_replica(),
                  too_long = small_replica();
  no_model.model = "gpt_17";
  too_large.model = "llama_3_1_405b";
  no_rack.host.rack_kind = "abacus";
  too_long.input = fixed_length(200000);
  const auto outcomes =
      outcomes_of({small_case(no_model), small_case(too_large), small_case(no_rack), small_case(too_long)});
  for (const CaseOutcome& outcome : outcomes) CHECK(outcome.status == Status::left_out);
  CHECK(outcomes[0].reason == "the catalog has no model gpt_17");
  CHECK(outcomes[1].reason == "does not fit into the GPUs' memory");
  CHECK(outcomes[2].reason == "the catalog has no rack abacus");
  CHECK(outcomes[3].reason == "the simulated service rejects requests (longer_than_context)");
}

TEST_CASE("cases: a figure that cannot be compared fails its case alone", "[validation]") {
  MeasuredCase broken = small_case(small_replica()), throws = small_case(small_replica());
  broken.comparisons.push_back({"nothing", 1, [](const CaseRun&) { return std::nan(""); }});
  throws.comparisons.push_back(
      {"nothing", 1, [](const CaseRun&) -> double { throw std::runtime_error("no \xff such"); }});
  const auto outcomes = outcomes_of({broken, small_case(small_replica()), throws});
  CHECK(outcomes[0].status == Status::failed);
  CHECK(outcomes[0].reason.find("nothing") != std::string::npos);
  CHECK(outcomes[1].status == Status::predicted);
  CHECK(outcomes[2].status == Status::failed);
}

TEST_CASE("cases: a replay gives each request its own figures", "[validation]") {
  MeasuredCase replay = small_case(small_replica());
  replay.scenario["workloads"][0].erase("lengths");
  replay.replay = {{0.0, 1000, 10}, {5.0, 10, 30}, {5.0, 20, 20}};
  replay.comparisons.clear();
  for (std::size_t i = 0; i < 3; ++i) {
    replay.comparisons.push_back(
        {"tokens", 1, [i](const CaseRun& run) { return static_cast<double>(run.requests.at(i).input_tokens); }});
    replay.comparisons.push_back(
        {"arrival_s", 1, [i](const CaseRun& run) { return 1 + to_seconds(run.requests.at(i).arrival); }});
  }
  const auto outcomes = outcomes_of({replay});
  REQUIRE(outcomes[0].status == Status::predicted);
  const std::vector<double>& p = outcomes[0].predicted;
  CHECK(p[0] == 1000);
  CHECK(p[1] == 1);
  CHECK(p[2] + p[4] == 30);  // both arrive at once
  CHECK(p[3] == 6);
}

TEST_CASE("scenarios: limits of an engine hold for each copy of the attention, up to what a scenario may say",
          "[validation]") {
  scenario::Json engine = {{"kind", "tensorrt_llm"}, {"max_batch_tokens", 8192}, {"max_sequences", 20000}};
  each_attention_copy(engine, 8);
  CHECK(engine["max_batch_tokens"] == 65536);
  CHECK(engine["max_sequences"] == 65536);
  CHECK_FALSE(engine.contains("memory_share"));
}

}  // namespace
}  // namespace tokenworks::validation
