#include "models/workload/agent_sessions.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "tests/catch.hpp"
#include "tests/models/workload/chosen_option.hpp"

namespace tokenworks::workload {
namespace {

const FindLengthTable kNoTables = [](const std::string&) { return nullptr; };

AmountChoice amount(std::string_view kind, FieldValues values) {
  AmountChoice choice;
  choice.select(kind);
  FieldSetter setter(std::move(values));
  choice->visit(setter);
  setter.expect_all_used();
  return choice;
}
AmountChoice always(double value) { return amount("fixed", {{"value", value}}); }
LengthChoice always_tokens(double tokens) {
  LengthChoice choice;
  choice.select("fixed");
  FieldSetter setter({{"tokens", tokens}});
  choice->visit(setter);
  return choice;
}

SpawnSpec spawn(std::string agent, double per_step, double per_turn) {
  SpawnSpec spec;
  spec.agent = std::move(agent);
  spec.per_step = per_step;
  spec.per_turn = per_turn;
  return spec;
}

/// Whole numbers that a reader can add up.
AgentSessions simple() {
  AgentSessions spec;
  spec.turns = always(2);
  spec.steps_per_turn = always(3);
  spec.shared_tokens = 100;
  spec.first_prompt_tokens = always_tokens(50);
  spec.appended_tokens = always_tokens(10);
  spec.output_tokens = always_tokens(5);
  spec.tool_time_s = always(1);
  spec.think_time_s = always(60);
  return spec;
}

SessionPlan planned(const AgentSessions& spec, std::int64_t number = 1, std::int64_t context = 1'000'000) {
  return AgentSessionPlanner(spec, kNoTables, context).plan(7, "agents", number);
}

template <class Get>
std::vector<double> list_of(const SessionPlan& plan, const PlannedChain& chain, Get get) {
  std::vector<double> list;
  for (std::int32_t i = 0; i < chain.steps; ++i) {
    list.push_back(static_cast<double>(get(plan.steps[static_cast<std::size_t>(chain.first_step + i)])));
  }
  return list;
}
std::vector<double> prompts(const SessionPlan& plan, std::size_t chain = 0) {
  return list_of(plan, plan.chains[chain], [](const PlannedStep& s) { return s.input_tokens; });
}

using List = std::vector<double>;

std::size_t sorted_at(double share, std::size_t count) {
  return static_cast<std::size_t>(share * static_cast<double>(count - 1));
}
double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[sorted_at(share, values.size())];
}
double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// Tokens of prompts that a cache without limits has seen, of all. It keeps what was decoded.
class IdealCache {
 public:
  void ask(const SessionPlan& plan) {
    for (const PlannedStep& step : plan.steps) {
      std::int64_t before = 0;
      for (std::int32_t r = 0; r < step.runs; ++r) {
        const ContentRun& run = plan.runs[static_cast<std::size_t>(step.first_run + r)];
        std::int64_t& known = known_[run.first];  // units from its first id on
        const std::int64_t hit = std::min({known, run.units, step.input_tokens - before});
        cached_ += hit;
        known = std::max(known, run.units);
        before += run.units;
        if (hit < run.units) break;  // what follows was not behind this before
      }
      remember(plan, step);
      asked_ += step.input_tokens;
    }
  }
  double cached_share() const { return static_cast<double>(cached_) / static_cast<double>(asked_); }

 private:
  void remember(const SessionPlan& plan, const PlannedStep& step) {
    for (std::int32_t r = 0; r < step.runs; ++r) {
      const ContentRun& run = plan.runs[static_cast<std::size_t>(step.first_run + r)];
      known_[run.first] = std::max(known_[run.first], run.units);
    }
  }
  std::map<std::int64_t, std::int64_t> known_;
  std::int64_t cached_ = 0, asked_ = 0;
};

}  // namespace

TEST_CASE("agent sessions: a context grows by answers and what is appended", "[models][workload]") {
  const SessionPlan plan = planned(simple());
  REQUIRE(plan.chains.size() == 1);
  CHECK(prompts(plan) == List{150, 165, 180, 195, 210, 225});
  CHECK(list_of(plan, plan.chains[0], [](const PlannedStep& s) { return s.wait_s; }) == List{0, 1, 1, 60, 1, 1});
}

TEST_CASE("agent sessions: a prompt's content is the last one's, its answer and what is new", "[models][workload]") {
  const SessionPlan plan = planned(simple());
  const Content first = plan.content(plan.steps[0], 9);
  CHECK(first.space == 9);
  CHECK(first.unit_tokens == 1);
  CHECK(first.tokens == 155);  // with the answer, which the next prompt repeats
  REQUIRE(first.runs.size() == 2);
  CHECK(first.runs[0] == ContentRun{0, 100});
  CHECK(first.runs[1] == ContentRun{std::int64_t{1} << 36, 55});
  const Content second = plan.content(plan.steps[1], 9);
  CHECK(second.runs[1] == ContentRun{std::int64_t{1} << 36, 70});
  const Content last = plan.content(plan.steps[5], 9);
  CHECK(last.tokens == 225);  // nothing says what follows
  // Another session shares the system prompt and nothing else.
  const SessionPlan other = planned(simple(), 2);
  CHECK(other.content(other.steps[0], 9).runs[0] == first.runs[0]);
  CHECK(other.content(other.steps[0], 9).runs[1].first == std::int64_t{2} << 36);
}

TEST_CASE("agent sessions: a context that would not fit is cut, and is new but for the shared tokens",
          "[models][workload]") {
  AgentSessions spec = simple();
  spec.context_tokens = 200;
  spec.compaction_share = 0.75;
  const SessionPlan plan = planned(spec);
  CHECK(prompts(plan) == List{150, 165, 180, 195, 150, 165});  // 195 + 5 fits, 210 + 5 does not
  std::vector<double> cut = list_of(plan, plan.chains[0], [](const PlannedStep& s) { return s.compacted; });
  CHECK(cut == List{0, 0, 0, 0, 1, 0});
  CHECK(plan.content(plan.steps[3], 0).tokens == 195);  // its answer is not repeated
  const ContentRun before = plan.content(plan.steps[3], 0).runs[1], after = plan.content(plan.steps[4], 0).runs[1];
  CHECK(after.first >= before.first + before.units);
}

TEST_CASE("agent sessions: sub-agents start after a step and add their results", "[models][workload]") {
  AgentSessions spec = simple();
  AgentSpec& kind = spec.agents.emplace_back();
  kind.name = "explore";
  kind.shared_tokens = 20;
  kind.steps = always(4);
  kind.first_prompt_tokens = always_tokens(30);
  kind.result_tokens = always_tokens(7);
  spec.spawns.push_back(spawn("explore", 0.0, 1.0));
  spec.spawns.back().count = always(2);
  const SessionPlan plan = planned(spec);
  REQUIRE(plan.chains.size() == 5);  // two after the first step of each of two turns
  CHECK(prompts(plan) == List{150, 179, 194, 209, 238, 253});
  CHECK(list_of(plan, plan.chains[0], [](const PlannedStep& s) { return s.spawns; }) == List{2, 0, 0, 2, 0, 0});
  for (std::size_t chain = 1; chain < 5; ++chain) CHECK(prompts(plan, chain) == List{50, 65, 80, 95});
  // Their system prompt is shared among them, and is not the main agent's.
  const auto shared_run = [&](std::size_t chain) {
    return plan.content(plan.steps[static_cast<std::size_t>(plan.chains[chain].first_step)], 0).runs[0];
  };
  CHECK(shared_run(1) == ContentRun{std::int64_t{1} << 36, 20});
  CHECK(shared_run(4) == shared_run(1));
}

TEST_CASE("agent sessions: a turn of one step goes on where sub-agents' results must be read", "[models][workload]") {
  AgentSessions spec = simple();
  spec.steps_per_turn = always(1);
  spec.agents.emplace_back().name = "explore";
  spec.spawns.push_back(spawn("explore", 0.0, 1.0));
  CHECK(planned(spec).chains[0].steps == 4);
  spec.spawns.back() = spawn("explore", 1.0, 0.0);  // after steps that another follows: there is none
  CHECK(planned(spec).chains.size() == 1);
}

TEST_CASE("agent sessions: sub-agents start sub-agents, but none itself", "[models][workload]") {
  AgentSessions spec = simple();
  for (const char* name : {"plan", "explore", "search"}) {
    spec.agents.emplace_back().name = name;
    spec.agents.back().steps = always(2);
  }
  spec.spawns.push_back(spawn("plan", 0.0, 1.0));
  spec.agents[0].spawns.push_back(spawn("explore", 0.0, 1.0));
  spec.agents[1].spawns.push_back(spawn("search", 0.0, 1.0));
  CHECK(planned(spec).chains.size() == 7);  // three a turn
  CHECK(spawn_cycle(spec.agents).empty());
  spec.agents[2].spawns.push_back(spawn("explore", 0.0, 1.0));
  CHECK(spawn_cycle(spec.agents) == std::vector<std::string>{"explore", "search", "explore"});
  CHECK_THROWS_AS(planned(spec), std::invalid_argument);
  spec.agents[2].spawns[0].agent = "search";
  CHECK(spawn_cycle(spec.agents) == std::vector<std::string>{"search", "search"});
  spec.agents[2].spawns[0].agent = "nobody";
  CHECK_THROWS_AS(planned(spec), std::invalid_argument);
}

TEST_CASE("agent sessions: what can never fit is refused", "[models][workload]") {
  AgentSessions spec = simple();
  CHECK_NOTHROW(planned(spec, 1, 102));
  CHECK_THROWS_AS(planned(spec, 1, 101), std::invalid_argument);
}

TEST_CASE("agent sessions: every plan is sound, whatever is drawn", "[models][workload][law]") {
  REQUIRE(rc::check("every plan is sound, whatever is drawn", [](unsigned short seed, bool tight) {
    AgentSessions spec;
    spec.context_tokens = tight ? 20'000 : 150'000;
    spec.agents.emplace_back().name = "explore";
    spec.agents.emplace_back().name = "search";
    spec.spawns.push_back(spawn("explore", 0.05, 0.2));
    spec.agents[0].spawns.push_back(spawn("search", 0.1, 0.0));
    AgentSessionPlanner planner(spec, kNoTables, 131'072);
    const SessionPlan plan = planner.plan(seed, "agents", 3);
    const std::int64_t most = tight ? 20'000 : 131'072;
    std::vector<int> started(plan.chains.size(), 0);
    started[0] = 1;
    for (const PlannedSpawn& s : plan.spawns) ++started[static_cast<std::size_t>(s.chain)];
    RC_ASSERT(std::all_of(started.begin(), started.end(), [](int times) { return times == 1; }));
    std::size_t steps = 0;
    for (const PlannedChain& chain : plan.chains) {
      RC_ASSERT(chain.steps >= 1);
      RC_ASSERT(static_cast<std::size_t>(chain.first_step) == steps);
      steps += static_cast<std::size_t>(chain.steps);
      RC_ASSERT(plan.steps[steps - 1].spawns == 0);  // somebody reads every result
    }
    RC_ASSERT(steps == plan.steps.size());
    for (const PlannedStep& step : plan.steps) {
      RC_ASSERT(step.input_tokens >= 1 && step.output_tokens >= 1);
      RC_ASSERT(std::int64_t{step.input_tokens} + step.output_tokens <= most);
      RC_ASSERT(step.wait_s >= 0.0);
      const Content content = plan.content(step, 0);
      std::int64_t units = 0;
      for (const ContentRun& run : content.runs) units += run.units;
      RC_ASSERT(units == content.tokens);
      RC_ASSERT(content.tokens == step.input_tokens || content.tokens == step.input_tokens + step.output_tokens);
    }
    const SessionPlan again = AgentSessionPlanner(spec, kNoTables, 131'072).plan(seed, "agents", 3);
    RC_ASSERT(again.steps.size() == plan.steps.size());  // whatever was planned before
  }));
}

TEST_CASE("agent sessions: the statistics are those that were published", "[models][workload][validation]") {
  // TraceLab, as in catalog 6.5. Its agents had contexts of 200 k and of 1 M tokens.
  AgentSessions spec;
  AgentSessionPlanner planner(spec, kNoTables, 200'000);
  std::vector<double> steps, appended, outputs, prompt_list;
  IdealCache cache;
  for (int number = 1; number <= 4265; ++number) {
    const SessionPlan plan = planner.plan(7, "agents", number);
    cache.ask(plan);
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      const PlannedStep& step = plan.steps[i];
      prompt_list.push_back(step.input_tokens);
      outputs.push_back(step.output_tokens);
      if (i == 0) continue;
      const PlannedStep& last = plan.steps[i - 1];
      if (!step.compacted) appended.push_back(step.input_tokens - last.input_tokens - last.output_tokens);
    }
    steps.push_back(static_cast<double>(plan.steps.size()));
  }
  CHECK_THAT(quantile(appended, 0.5), WithinRel(875.0, 0.03));
  CHECK_THAT(mean(appended), WithinRel(1695.0, 0.1));  // (54.9 - 52.6) G / 3.8 / 357,161 steps
  CHECK_THAT(quantile(outputs, 0.5), WithinRel(214.0, 0.03));
  CHECK_THAT(mean(outputs), WithinRel(523.0, 0.1));  // 186.9 M / 357,161
  CHECK_THAT(mean(steps), WithinRel(83.7, 0.15));    // 357,161 / 4,265
  const double cached = cache.cached_share();
  CAPTURE(cached, quantile(steps, 0.5), quantile(steps, 0.9), quantile(steps, 0.99), quantile(prompt_list, 0.5),
          mean(prompt_list));
  // 95.7 % of prompt tokens were found by caches that forget: they computed 3.8 times what a perfect one would have.
  CHECK(cached > 0.957);
  CHECK(cached < 0.989);
  CHECK_THAT(quantile(prompt_list, 0.5), WithinRel(120'000.0, 0.2));  // cached prefix 119 k + appended 875
  // Steps after tools alone are published: 15, 135 and 1,107 a session. Turns and their steps are drawn by themselves.
  CHECK(quantile(steps, 0.9) > 135.0 / 2);
  CHECK(quantile(steps, 0.9) < 135.0 * 2);
  CHECK(quantile(steps, 0.99) > 1107.0 / 2);
  CHECK(quantile(steps, 0.99) < 1107.0 * 2);
}

TEST_CASE("agent sessions: turns, steps of a turn and times have the published quantiles",
          "[models][workload][validation]") {
  AgentSessions spec;
  // With tools that take no time, a wait is a user's.
  spec.tool_time_s = always(0);
  AgentSessionPlanner without_tools(spec, kNoTables, 1'000'000);
  std::vector<double> turns, steps_of_turn, thinks, tools;
  for (int number = 1; number <= 6000; ++number) {
    const SessionPlan plan = without_tools.plan(7, "agents", number);
    double in_turn = 0.0, turns_here = 1.0;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      if (plan.steps[i].wait_s > 0.0) {
        thinks.push_back(plan.steps[i].wait_s);
        steps_of_turn.push_back(std::exchange(in_turn, 0.0));
        ++turns_here;
      }
      ++in_turn;
    }
    steps_of_turn.push_back(in_turn);
    turns.push_back(turns_here);
  }
  spec.tool_time_s.reset();
  spec.think_time_s = always(1e6);
  AgentSessionPlanner without_users(spec, kNoTables, 1'000'000);
  for (int number = 1; number <= 4000; ++number) {
    const SessionPlan plan = without_users.plan(7, "agents", number);
    for (std::size_t i = 1; i < plan.steps.size(); ++i) {
      if (plan.steps[i].wait_s < 1e6) tools.push_back(plan.steps[i].wait_s);
    }
  }
  CHECK(quantile(turns, 0.5) == 1.0);
  CHECK_THAT(quantile(turns, 0.9), WithinAbs(18.0, 2.0));
  CHECK_THAT(quantile(turns, 0.99), WithinRel(137.0, 0.1));
  CHECK_THAT(mean(turns), WithinRel(9.2, 0.15));
  CHECK_THAT(mean(steps_of_turn), WithinRel(8.8, 0.05));
  CHECK_THAT(quantile(thinks, 0.5), WithinRel(84.0, 0.05));
  CHECK_THAT(quantile(thinks, 0.9), WithinRel(1236.0, 0.05));
  CHECK_THAT(mean(thinks), WithinRel(2802.0, 0.05));
  CHECK_THAT(quantile(tools, 0.5), WithinRel(0.1, 0.05));
  CHECK_THAT(quantile(tools, 0.9), WithinRel(10.0, 0.05));
  CHECK_THAT(quantile(tools, 0.99), WithinRel(192.0, 0.15));
  CHECK_THAT(mean(tools), WithinRel(16.8, 0.05));
}

}  // namespace tokenworks::workload
