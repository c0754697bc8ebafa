// Sessions of agents as statistics: a user's turns, the steps of each, what they append to the context, how long tools
// and people take, and sub-agents that start in between.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/workload/amount_distribution.hpp"
#include "models/workload/length_distribution.hpp"
#include "models/workload/session_plan.hpp"
#include "models/workload/session_starts.hpp"

namespace tokenworks::workload {

struct LengthChoice : Choice<LengthDistribution> {
  LengthChoice() : Choice(length_options()) {}
};

/// Who starts sub-agents of a kind, and how often.
struct SpawnSpec {
  std::string agent;      ///< name of one of the agents
  double per_step = 0.0;  ///< probability after each step that is followed by another in its turn
  double per_turn = 0.0;  ///< probability after the first step of each turn
  std::optional<AmountChoice> count;
  void visit(FieldVisitor& v);
};

/// A kind of sub-agent. Its life is one turn.
struct AgentSpec {
  std::string name;
  std::int64_t shared_tokens = 8700;
  std::optional<AmountChoice> steps;
  std::optional<LengthChoice> first_prompt_tokens, appended_tokens, output_tokens, result_tokens;
  std::optional<AmountChoice> tool_time_s;
  std::vector<SpawnSpec> spawns;
  void visit(FieldVisitor& v);
};

/// What is absent is as `statistics` says; agent_sessions.cpp has the numbers and where they come from.
struct AgentSessions {
  SessionStarts starts;
  std::string statistics = "coding_agents_2026";
  std::optional<AmountChoice> turns, steps_per_turn;
  std::int64_t shared_tokens = 15000;
  std::optional<LengthChoice> first_prompt_tokens, appended_tokens, output_tokens;
  std::optional<AmountChoice> tool_time_s, think_time_s;
  std::optional<std::int64_t> context_tokens;
  double compaction_share = 0.3;
  std::vector<AgentSpec> agents;
  std::vector<SpawnSpec> spawns;  ///< by the main agent
  void visit(FieldVisitor& v);
};

/// Draws sessions one by one; none disturbs another, for each has its own streams of random numbers,
/// "workload/<name>/session/<number>/<chain>".
class AgentSessionPlanner {
 public:
  static constexpr std::size_t kMostSteps = 200'000;  ///< of a session; what would follow is left out
  static constexpr std::size_t kMostChains = 10'000;  ///< likewise

  /// `context_tokens`: of the model that will be asked. Throws std::invalid_argument when fields, each allowed by
  /// itself, do not fit together, or when an agent's name is unknown or its spawns form a cycle.
  AgentSessionPlanner(const AgentSessions& spec, const FindLengthTable& find_table, std::int64_t context_tokens);
  ~AgentSessionPlanner();

  /// Session `number`, from 1.
  SessionPlan plan(std::uint64_t seed, std::string_view workload_name, std::int64_t number);

 private:
  struct Agent;
  struct Draft;
  void plan_chain(Draft& draft, Agent& agent, std::size_t chain, RandomEngine& random);

  std::vector<std::unique_ptr<Agent>> agents_;  // the main agent, then the sub-agents in the order of the spec
  std::int64_t context_tokens_;
  double compaction_share_;
};

/// Agents that start each other in a circle, as names: a, b, a. Empty when there is no circle. Unknown names are left
/// out.
std::vector<std::string> spawn_cycle(const std::vector<AgentSpec>& agents);

}  // namespace tokenworks::workload
