// Question   what a session of a coding agent asks for: how many steps, how long its prompts and answers are, how much
//            of a prompt was there before, and how long tools and people take in between
// Equation   prompt(n+1) = prompt(n) + answer(n) + appended + results of joined sub-agents; when prompt + answer would
//            exceed the context, prompt = compaction_share * context, new but for the shared tokens; every quantity is
//            drawn by itself
// Source     TLAB: TraceLab (uw-syfi/TraceLab 0b8a262, 2026): 4,265 sessions of coding agents with 357,161 steps. By
//            quantity: turns p50 1, p90 18, p99 137, mean 9.2; steps a turn mean 8.8; appended median 875; output
//            median 214, mean 186.9 M / 357,161 = 523; tool time p50 0.1 s, p90 10, p99 192, mean 16.8; think time
//            p50 1.4 min, p90 20.6 min, mean 46.7 min. WEKA: recorded sessions of callanjfox/kv-cache-tester 94f6046:
//            first prompts, and all of sub-agents (63 of them).
// Valid for  means over many sessions: quantities of one session depend on each other in reality. Steps a session are
//            p50 12, p90 175, p99 1,290 (TLAB's after tools alone: 15, 135, 1,107). To 200,000 steps a session
// Checked by tests/models/workload/agent_sessions_test.cpp
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

#include "models/workload/agent_sessions.hpp"

namespace tokenworks::workload {
namespace {

constexpr int kPositionBits = 36;  // of a content id; the rest says whose it is: an agent's shared tokens, or a session

constexpr double kMostTokensOfAStep = 1e6;  // no draw of the statistics needs more

// Sigma of a lognormal from its mean m and median: sigma^2 = 2 ln(m / median); p90 = median * exp(1.2816 sigma).

/// TLAB: median 875. Its mean is from the prefill that a perfect cache would leave: (54.9 - 52.6) G tokens / 3.8 /
/// 357,161 steps = 1,695, so sigma 1.150 and p90 3,820.
std::unique_ptr<AmountSampler> usual_appended_tokens() { return lognormal_amounts(875, 3820, kMostTokensOfAStep); }

/// TLAB: median 214, mean 523, so sigma 1.337 and p90 1,187; cut where serving APIs cut answers (E).
std::unique_ptr<AmountSampler> usual_output_tokens() { return lognormal_amounts(214, 1187, 32'000); }

/// TLAB's quantiles; the greatest, 200, is E.
std::unique_ptr<AmountSampler> usual_turns() { return quantile_amounts({0, 0.5, 0.9, 0.99, 1}, {1, 1, 18, 137, 200}); }

/// TLAB gives the mean, 8.8. Median 5 is E: with it the median turn takes about its 38 s. Sigma 1.063, p90 19.5.
std::unique_ptr<AmountSampler> usual_steps_per_turn() { return lognormal_amounts(5, 19.5, 1000); }

/// TLAB's quantiles; least and greatest (3,000 s) are E, the latter such that the mean is 16.8 s.
std::unique_ptr<AmountSampler> usual_tool_time_s() {
  return quantile_amounts({0, 0.5, 0.9, 0.99, 1}, {0.01, 0.1, 10, 192, 3000});
}

/// TLAB's quantiles; least and greatest (120,000 s) are E, the latter such that the mean is 46.7 min.
std::unique_ptr<AmountSampler> usual_think_time_s() {
  return quantile_amounts({0, 0.5, 0.9, 1}, {5, 84, 1236, 120'000});
}

/// WEKA: first prompts less system and tools, quantiles of 710 sessions; many of them resume earlier work.
std::unique_ptr<AmountSampler> usual_first_prompt_tokens() {
  return quantile_amounts({0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1},
                          {111, 1224, 3653, 7157, 88'902, 246'059, 613'106, 837'120});
}

/// WEKA, of sub-agents: steps median 11, p90 17; first prompts less system and tools median 1,650 (p90 E); last answers
/// median 3,051, p90 4,760.
std::unique_ptr<AmountSampler> usual_sub_agent_steps() { return lognormal_amounts(11, 17, 1000); }
std::unique_ptr<AmountSampler> usual_task_tokens() { return lognormal_amounts(1650, 2500, 100'000); }
std::unique_ptr<AmountSampler> usual_result_tokens() { return lognormal_amounts(3051, 4760, 32'000); }

/// Token counts by an amount, rounded to at least one.
class RoundedAmount final : public LengthSampler {
 public:
  explicit RoundedAmount(std::unique_ptr<AmountSampler> amount) : amount_(std::move(amount)) {}
  std::int32_t draw(RandomEngine& random) override {
    return static_cast<std::int32_t>(std::clamp(amount_->draw(random) + 0.5, 1.0, kMostTokensOfAStep));
  }

 private:
  std::unique_ptr<AmountSampler> amount_;
};

std::int64_t draw_count(AmountSampler& amount, RandomEngine& random, double most) {
  return static_cast<std::int64_t>(std::clamp(amount.draw(random) + 0.5, 1.0, most));
}

using Amount = std::unique_ptr<AmountSampler>;
using Length = std::unique_ptr<LengthSampler>;

/// What was given, first of `given`; else the usual.
Amount amount_of(std::initializer_list<const std::optional<AmountChoice>*> given, Amount (*usual)()) {
  for (const auto* choice : given) {
    if (*choice) return (**choice)->sampler();
  }
  return usual();
}

Length length_of(std::initializer_list<const std::optional<LengthChoice>*> given, Amount (*usual)(),
                 const FindLengthTable& find_table) {
  for (const auto* choice : given) {
    if (*choice) return (**choice)->sampler(find_table);
  }
  return std::make_unique<RoundedAmount>(usual());
}

}  // namespace

struct AgentSessionPlanner::Agent {
  struct Spawn {
    std::size_t agent;
    double per_step, per_turn;
    Amount count;  // null: one
  };
  std::int64_t shared_tokens = 0;
  std::int64_t shared_first_id = 0;
  Amount turns;  // null: one
  Amount steps, tool_time_s, think_time_s;
  Length first_prompt, appended, output, result;
  std::vector<Spawn> spawns;
};

/// A plan in the making.
struct AgentSessionPlanner::Draft {
  SessionPlan plan;
  std::int64_t next_id = 0;
  std::vector<std::size_t> agent_of_chain;
};

AgentSessionPlanner::AgentSessionPlanner(const AgentSessions& spec, const FindLengthTable& find_table,
                                         std::int64_t context_tokens)
    : context_tokens_(std::min({spec.context_tokens.value_or(context_tokens), context_tokens, kMostTokens})),
      compaction_share_(spec.compaction_share) {
  if (const std::vector<std::string> cycle = spawn_cycle(spec.agents); !cycle.empty()) {
    std::string names;
    for (const std::string& name : cycle) names += (names.empty() ? "" : " > ") + name;
    throw std::invalid_argument("agents start each other in a circle: " + names);
  }
  const auto add_spawns = [&](const std::vector<SpawnSpec>& list, Agent& agent) {
    for (const SpawnSpec& spawn : list) {
      const auto found = std::find_if(spec.agents.begin(), spec.agents.end(),
                                      [&](const AgentSpec& a) { return a.name == spawn.agent; });
      if (found == spec.agents.end())
        throw std::invalid_argument("agent: found " + spawn.agent + ", which is no agent");
      agent.spawns.push_back({static_cast<std::size_t>(found - spec.agents.begin()) + 1, spawn.per_step, spawn.per_turn,
                              spawn.count ? (*spawn.count)->sampler() : nullptr});
    }
  };
  const auto add = [&](std::int64_t shared_tokens) -> Agent& {
    if (shared_tokens + 2 > context_tokens_) {
      throw std::invalid_argument("shared_tokens: found " + std::to_string(shared_tokens) +
                                  ", allowed: less than the context of " + std::to_string(context_tokens_) +
                                  " tokens, with room for a prompt and an answer");
    }
    agents_.push_back(std::make_unique<Agent>());
    agents_.back()->shared_tokens = shared_tokens;
    agents_.back()->shared_first_id = static_cast<std::int64_t>(agents_.size() - 1) << kPositionBits;
    return *agents_.back();
  };
  Agent& main = add(spec.shared_tokens);
  main.turns = amount_of({&spec.turns}, usual_turns);
  main.steps = amount_of({&spec.steps_per_turn}, usual_steps_per_turn);
  main.tool_time_s = amount_of({&spec.tool_time_s}, usual_tool_time_s);
  main.think_time_s = amount_of({&spec.think_time_s}, usual_think_time_s);
  main.first_prompt = length_of({&spec.first_prompt_tokens}, usual_first_prompt_tokens, find_table);
  main.appended = length_of({&spec.appended_tokens}, usual_appended_tokens, find_table);
  main.output = length_of({&spec.output_tokens}, usual_output_tokens, find_table);
  add_spawns(spec.spawns, main);
  for (const AgentSpec& kind : spec.agents) {
    Agent& agent = add(kind.shared_tokens);
    agent.steps = amount_of({&kind.steps}, usual_sub_agent_steps);
    agent.tool_time_s = amount_of({&kind.tool_time_s, &spec.tool_time_s}, usual_tool_time_s);
    agent.first_prompt = length_of({&kind.first_prompt_tokens}, usual_task_tokens, find_table);
    agent.appended = length_of({&kind.appended_tokens, &spec.appended_tokens}, usual_appended_tokens, find_table);
    agent.output = length_of({&kind.output_tokens, &spec.output_tokens}, usual_output_tokens, find_table);
    agent.result = length_of({&kind.result_tokens}, usual_result_tokens, find_table);
    add_spawns(kind.spawns, agent);
  }
}

AgentSessionPlanner::~AgentSessionPlanner() = default;

SessionPlan AgentSessionPlanner::plan(std::uint64_t seed, std::string_view workload_name, std::int64_t number) {
  Draft draft;
  draft.plan.chains.emplace_back();
  draft.agent_of_chain.push_back(0);
  // Numbers below that of the first session say whose shared tokens an id belongs to.
  draft.next_id = (static_cast<std::int64_t>(agents_.size() - 1) + number) << kPositionBits;
  const std::string stream = "workload/" + std::string(workload_name) + "/session/" + std::to_string(number) + "/";
  for (std::size_t chain = 0; chain < draft.plan.chains.size(); ++chain) {  // spawns add chains behind
    RandomEngine random = random_stream(seed, stream + std::to_string(chain));
    plan_chain(draft, *agents_[draft.agent_of_chain[chain]], chain, random);
  }
  return std::move(draft.plan);
}

void AgentSessionPlanner::plan_chain(Draft& draft, Agent& agent, std::size_t chain, RandomEngine& random) {
  SessionPlan& plan = draft.plan;
  const std::size_t first_step = plan.steps.size();
  plan.chains[chain].first_step = static_cast<std::int32_t>(first_step);

  std::int64_t context = agent.shared_tokens;  // so far, the last answer included
  std::int64_t own_first = draft.next_id;      // id of the first token behind the shared ones
  std::int64_t results = 0;                    // of sub-agents since the last step
  std::int64_t arriving = agent.first_prompt->draw(random);

  const auto add_step = [&](double wait_s) {
    const bool is_first = plan.steps.size() == first_step;
    std::int64_t output = agent.output->draw(random);
    std::int64_t prompt = context + arriving + std::exchange(results, 0);
    if (is_first) prompt = std::min(prompt, std::max(agent.shared_tokens + 1, context_tokens_ - output));
    bool repeats_last = !is_first;
    if (!is_first && prompt + output > context_tokens_) {
      repeats_last = false;
      own_first = draft.next_id;
      prompt = std::llround(compaction_share_ * static_cast<double>(context_tokens_));
      prompt = std::clamp(prompt, agent.shared_tokens + 1, context_tokens_ - 1);
    }
    output = std::min(output, context_tokens_ - prompt);
    if (repeats_last) {  // so the last answer is known beforehand
      PlannedStep& last = plan.steps.back();
      plan.runs[static_cast<std::size_t>(last.first_run + last.runs - 1)].units += last.output_tokens;
      last.content_tokens += last.output_tokens;
    }
    const std::int64_t own = prompt - agent.shared_tokens;
    PlannedStep step;
    step.wait_s = wait_s;
    step.compacted = !is_first && !repeats_last;
    step.input_tokens = static_cast<std::int32_t>(prompt);
    step.output_tokens = static_cast<std::int32_t>(output);
    step.first_run = static_cast<std::int32_t>(plan.runs.size());
    if (agent.shared_tokens > 0) plan.runs.push_back({agent.shared_first_id, agent.shared_tokens});
    plan.runs.push_back({own_first, own});
    step.runs = static_cast<std::int32_t>(plan.runs.size()) - step.first_run;
    step.content_tokens = prompt;
    step.first_spawn = static_cast<std::int32_t>(plan.spawns.size());
    plan.steps.push_back(step);
    context = prompt + output;
    draft.next_id = own_first + own + output;
  };
  const auto spawn = [&](double Agent::Spawn::*probability) {
    for (const Agent::Spawn& kind : agent.spawns) {
      if (kind.*probability <= 0.0 || uniform_open(random) >= kind.*probability) continue;
      const std::int64_t count = kind.count ? draw_count(*kind.count, random, kMostChains) : 1;
      for (std::int64_t i = 0; i < count && plan.chains.size() < kMostChains; ++i) {
        plan.spawns.push_back({.chain = static_cast<std::int32_t>(plan.chains.size())});
        plan.chains.emplace_back();
        draft.agent_of_chain.push_back(kind.agent);
        results += agents_[kind.agent]->result->draw(random);
        ++plan.steps.back().spawns;
      }
    }
  };

  const std::int64_t turns = agent.turns ? draw_count(*agent.turns, random, kMostSteps) : 1;
  for (std::int64_t turn = 0; turn < turns; ++turn) {
    std::int64_t steps = draw_count(*agent.steps, random, kMostSteps);
    for (std::int64_t step = 0; step < steps; ++step) {
      const bool is_first = turn == 0 && step == 0;
      if (!is_first && plan.steps.size() >= kMostSteps) break;
      if (!is_first) arriving = agent.appended->draw(random);
      add_step(is_first ? 0.0 : step == 0 ? agent.think_time_s->draw(random) : agent.tool_time_s->draw(random));
      if (step == 0) spawn(&Agent::Spawn::per_turn);
      if (plan.steps.back().spawns > 0) steps = std::max<std::int64_t>(steps, 2);  // somebody must read the results
      if (step + 1 < steps) spawn(&Agent::Spawn::per_step);
    }
  }
  plan.chains[chain].steps = static_cast<std::int32_t>(plan.steps.size() - first_step);
}

}  // namespace tokenworks::workload
