#include "models/workload/agent_sessions.hpp"

#include <algorithm>

namespace tokenworks::workload {
namespace {

constexpr std::string_view kStatistics[] = {"coding_agents_2026"};
constexpr double kMostContext = 1e9;

}  // namespace

void SpawnSpec::visit(FieldVisitor& v) {
  field(v, "agent", agent, "Name of the sub-agents' kind", rule().required().is_name());
  field(v, "per_step", per_step, "Probability after each step that another follows in its turn", rule().share());
  field(v, "per_turn", per_turn, "Probability after the first step of each turn", rule().share());
  field(v, "count", count, "How many start then, at once; one when absent");
}

void AgentSpec::visit(FieldVisitor& v) {
  field(v, "name", name, "Name of this kind of sub-agent", rule().required().is_name());
  field(v, "shared_tokens", shared_tokens,
        "Tokens that the first prompts of all its kind begin with: system prompt and tools",
        rule()
            .at_least(0)
            .at_most(kMostContext)
            .default_from(
                'E',
                "Median of system and tools of 63 sub-agents in kv-cache-tester's recorded sessions, 8,684: of one "
                "product"));
  field(v, "steps", steps, "Requests to the model of a sub-agent; by statistics when absent");
  field(v, "first_prompt_tokens", first_prompt_tokens,
        "What follows the shared tokens in a sub-agent's first prompt; by statistics when absent");
  field(v, "appended_tokens", appended_tokens,
        "What tools add to the context before a step; as the main agent's when absent");
  field(v, "output_tokens", output_tokens, "Answer of a step; as the main agent's when absent");
  field(v, "result_tokens", result_tokens,
        "What its end adds to the context of the agent that started it; by statistics when absent");
  field(v, "tool_time_s", tool_time_s, "Tool time before a step; as the main agent's when absent");
  field(v, "spawns", spawns, "Sub-agents that it starts itself");
}

void AgentSessions::visit(FieldVisitor& v) {
  starts.visit(v);
  field(
      v, "statistics", statistics, "What every quantity is drawn from that is not given here",
      rule()
          .one_of(kStatistics)
          .default_from(
              'E',
              "Lognormals and quantile curves through figures of TraceLab (uw-syfi/TraceLab 0b8a262, 43 users) and of "
              "kv-cache-tester's sessions; other agents differ"));
  field(v, "turns", turns, "Messages of the user in a session; by statistics when absent");
  field(v, "steps_per_turn", steps_per_turn, "Requests to the model for each; by statistics when absent");
  field(
      v, "shared_tokens", shared_tokens,
      "Tokens that the prompts of all sessions of the workload begin with: system prompt and tools",
      rule()
          .at_least(0)
          .at_most(kMostContext)
          .default_from(
              'E', "Median of system and tools of 710 of kv-cache-tester's recorded sessions, 14,947: of one product"));
  field(v, "first_prompt_tokens", first_prompt_tokens,
        "What follows the shared tokens in a session's first prompt; by statistics when absent");
  field(v, "appended_tokens", appended_tokens,
        "What user or tools add to the context before a step; by statistics when absent");
  field(v, "output_tokens", output_tokens, "Answer of a step; by statistics when absent");
  field(v, "tool_time_s", tool_time_s, "Tool time before a step within a turn; by statistics when absent");
  field(v, "think_time_s", think_time_s, "User's time before the first step of a turn; by statistics when absent");
  field(v, "context_tokens", context_tokens,
        "Context that the agents allow themselves; the model's when absent, and never more",
        rule().at_least(2).at_most(kMostContext));
  field(v, "compaction_share", compaction_share,
        "A context that would not fit falls to this share of what it may be, and none of it but the shared tokens is "
        "known to a cache",
        rule().above(0).at_most(0.95).default_from(
            'E',
            "Median of the 284 falls of a context by a fifth or more in kv-cache-tester's sessions, taken from the "
            "prompt before: not all are compactions"));
  field(v, "agents", agents, "Kinds of sub-agents");
  field(v, "spawns", spawns, "Sub-agents that the main agent starts; its next step waits for their end");
}

std::vector<std::string> spawn_cycle(const std::vector<AgentSpec>& agents) {
  enum class Mark { white, grey, black };
  std::vector<Mark> marks(agents.size(), Mark::white);
  const auto index_of = [&](const std::string& name) {
    const auto found = std::find_if(agents.begin(), agents.end(), [&](const AgentSpec& a) { return a.name == name; });
    return static_cast<std::size_t>(found - agents.begin());
  };
  struct Place {
    std::size_t agent, next_spawn;
  };
  for (std::size_t start = 0; start < agents.size(); ++start) {
    if (marks[start] != Mark::white) continue;
    std::vector<Place> path = {{start, 0}};
    marks[start] = Mark::grey;
    while (!path.empty()) {
      Place& at = path.back();
      if (at.next_spawn == agents[at.agent].spawns.size()) {
        marks[at.agent] = Mark::black;
        path.pop_back();
        continue;
      }
      const std::size_t next = index_of(agents[at.agent].spawns[at.next_spawn++].agent);
      if (next == agents.size() || marks[next] == Mark::black) continue;
      if (marks[next] == Mark::white) {
        marks[next] = Mark::grey;
        path.push_back({next, 0});
        continue;
      }
      std::vector<std::string> cycle;
      auto from = std::find_if(path.begin(), path.end(), [&](const Place& place) { return place.agent == next; });
      for (; from != path.end(); ++from) cycle.push_back(agents[from->agent].name);
      cycle.push_back(agents[next].name);
      return cycle;
    }
  }
  return {};
}

}  // namespace tokenworks::workload
