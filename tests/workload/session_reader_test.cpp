#include "sim/jobs/workload/session_reader.hpp"

#include <algorithm>

#include "models/workload/session_trace.hpp"
#include "sim/jobs/sessions/session_stream.hpp"
#include "sim/jobs/workload/input_error.hpp"
#include "tests/catch.hpp"
#include "tests/workload/trace_files.hpp"

namespace tokenworks::jobs {
namespace {

using workload::ContentRun;
using workload::PlannedStep;
using workload::SessionPlan;
using Runs = std::vector<ContentRun>;

std::vector<SessionPlan> read_sessions(const std::string& path) {
  const std::unique_ptr<SessionReader> reader = open_session_trace("kv_cache_tester", path);
  std::vector<SessionPlan> plans;
  while (std::optional<SessionPlan> plan = reader->next()) plans.push_back(std::move(*plan));
  return plans;
}
/// `text` without its line ends.
std::string one_line(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
  return text;
}

SessionPlan session_of(const std::string& text) {
  std::vector<SessionPlan> plans = read_sessions(WrittenFile(one_line(text) + "\n").path());
  REQUIRE(plans.size() == 1);
  return std::move(plans.front());
}
/// A session of blocks of 64 tokens with these requests.
SessionPlan session_with(const std::string& requests) {
  return session_of(R"({"block_size": 64, "requests": [)" + requests + "]}");
}

Runs runs_of(const SessionPlan& plan, std::size_t step) {
  const workload::Content content = plan.content(plan.steps[step], 0);
  return {content.runs.begin(), content.runs.end()};
}

std::string fault_of(const std::string& line) {
  try {
    read_sessions(WrittenFile(line + "\n", "sessions.jsonl").path());
  } catch (const InputError& error) {
    return error.what();
  }
  return "none";
}

/// Tokens of a plan, per chain or of all.
struct Totals {
  std::int64_t sessions = 0, steps = 0, sub_agents = 0, input_tokens = 0, output_tokens = 0;
};
void add(Totals& totals, const SessionPlan& plan) {
  ++totals.sessions;
  totals.steps += static_cast<std::int64_t>(plan.steps.size());
  totals.sub_agents += static_cast<std::int64_t>(plan.chains.size()) - 1;
  for (const PlannedStep& step : plan.steps) {
    totals.input_tokens += step.input_tokens;
    totals.output_tokens += step.output_tokens;
  }
}

}  // namespace

TEST_CASE("session formats: every name has a reader, and no other name has one", "[sim][workload]") {
  const WrittenFile nothing("");
  for (const std::string_view name : workload::session_trace_format_names()) {
    CHECK(!open_session_trace(name, nothing.path())->next());
  }
  CHECK_THROWS_AS(open_session_trace("kv_cache_taster", nothing.path()), std::invalid_argument);
  CHECK_THROWS_AS(make_recorded_sessions({.format = "kv_cache_tester", .path = nothing.path(), .longest_gap_s = {}}),
                  InputError);
}

TEST_CASE("kv_cache_tester: steps follow each other after the recorded think time", "[sim][workload]") {
  const SessionPlan plan = session_with(
      R"({"t": 0, "type": "n", "in": 1000, "out": 100, "hash_ids": "1-15", "api_time": 7.5, "think_time": 0},
         {"t": 19, "type": "n", "in": 1200, "out": 50, "hash_ids": "1-18", "api_time": 9, "think_time": 12},
         {"t": 40, "type": "s", "in": 1300, "out": 0, "hash_ids": "1-18,21-22", "think_time": 11},
         {"t": 50, "type": "s", "in": 1400, "out": 9, "hash_ids": [1, 2, 3, 9], "think_time": 22},
         {"t": 55, "type": "n", "in": 1400, "out": 9, "api_time": 1})");
  REQUIRE(plan.steps.size() == 5);
  CHECK(plan.chains.size() == 1);
  CHECK(plan.own_content_space);
  CHECK(plan.unit_tokens == 64);
  const std::vector<double> waits = {0, 12, 11, 10,
                                     5};  // how long the third took is not known: up to the fourth's start
  for (std::size_t i = 0; i < waits.size(); ++i) CHECK(plan.steps[i].wait_s == waits[i]);
  CHECK(plan.steps[2].output_tokens == 1);  // an answer has at least one token
  // 1-18 goes on from 1-15, and 1,100 tokens are 17 whole blocks: two of the answer are known.
  CHECK(runs_of(plan, 0) == Runs{{1, 17}});
  CHECK(plan.steps[0].content_tokens == 17 * 64);
  // 1,250 tokens are 19 blocks: one is known, and it is 21 and not 19.
  CHECK(runs_of(plan, 1) == Runs{{1, 18}, {21, 1}});
  // The fourth has another fourth block: nothing of the third's answer is known.
  CHECK(runs_of(plan, 2) == Runs{{1, 18}, {21, 2}});
  CHECK(runs_of(plan, 3) == Runs{{1, 3}, {9, 1}});
  CHECK(runs_of(plan, 4).empty());
}

TEST_CASE("kv_cache_tester: sub-agents begin after a step, and the next one waits for them", "[sim][workload]") {
  // The first two end at 30 and 50 and took 19 and 39 s: both began 1 s after the end of the step, at 10. The third was
  // launched at 12 and has no duration: it runs in the background. The next step came 8 s after the last answer, at 47.
  const SessionPlan plan = session_with(
      R"({"t": 0, "in": 1000, "out": 100, "hash_ids": "1-15", "api_time": 10},
         {"t": 30, "type": "subagent", "duration_ms": 19000, "requests": [
            {"t": 0, "in": 500, "out": 10, "hash_ids": "100-106", "api_time": 5},
            {"t": 9, "in": 600, "out": 10, "hash_ids": "100-108", "api_time": 5, "think_time": 4}]},
         {"t": 50, "type": "subagent", "duration_ms": 39000, "requests": [
            {"t": 0, "in": 500, "out": 20, "api_time": 36}]},
         {"t": 12, "type": "subagent", "duration_ms": null, "requests": [{"t": 1, "in": 70, "out": 7, "api_time": 100}]},
         {"t": 55, "in": 1500, "out": 100, "hash_ids": "1-23", "api_time": 3, "think_time": 45})");
  REQUIRE(plan.chains.size() == 4);
  REQUIRE(plan.steps.size() == 6);
  CHECK(plan.steps[0].spawns == 3);
  CHECK(plan.steps[1].wait_s == 8.0);
  const std::vector<double> begins = {1, 1, 2};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(plan.spawns[i].wait_s == begins[i]);
    CHECK(plan.spawns[i].chain == static_cast<std::int32_t>(i + 1));
    CHECK(plan.spawns[i].joined == (i < 2));
  }
  CHECK(plan.chains[1].steps == 2);
  CHECK(plan.steps[3].wait_s == 4.0);
  CHECK(plan.steps[5].wait_s == 1.0);
}

TEST_CASE("kv_cache_tester: a step that was sent before its sub-agents' end did not wait for them", "[sim][workload]") {
  const SessionPlan plan = session_with(
      R"({"t": 0, "in": 1000, "out": 100, "api_time": 10},
         {"t": 111, "type": "subagent", "duration_ms": 100000, "requests": [{"t": 0, "in": 5, "out": 1, "api_time": 98}]},
         {"t": 20, "in": 1500, "out": 100, "api_time": 3, "think_time": 10})");
  CHECK(!plan.spawns[0].joined);
  CHECK(plan.steps[1].wait_s == 10.0);
}

TEST_CASE("recorded sessions: waits are cut, then scaled; a loop begins again", "[sim][workload]") {
  const WrittenFile one(one_line(R"({"requests": [{"t": 0, "in": 1, "out": 1, "api_time": 1},
      {"t": 5, "in": 1, "out": 1}, {"t": 100, "in": 1, "out": 1}]})"));
  workload::SessionFile replay{.format = "kv_cache_tester", .path = one.path(), .longest_gap_s = 10.0};
  replay.think_time_scale = 0.5;
  auto stream = make_recorded_sessions(replay);
  const SessionPlan plan = *stream->next();
  CHECK(plan.steps[1].wait_s == 2.0);
  CHECK(plan.steps[2].wait_s == 5.0);
  CHECK(!stream->next());
  replay.loop = true;
  stream = make_recorded_sessions(replay);
  for (int i = 0; i < 5; ++i) CHECK(stream->next()->steps.size() == 3);
}

TEST_CASE("kv_cache_tester: faults are told with file, line, place, what was found and what is allowed",
          "[sim][workload]") {
  const auto of_request = [](const std::string& members) {
    return R"({"block_size": 64, "requests": [{)" + members + "}]}";
  };
  const std::pair<std::string, std::string> cases[] = {
      {"[1]", "line: found \"[1]\", allowed: a JSON object"},
      {"{", "not valid JSON"},
      {R"({"a": 1, "a": 2})", "a stands twice"},
      {R"({"a": [[[[[[[[[[1]]]]]]]]]]})", "levels of nesting"},
      {"{}", "requests is missing"},
      {R"({"requests": 3})", "requests: found \"3\", allowed: a list"},
      {R"({"requests": []})", "at least one request"},
      {R"({"requests": [3]})", "requests[0]: found \"3\", allowed: an object"},
      {R"({"block_size": 0, "requests": []})", "block_size: found \"0\""},
      {of_request(R"("in": 1, "out": 1)"), "requests[0].t is missing"},
      {of_request(R"("t": 0, "out": 1)"), "requests[0].in is missing"},
      {of_request(R"("t": 0, "in": 0, "out": 1)"), "requests[0].in: found \"0\""},
      {of_request(R"("t": 0, "in": 1.5, "out": 1)"), "a whole number"},
      {of_request(R"("t": 0, "in": "12", "out": 1)"), "requests[0].in: found \"\"12\"\""},
      {of_request(R"("t": 0, "in": 1, "out": -1)"), "requests[0].out: found \"-1\""},
      {of_request(R"("t": -1, "in": 1, "out": 1)"), "requests[0].t: found \"-1\""},
      {of_request(R"("t": 0, "in": 1, "out": 1, "api_time": -2)"), "requests[0].api_time: found \"-2\""},
      {of_request(R"("t": 0, "in": 1, "out": 1, "think_time": "x")"), "requests[0].think_time"},
      {of_request(R"("t": 0, "in": 900, "out": 1, "hash_ids": "5-3")"),
       "requests[0].hash_ids: found \"5-3\", allowed: ranges whose last id is not below their first"},
      {of_request(R"("t": 0, "in": 900, "out": 1, "hash_ids": "1-")"), "requests[0].hash_ids: found \"1-\""},
      {of_request(R"("t": 0, "in": 900, "out": 1, "hash_ids": "-1")"), "requests[0].hash_ids"},
      {of_request(R"("t": 0, "in": 900, "out": 1, "hash_ids": "1,,2")"), "requests[0].hash_ids"},
      {of_request(R"("t": 0, "in": 900, "out": 1, "hash_ids": "1,")"), "requests[0].hash_ids"},
      {of_request(R"("t": 0, "in": 900, "out": 1, "hash_ids": [1, "2"])"), "requests[0].hash_ids"},
      {of_request(R"("t": 0, "in": 900, "out": 1, "hash_ids": 7)"), "requests[0].hash_ids"},
      {of_request(R"("t": 0, "in": 900, "out": 1, "hash_ids": "0-9223372036854775807")"), "requests[0].hash_ids"},
      {of_request(R"("t": 0, "in": 900, "out": 1, "hash_ids": "1-16")"),
       "found 16 blocks of 64 tokens, allowed: up to 15"},
      {R"({"requests": [{"t": 0, "in": 900, "out": 1, "hash_ids": "1-5"}]})", "block ids without sizes"},
      {R"({"requests": [{"t": 5, "in": 9, "out": 1}, {"t": 4, "in": 9, "out": 1}]})", "requests[1].t: found \"4\""},
      {R"({"requests": [{"t": 5, "type": "subagent", "requests": [{"t": 0, "in": 9, "out": 1}]}]})",
       "requests[0].type: found a sub-agent before the first step"},
      {R"({"requests": [{"t": 0, "in": 9, "out": 1}, {"t": 5, "type": "subagent"}]})",
       "requests[1].requests is missing"},
      {R"({"requests": [{"t": 0, "in": 9, "out": 1}, {"t": 5, "type": "subagent", "requests": [{"t": 0, "in": 9, "out": 1},
          {"t": 1, "type": "subagent", "requests": [{"t": 0, "in": 9, "out": 1}]}]}]})",
       "requests[1].requests[1].type: found a sub-agent of a sub-agent"},
  };
  for (const auto& [text, expected] : cases) {
    const std::string line = one_line(text);
    CAPTURE(line);
    const std::string fault = fault_of("\n" + line);
    CAPTURE(fault);
    CHECK(fault.find("sessions.jsonl:2: ") != std::string::npos);
    CHECK(fault.find(expected) != std::string::npos);
  }
}

TEST_CASE("kv_cache_tester: the published sessions give their published totals", "[sim][workload][validation]") {
  const std::string name = "traces/claude_code_agentic_weka.jsonl.gz";
  const std::optional<std::string> path = shared_data(name);
  if (!path) {
    WARN(skipped_without(name));
    return;
  }
  const std::unique_ptr<SessionReader> reader = open_session_trace("kv_cache_tester", *path);
  Totals totals;
  std::int64_t background = 0, covered = 0, repeated = 0;
  while (const std::optional<SessionPlan> plan = reader->next()) {
    add(totals, *plan);
    for (const workload::PlannedSpawn& spawn : plan->spawns) background += spawn.joined ? 0 : 1;
    for (const PlannedStep& step : plan->steps) {
      const workload::Content content = plan->content(step, 0);
      std::int64_t units = 0;
      for (const ContentRun& run : content.runs) units += run.units;
      REQUIRE(units * plan->unit_tokens == content.tokens);
      REQUIRE(content.tokens <= std::int64_t{step.input_tokens} + step.output_tokens);
      covered += std::min<std::int64_t>(content.tokens, step.input_tokens);
    }
    // What a cache that keeps the last prompt of a chain would find.
    for (const workload::PlannedChain& chain : plan->chains) {
      for (std::int32_t i = 1; i < chain.steps; ++i) {
        const Runs a = runs_of(*plan, static_cast<std::size_t>(chain.first_step + i - 1));
        const Runs b = runs_of(*plan, static_cast<std::size_t>(chain.first_step + i));
        for (std::size_t r = 0; r < std::min(a.size(), b.size()); ++r) {
          if (a[r].first != b[r].first) break;
          repeated += std::min(a[r].units, b[r].units) * plan->unit_tokens;
          if (a[r].units != b[r].units) break;
        }
      }
    }
  }
  CHECK(totals.sessions == 710);
  CHECK(totals.steps == 49'334);
  CHECK(totals.sub_agents == 63);
  CHECK(totals.input_tokens == 6'037'445'403);                   // by an independent reader (Python's json)
  CHECK(totals.output_tokens == 21'709'920 + 27);                // 27 answers without a token count as one each
  CHECK(background == 4);                                        // status async_launched
  CHECK(static_cast<double>(covered) > 0.9997 * 6'037'445'403);  // all but the last part of a block
  // 96.26 % are in the chain's last prompt (Python's json), some more in its answer; TraceLab's agents found 95.7 %.
  CHECK_THAT(static_cast<double>(repeated) / 6'037'445'403, WithinAbs(0.9656, 0.0005));
}

}  // namespace tokenworks::jobs
