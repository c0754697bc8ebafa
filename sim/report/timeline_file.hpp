// What replicas do over time (`tokenworks run --timeline FILE`), as trace events that ui.perfetto.dev and
// chrome://tracing open. One JSON object with "traceEvents"; dates and durations in microseconds of simulated time, to
// the nanosecond. Written as the run goes, so that memory does not grow with it; compressed when ".gz" stands behind.
//
// A service is a process, a replica a thread of it; incidents belong to a process "factory". Only what something is
// told of has a track. The events, by "ph" and name:
//
//   X  prompt, prompt + decode  a step with prompt chunks, alone or with the decoding batch: prompt_tokens, chunks,
//                               decodes (sequences carried along), kv_blocks (in use, with those of its chunks)
//   X  decode                   decode steps one after the other with the same sequences: steps, sequences,
//                               context_tokens (that the first of them reads). With --exact-iterations one a step
//   X  down                     without GPUs, power or a way between its nodes
//   X  loading weights          from when they start to come until it serves again
//   i  preempted                a request of the replica gave its KV blocks back: held_tokens
//   i  KIND TARGET [over]       an incident of the scenario begins, or is over
//   C  replica N requests       waiting, running: where a step starts and a number has changed
//   C  replica N KV cache       share: KV blocks in use, of the pool; likewise
//   be until first token        a request from its arrival to its first token, or to its end when none came
//   be answer                   the same request from its first token to its end; its last event tells the outcome
//
// A step that did not come to its end, for its replica went down or the run ended, has "cut": true; of a decode run
// only its last part, with "steps": 0. Requests are told only when they are wanted, for there may be millions: the two
// or four events of one stand together where it ended. All other events of a track come in the order of their dates.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/metrics/run_watch.hpp"
#include "sim/report/request_row.hpp"
#include "sim/report/stream_file.hpp"

namespace tokenworks::report {

/// What touches [from, to] is told, whole.
struct TimelineWindow {
  Picoseconds from = 0;
  Picoseconds to = kNever;
};

class TimelineFile final : public metrics::RunWatch {
 public:
  /// The endings of names that are taken, for messages.
  static constexpr std::string_view kEndings = ".json or .json.gz";
  static bool takes_name(std::string_view path);

  /// Opens a file beside `path`. Throws WriteError.
  TimelineFile(const std::filesystem::path& path, const TimelineWindow& window);

  std::int32_t add_service(std::string_view name) override;
  void on_prompt_step(const metrics::WatchedReplica& replica, const metrics::PromptStep& step) override;
  void on_decode_run(const metrics::WatchedReplica& replica, const metrics::DecodeRun& run) override;
  void on_replica_state(const metrics::WatchedReplica& replica, metrics::ReplicaState state, Picoseconds at) override;
  void on_preempted(const metrics::WatchedReplica& replica, std::int64_t held_tokens, Picoseconds at) override;
  void on_levels(const metrics::WatchedReplica& replica, const metrics::ReplicaLevels& levels, Picoseconds at) override;
  void on_incident(std::string_view kind, std::string_view target, bool begins, Picoseconds at) override;

  /// A request has ended, or not when the run did. Its service has been added.
  void add_request(const RequestRow& row);

  /// Ends periods that last at the end of the run and renames the file into place; nothing may be told after.
  void finish(Picoseconds end);

 private:
  struct Replica {
    bool named = false;
    metrics::ReplicaState state = metrics::ReplicaState::in_service;
    Picoseconds since = 0;
    metrics::ReplicaLevels levels{-1, -1, -1, 1};  // as last told
  };
  struct Service {
    std::string name;
    bool named = false;
    std::vector<Replica> replicas;
  };

  bool in_window(Picoseconds start, Picoseconds end) const { return end >= window_.from && start <= window_.to; }
  Replica& replica_of(const metrics::WatchedReplica& replica);
  void name_process(std::int64_t process, std::string_view name);
  void name_service(std::int32_t number);
  void name_replica(const metrics::WatchedReplica& replica);
  std::string& begin_event();
  void end_event();
  void end_state(const metrics::WatchedReplica& replica, Picoseconds at);
  void begin_span(const metrics::WatchedReplica& replica, std::string_view name, Picoseconds start, Picoseconds end);

  StreamFile file_;
  TimelineWindow window_;
  std::vector<Service> services_;
  std::map<std::string, std::int32_t, std::less<>> numbers_;  // of services, by name
  std::int64_t requests_ = 0;
  bool factory_named_ = false;
  bool first_event_ = true;
};

}  // namespace tokenworks::report
