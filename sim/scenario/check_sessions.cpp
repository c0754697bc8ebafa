#include "sim/scenario/check_sessions.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "models/workload/agent_sessions.hpp"
#include "models/workload/session_trace.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {
namespace {

using workload::AgentSessions;
using workload::AgentSpec;
using workload::SpawnSpec;

class SessionChecker {
 public:
  SessionChecker(const SessionCheck& check, FaultList& faults) : check_(check), faults_(faults) {}

  void check_starts(const workload::SessionStarts& starts) {
    if (starts.process && starts.concurrency) {
      faults_.add(FaultKind::conflicting_keys, check_.pointer + "/concurrency",
                  "sessions say when they start already; allowed: sessions or concurrency");
    } else if (!starts.process && !starts.concurrency) {
      faults_.add(FaultKind::missing_key, check_.pointer + "/sessions",
                  "is missing; allowed: sessions (when they start) or concurrency (how many run at once)");
    }
    if (starts.process && starts.process->has_value()) {
      guarded(check_.pointer + "/sessions", [&] { (*starts.process)->open_process(0.0); });
    }
  }

  void check_agents(const AgentSessions& spec) {
    const std::size_t before = faults_.total();
    for (const AgentSpec& agent : spec.agents) names_.push_back(agent.name);
    check_amounts(spec);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < spec.agents.size(); ++i) {
      if (!seen.insert(names_[i]).second) {
        faults_.add(FaultKind::duplicate_name, at(i) + "/name",
                    fmt::format("{} is the name of another of the agents", shown(names_[i])));
      }
      check_spawns(at(i), spec.agents[i].spawns);
    }
    check_spawns(check_.pointer, spec.spawns);
    if (faults_.total() > before) return;
    if (const std::vector<std::string> cycle = workload::spawn_cycle(spec.agents); !cycle.empty()) {
      std::string names;
      for (const std::string& name : cycle) names += (names.empty() ? "" : " > ") + name;
      faults_.add(FaultKind::conflicting_keys, at(index_of(cycle.front())) + "/spawns",
                  fmt::format("agents start each other in a circle: {}", names));
      return;
    }
    check_all_start(spec);
    if (faults_.total() > before || !check_.context_tokens) return;
    guarded(check_.pointer, [&] { workload::AgentSessionPlanner(spec, any_table, *check_.context_tokens); });
  }

 private:
  static const workload::LengthTable* any_table(const std::string&) {
    static const workload::LengthTable table{.title = {}, .shares = {0, 1}, .tokens = {1, 1}, .sources = {}};
    return &table;
  }

  std::string at(std::size_t agent) const { return fmt::format("{}/agents/{}", check_.pointer, agent); }
  std::size_t index_of(const std::string& name) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
  }

  template <class Action>
  void guarded(const std::string& pointer, const Action& action) {
    try {
      action();
    } catch (const std::invalid_argument& error) {
      if (!faults_.concern(pointer)) faults_.add(FaultKind::out_of_range, pointer, error.what());
    }
  }

  void check_amount(const std::string& pointer, const std::optional<workload::AmountChoice>& amount) {
    if (amount && amount->has_value()) guarded(pointer, [&] { (*amount)->sampler(); });
  }
  void check_length(const std::string& pointer, const std::optional<workload::LengthChoice>& length) {
    if (length && length->has_value()) check_.check_length(pointer, **length);
  }

  void check_amounts(const AgentSessions& spec) {
    const std::string& here = check_.pointer;
    check_amount(here + "/turns", spec.turns);
    check_amount(here + "/steps_per_turn", spec.steps_per_turn);
    check_amount(here + "/tool_time_s", spec.tool_time_s);
    check_amount(here + "/think_time_s", spec.think_time_s);
    check_length(here + "/first_prompt_tokens", spec.first_prompt_tokens);
    check_length(here + "/appended_tokens", spec.appended_tokens);
    check_length(here + "/output_tokens", spec.output_tokens);
    for (std::size_t i = 0; i < spec.agents.size(); ++i) {
      const AgentSpec& agent = spec.agents[i];
      check_amount(at(i) + "/steps", agent.steps);
      check_amount(at(i) + "/tool_time_s", agent.tool_time_s);
      check_length(at(i) + "/first_prompt_tokens", agent.first_prompt_tokens);
      check_length(at(i) + "/appended_tokens", agent.appended_tokens);
      check_length(at(i) + "/output_tokens", agent.output_tokens);
      check_length(at(i) + "/result_tokens", agent.result_tokens);
    }
  }

  void check_spawns(const std::string& owner, const std::vector<SpawnSpec>& spawns) {
    for (std::size_t i = 0; i < spawns.size(); ++i) {
      const std::string pointer = fmt::format("{}/spawns/{}", owner, i);
      if (index_of(spawns[i].agent) == names_.size()) {
        faults_.add(FaultKind::unknown_name, pointer + "/agent",
                    fmt::format("found {}; the agents are: {}", shown(spawns[i].agent),
                                names_.empty() ? "none" : name_list(names_)),
                    nearest_name(spawns[i].agent, names_));
      }
      if (spawns[i].per_step == 0.0 && spawns[i].per_turn == 0.0) {
        faults_.add(FaultKind::missing_key, pointer + "/per_step",
                    "is missing; allowed: per_step or per_turn above 0, for without them none ever starts");
      }
      check_amount(pointer + "/count", spawns[i].count);
    }
  }

  /// An agent that nobody starts would say something that has no effect.
  void check_all_start(const AgentSessions& spec) {
    std::set<std::string> reached;
    std::vector<const std::vector<SpawnSpec>*> open = {&spec.spawns};
    while (!open.empty()) {
      const std::vector<SpawnSpec>& spawns = *open.back();
      open.pop_back();
      for (const SpawnSpec& spawn : spawns) {
        if (reached.insert(spawn.agent).second) open.push_back(&spec.agents[index_of(spawn.agent)].spawns);
      }
    }
    for (std::size_t i = 0; i < spec.agents.size(); ++i) {
      if (reached.contains(names_[i])) continue;
      faults_.add(FaultKind::conflicting_keys, at(i) + "/name",
                  fmt::format("no agent that runs starts {}; allowed: agents that stand in spawns", shown(names_[i])));
    }
  }

  const SessionCheck& check_;
  FaultList& faults_;
  std::vector<std::string> names_;
};

}  // namespace

void check_sessions(const workload::ArrivalOption& arrivals, const SessionCheck& check, FaultList& faults) {
  SessionChecker checker(check, faults);
  if (const workload::SessionTrace* trace = arrivals.session_trace()) checker.check_starts(trace->starts);
  if (const workload::AgentSessions* drawn = arrivals.agent_sessions()) {
    checker.check_starts(drawn->starts);
    checker.check_agents(*drawn);
  }
}

}  // namespace tokenworks::scenario
