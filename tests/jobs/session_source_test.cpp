#include "sim/jobs/sessions/session_source.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/scenario/read_scenario.hpp"
#include "sim/scenario/run.hpp"
#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"
#include "tests/report/temporary_folder.hpp"

using namespace tokenworks;
using tokenworks::testing::in_child;
using Json = nlohmann::json;

namespace {

bool same(double a, double b) { return std::abs(a - b) < 1e-6; }

/// A step as its end was told, in s and tokens.
struct Step {
  std::int64_t session = 0;
  std::int64_t chain = 0;  // of all that run
  double arrival = 0.0, end = 0.0;
  std::int64_t input = 0, output = 0;
  std::string ending;
};

struct Outcome {
  std::vector<Step> steps;  // in the order of their ends
  Json sessions;            // started, completed ...
  double simulated_s = 0.0;
};

Json scenario_of(const Json& arrivals, double duration_s) {
  Json workload = {{"name", "agents"}, {"service", "chat"}, {"arrivals", arrivals}};
  return {{"format", "tokenworks.scenario/1"},
          {"name", "agents"},
          {"seed", 5},
          {"clock", {{"start", "2026-07-15T14:00:00"}, {"duration_s", duration_s}}},
          {"factory", {{"racks", {{{"name", "row_a"}, {"kind", "dgx_h100"}, {"count", 1}}}}}},
          {"services", {{{"name", "chat"}, {"kind", "llm"}, {"model", "llama_3_1_8b"}, {"replicas", 2}}}},
          {"workloads", {workload}}};
}

/// Runs a scenario in a process of its own, beside a file of sessions.
Outcome run(const Json& scenario, const std::string& sessions = "") {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "sessions.jsonl", std::ios::binary) << sessions;
  const Json told = Json::parse(in_child([&] {
    scenario::ReadOutcome read = scenario::read_scenario_text(scenario.dump(), "scenario.json", folder.path());
    if (!read.faults.empty()) return Json({{"fault", read.faults.text("")}}).dump();
    Json result = {{"steps", Json::array()}};
    scenario::RunOptions options;
    options.on_ended = [&](const std::string&, const jobs::EndedRequest& request) {
      static constexpr const char* kEndings[] = {"completed", "rejected",  "failed",
                                                 "cancelled", "timed_out", "unfinished"};
      result["steps"].push_back({request.session, request.tag, to_seconds(request.arrival), to_seconds(request.end),
                                 request.input_tokens, request.output_tokens,
                                 kEndings[static_cast<std::size_t>(request.ending)]});
    };
    const metrics::RunResult done = scenario::run(read, options).result;
    result["simulated_s"] = done.simulated_s;
    for (const metrics::SessionResult& s : done.sessions) {
      result["sessions"] = {{"workload", s.workload},
                            {"started", s.started},
                            {"completed", s.completed},
                            {"failed", s.failed},
                            {"unfinished", s.unfinished},
                            {"steps", s.steps},
                            {"sub_agent_steps", s.sub_agent_steps},
                            {"rejected_steps", s.rejected_steps},
                            {"input", s.input_tokens},
                            {"output", s.output_tokens},
                            {"most_s", s.time_s ? s.time_s->max : -1.0},
                            {"most_steps", s.steps_per_session ? s.steps_per_session->max : -1.0},
                            {"mean_tokens", s.tokens_per_session ? s.tokens_per_session->mean : -1.0},
                            {"wait_s", s.wait_time_s ? s.wait_time_s->max : -1.0}};
    }
    return result.dump();
  }));
  INFO(told.value("fault", ""));
  REQUIRE(!told.contains("fault"));
  Outcome outcome;
  outcome.sessions = told["sessions"];
  outcome.simulated_s = told["simulated_s"].get<double>();
  for (const Json& step : told["steps"]) {
    outcome.steps.push_back({step[0].get<std::int64_t>(), step[1].get<std::int64_t>(), step[2].get<double>(),
                             step[3].get<double>(), step[4].get<std::int64_t>(), step[5].get<std::int64_t>(),
                             step[6].get<std::string>()});
  }
  return outcome;
}

Json replay(const Json& more) {
  Json arrivals = {{"kind", "session_trace"}, {"format", "kv_cache_tester"}, {"path", "sessions.jsonl"}};
  arrivals.update(more);
  return arrivals;
}

Json request(double t, int in, int out, double api_time, double think_time) {
  return {{"t", t}, {"in", in}, {"out", out}, {"api_time", api_time}, {"think_time", think_time}};
}
std::string line_of(const std::vector<Json>& requests) { return Json({{"requests", requests}}).dump() + "\n"; }

/// Steps by their length of prompt, which names them here.
std::map<std::int64_t, Step> by_prompt(const Outcome& outcome) {
  std::map<std::int64_t, Step> steps;
  for (const Step& step : outcome.steps) steps[step.input] = step;
  return steps;
}

Json fixed(double value) { return {{"kind", "fixed"}, {"value", value}}; }
Json fixed_tokens(double tokens) { return {{"kind", "fixed"}, {"tokens", tokens}}; }

Json drawn(const Json& more) {
  Json arrivals = {{"kind", "agent_sessions"},
                   {"turns", fixed(2)},
                   {"steps_per_turn", fixed(3)},
                   {"shared_tokens", 100},
                   {"first_prompt_tokens", fixed_tokens(500)},
                   {"appended_tokens", fixed_tokens(100)},
                   {"output_tokens", fixed_tokens(20)},
                   {"tool_time_s", fixed(1)},
                   {"think_time_s", fixed(10)}};
  arrivals.update(more);
  return arrivals;
}

}  // namespace

TEST_CASE("sessions: a step is sent a think time after the end of the step before it", "[jobs][sessions]") {
  const std::string file =
      line_of({request(0, 101, 50, 9, 0), request(20, 102, 60, 5, 11), request(40, 103, 7, 2, 15)});
  const Outcome outcome = run(scenario_of(replay({{"concurrency", 1}}), 1000), file);
  REQUIRE(outcome.steps.size() == 3);
  auto steps = by_prompt(outcome);
  CHECK(steps[101].arrival == 0.0);
  CHECK(same(steps[102].arrival, steps[101].end + 11.0));
  CHECK(same(steps[103].arrival, steps[102].end + 15.0));
  CHECK(outcome.sessions["completed"] == 1);
  CHECK(same(outcome.sessions["most_s"].get<double>(), steps[103].end));
  CHECK(same(outcome.sessions["wait_s"].get<double>(), 26.0));
  CHECK(same(outcome.sessions["mean_tokens"].get<double>(), 101 + 102 + 103 + 50 + 60 + 7));
  CHECK(outcome.simulated_s < steps[103].end + 0.1);  // it looks for another session, and there is none
}

TEST_CASE("sessions: a step waits for the sub-agents before it, which run side by side", "[jobs][sessions]") {
  const auto sub_agent = [](double end, double duration, const std::vector<Json>& requests) {
    return Json({{"t", end}, {"type", "subagent"}, {"duration_ms", duration * 1e3}, {"requests", requests}});
  };
  Json background = sub_agent(12, 0, {request(0, 401, 9, 5, 0), request(500, 402, 9, 5, 100)});
  background["duration_ms"] = nullptr;
  // Both were started 2 s after the step's end, at 10; the last ended at 112, and the next step came 6 s later.
  const std::string file = line_of(
      {request(0, 101, 50, 10, 0), sub_agent(62, 50, {request(0, 201, 30, 10, 0), request(30, 202, 30, 20, 20)}),
       sub_agent(112, 100, {request(0, 301, 300, 100, 0)}), background, request(118, 102, 60, 5, 108)});
  const Outcome outcome = run(scenario_of(replay({{"concurrency", 1}}), 1000), file);
  auto steps = by_prompt(outcome);
  REQUIRE(steps.size() == 7);
  CHECK(same(steps[201].arrival, steps[101].end + 2.0));
  CHECK(same(steps[301].arrival, steps[101].end + 2.0));
  CHECK(same(steps[202].arrival, steps[201].end + 20.0));
  CHECK_THAT(steps[102].arrival, WithinAbs(std::max(steps[202].end, steps[301].end) + 6.0, 1e-9));
  CHECK(same(steps[401].arrival, steps[101].end + 2.0));
  CHECK(same(steps[402].arrival, steps[401].end + 100.0));
  CHECK(steps[402].arrival > steps[102].end);  // nobody waits for what runs in the background, but the session's end
  CHECK(same(outcome.sessions["most_s"].get<double>(), steps[402].end));
  CHECK(outcome.sessions["sub_agent_steps"] == 5);
}

TEST_CASE("sessions: a closed loop keeps its concurrency, and a limit ends it", "[jobs][sessions][law]") {
  const Outcome outcome = run(scenario_of(drawn({{"concurrency", 5}, {"limit", 17}}), 100'000));
  CHECK(outcome.sessions["started"] == 17);
  CHECK(outcome.sessions["completed"] == 17);
  CHECK(outcome.steps.size() == 17 * 6);
  std::map<std::int64_t, std::pair<double, double>> spans;
  for (const Step& step : outcome.steps) {
    auto& span = spans.try_emplace(step.session, step.arrival, step.end).first->second;
    span.first = std::min(span.first, step.arrival);
    span.second = std::max(span.second, step.end);
  }
  REQUIRE(spans.size() == 17);
  for (const auto& [session, span] : spans) {
    if (session <= 5) {
      CHECK(span.first == 0.0);
    } else {  // begins where another ends
      CHECK(std::any_of(spans.begin(), spans.end(), [&](const auto& s) { return s.second.second == span.first; }));
    }
  }
}

TEST_CASE("sessions: tokens of drawn and recorded sessions are those of their plans", "[jobs][sessions][law]") {
  // Prompts of 600, 720, 840 ... tokens.
  const Outcome outcome = run(scenario_of(drawn({{"sessions", {{"kind", "poisson"}, {"rate_per_s", 0.5}}}}), 60));
  const auto started = outcome.sessions["started"].get<std::int64_t>();
  CHECK(started > 15);
  CHECK(outcome.sessions["completed"].get<std::int64_t>() + outcome.sessions["unfinished"].get<std::int64_t>() ==
        started);
  CHECK(same(outcome.sessions["mean_tokens"].get<double>(), 6 * 600 + 120 * (1 + 2 + 3 + 4 + 5) + 6 * 20));
  for (const Step& step : outcome.steps) CHECK((step.input - 600) % 120 == 0);
}

TEST_CASE("sessions: nothing is sent from the clock's end on, and what is cut off is unfinished", "[jobs][sessions]") {
  const std::string file =
      line_of({request(0, 101, 50, 9, 0), request(5000, 102, 60, 5, 4000)}) + line_of({request(0, 103, 50, 9, 0)});
  const Outcome outcome = run(scenario_of(replay({{"concurrency", 1}}), 600), file);
  CHECK(outcome.steps.size() == 1);
  CHECK(outcome.sessions["started"] == 1);  // the cut session holds its place: the clock has ended when it is over
  CHECK(outcome.sessions["unfinished"] == 1);
  const Outcome sooner = run(scenario_of(replay({{"concurrency", 1}, {"longest_gap_s", 30}}), 600), file);
  CHECK(sooner.steps.size() == 3);
  CHECK(sooner.sessions["completed"] == 2);
}

TEST_CASE("sessions: a rejected step is left out and its session goes on a second later", "[jobs][sessions]") {
  // Llama 3.1 8B has a context of 131,072 tokens.
  const std::string file =
      line_of({request(0, 200'000, 50, 1, 0), request(1, 102, 60, 5, 0), request(9, 200'001, 60, 5, 3)}) +
      line_of({request(0, 104, 60, 5, 0)});
  const Outcome outcome = run(scenario_of(replay({{"concurrency", 1}}), 600), file);
  auto steps = by_prompt(outcome);
  REQUIRE(steps.size() == 4);
  CHECK(steps[200'000].ending == "rejected");
  CHECK(same(steps[102].arrival, steps[200'000].end + 1.0));
  CHECK(same(steps[200'001].arrival, steps[102].end + 3.0));
  CHECK(same(steps[104].arrival, steps[200'001].end + 1.0));
  CHECK(outcome.sessions["completed"] == 2);
  CHECK(outcome.sessions["rejected_steps"] == 2);
  CHECK(outcome.sessions["steps"] == 4);
  CHECK(outcome.sessions["input"] == 102 + 104);
}

TEST_CASE("sessions: a session whose step is lost ends, with what it has not sent", "[jobs][sessions]") {
  Json scenario = scenario_of(drawn({{"concurrency", 4}, {"output_tokens", fixed_tokens(2000)}}), 300);
  scenario["incidents"] = {{{"kind", "node_failure"}, {"target", "row_a/0"}, {"at_s", 40}, {"repair_after_s", 20}}};
  const Outcome outcome = run(scenario);
  const auto failed = outcome.sessions["failed"].get<std::int64_t>();
  CHECK(failed > 0);
  std::map<std::int64_t, bool> lost;
  for (const Step& step : outcome.steps) {
    CHECK(!lost[step.session]);  // nothing comes after
    if (step.ending == "failed") lost[step.session] = true;
  }
  CHECK(std::count_if(lost.begin(), lost.end(), [](const auto& s) { return s.second; }) == failed);
  CHECK(outcome.sessions["started"].get<std::int64_t>() > 4);
}

TEST_CASE("sessions: sub-agents drawn run between the steps that start them and the steps that wait",
          "[jobs][sessions][law]") {
  const Json agents = {{{"name", "explore"},
                        {"shared_tokens", 50},
                        {"steps", fixed(4)},
                        {"first_prompt_tokens", fixed_tokens(33)},
                        {"result_tokens", fixed_tokens(7)}}};
  const Json spawns = {{{"agent", "explore"}, {"per_step", 0.5}, {"count", fixed(2)}}};
  const Outcome outcome =
      run(scenario_of(drawn({{"concurrency", 3}, {"limit", 9}, {"agents", agents}, {"spawns", spawns}}), 100'000));
  CHECK(outcome.sessions["completed"] == 9);
  CHECK(outcome.sessions["sub_agent_steps"].get<std::int64_t>() > 0);
  CHECK(outcome.sessions["sub_agent_steps"].get<std::int64_t>() % 8 == 0);
  // While sub-agents of a session run, its main agent does not: prompts of sub-agents are 83 + 120 n.
  std::map<std::int64_t, std::vector<Step>> sessions;
  for (const Step& step : outcome.steps) sessions[step.session].push_back(step);
  const auto is_sub = [](const Step& step) { return step.input < 600; };
  for (const auto& [number, steps] : sessions) {
    for (const Step& a : steps) {
      for (const Step& b : steps) {
        if (is_sub(a) == is_sub(b) || a.arrival > b.arrival) continue;
        CHECK((a.end <= b.arrival));
      }
    }
  }
}

TEST_CASE("sessions: another session's length disturbs none", "[jobs][sessions][law]") {
  const auto prompts_of = [](const Outcome& outcome, std::int64_t session) {
    std::vector<std::int64_t> prompts;
    for (const Step& step : outcome.steps) {
      if (step.session == session) prompts.push_back(step.input);
    }
    return prompts;
  };
  Json arrivals = {{"kind", "agent_sessions"},
                   {"limit", 6},
                   {"think_time_s", fixed(1)},
                   {"tool_time_s", fixed(1)},
                   {"first_prompt_tokens", fixed_tokens(1000)}};
  arrivals["concurrency"] = 1;
  const Outcome alone = run(scenario_of(arrivals, 1e6));
  arrivals["concurrency"] = 6;
  const Outcome together = run(scenario_of(arrivals, 1e6));
  for (std::int64_t session = 1; session <= 6; ++session) {
    CHECK(!prompts_of(alone, session).empty());
    CHECK(prompts_of(alone, session) == prompts_of(together, session));
  }
}
