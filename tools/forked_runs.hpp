// Many runs of the simulator on a few cores. SimGrid keeps its clock for the life of a process, so each run has a child
// of its own, forked after everything is loaded; its answer comes back through a pipe.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tokenworks::tools {

struct ForkedAnswer {
  enum class Status { not_run, answered, died } status = Status::not_run;
  std::string text;  ///< what the child said; or how it died ("signal 11", "more than 300 s")
};

struct ForkedRuns {
  int jobs = 1;
  int time_limit_s = 300;  ///< of one child; 0: none
  /// Called in the parent after each answer with how many there are.
  std::function<void(std::size_t done)> progress = {};
  /// Asked before a child is started and ten times a second; true: no more are started, those that run are waited for.
  std::function<bool()> stop = {};
  bool abandons = false;  ///< on stop, what runs is killed at once and counts as not run
};

/// `work(i)` for each i below `count`, each in a child of its own. The answers are in the order of i, whoever was
/// first. Throws std::runtime_error when no process can be started at all.
std::vector<ForkedAnswer> run_forked(std::size_t count, const std::function<std::string(std::size_t)>& work,
                                     const ForkedRuns& how);

}  // namespace tokenworks::tools
