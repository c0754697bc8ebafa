// What a run tells of its single steps while it goes on, to whoever wants to see them: the timeline. Nobody is told of
// what nobody watches, and no number depends on who does.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/engine/time.hpp"

namespace tokenworks::metrics {

/// A replica, by the number that add_service() gave to its service and its place in that.
struct WatchedReplica {
  std::int32_t service = 0;
  std::int32_t replica = 0;
};

/// A step with prompt chunks.
struct PromptStep {
  Picoseconds start = 0, end = 0;
  std::int64_t prompt_tokens = 0;
  std::int64_t chunks = 0;
  std::int64_t decodes = 0;    ///< sequences that decode in it, too
  std::int64_t kv_blocks = 0;  ///< in use, with those of its chunks
  bool cut = false;            ///< it did not come to its end: the replica went down, or the run ended
};

/// Decode steps that follow each other with the same sequences.
struct DecodeRun {
  Picoseconds start = 0, end = 0;
  std::int64_t steps = 0;  ///< 0: not even one came to its end
  std::int64_t sequences = 0;
  std::int64_t context_tokens = 0;  ///< that the first step reads
  bool cut = false;                 ///< as of a prompt step
};

enum class ReplicaState : std::uint8_t {
  in_service,
  down,
  loading  ///< its weights are on their way; then it is in service
};

/// What a replica holds once the next step is formed.
struct ReplicaLevels {
  std::int64_t waiting = 0;  ///< requests in its queue
  std::int64_t running = 0;  ///< requests that it has admitted
  std::int64_t kv_blocks = 0;
  std::int64_t kv_pool_blocks = 1;  ///< > 0
};

/// Of one replica, what is told comes in the order of its starts; states and levels in the order of their dates.
class RunWatch {
 public:
  virtual ~RunWatch() = default;

  /// Called once for each service before the run, in the order of their names; the number by which it is told of.
  virtual std::int32_t add_service(std::string_view name) = 0;

  virtual void on_prompt_step(const WatchedReplica& replica, const PromptStep& step) = 0;
  /// Of what was really done: at the end of a run of steps that an arrival may have cut short.
  virtual void on_decode_run(const WatchedReplica& replica, const DecodeRun& run) = 0;
  /// A state begins that differs from the one before; replicas begin in service.
  virtual void on_replica_state(const WatchedReplica& replica, ReplicaState state, Picoseconds at) = 0;
  /// A request had to give its KV blocks back, those of so many tokens, and waits again.
  virtual void on_preempted(const WatchedReplica& replica, std::int64_t held_tokens, Picoseconds at) = 0;
  virtual void on_levels(const WatchedReplica& replica, const ReplicaLevels& levels, Picoseconds at) = 0;
  /// An incident of the scenario happens, or is over.
  virtual void on_incident(std::string_view kind, std::string_view target, bool begins, Picoseconds at) = 0;
};

}  // namespace tokenworks::metrics
