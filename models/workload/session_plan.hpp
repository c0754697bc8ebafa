// What a session of an agent is going to ask for: chains of steps (a step is one request to the model) with the time
// that its user or its tools take between them, and sub-agents that run beside it and are waited for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/workload/content.hpp"

namespace tokenworks::workload {

/// A sub-agent that starts after a step of another chain.
struct PlannedSpawn {
  std::int32_t chain = 0;  ///< of the plan
  double wait_s = 0.0;     ///< from the end of the step to the sub-agent's start
  bool joined = true;      ///< the chain's next step waits for its end; else it runs in the background
};

struct PlannedStep {
  /// From the end of the chain's last step, or from the end of the last sub-agent that this step waits for; of a
  /// chain's first step, from the chain's start.
  double wait_s = 0.0;
  std::int32_t input_tokens = 1;
  std::int32_t output_tokens = 1;
  std::int32_t first_run = 0, runs = 0;  ///< of SessionPlan::runs: content of the prompt, and of the answer if known
  std::int64_t content_tokens = 0;       ///< that these runs cover
  std::int32_t first_spawn = 0, spawns = 0;  ///< of SessionPlan::spawns: sub-agents that start when this step has ended
  bool compacted = false;                    ///< the context did not fit any more and was cut before this step
};

/// One agent's steps, one after another.
struct PlannedChain {
  std::int32_t first_step = 0, steps = 0;  ///< of SessionPlan::steps; at least one
};

struct SessionPlan {
  std::vector<PlannedChain> chains;  ///< the first is the main agent, each other is started by one spawn
  std::vector<PlannedStep> steps;
  std::vector<PlannedSpawn> spawns;
  std::vector<ContentRun> runs;
  std::int64_t unit_tokens = 1;    ///< of the runs
  bool own_content_space = false;  ///< ids mean something in this session alone; else in all of the workload

  /// What `step` says; the span stands as long as the plan.
  Content content(const PlannedStep& step, std::int64_t space) const {
    return {
        .runs = std::span(runs).subspan(static_cast<std::size_t>(step.first_run), static_cast<std::size_t>(step.runs)),
        .unit_tokens = unit_tokens,
        .tokens = step.content_tokens,
        .space = space};
  }
};

}  // namespace tokenworks::workload
