// When requests arrive: a family, one file an option, listed in arrival_options.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "models/core/fields.hpp"
#include "models/core/random.hpp"

namespace tokenworks::workload {

/// Draws arrival dates one after another.
class ArrivalProcess {
 public:
  virtual ~ArrivalProcess() = default;
  /// Seconds from the start of the run of the next arrival; never falls, may be infinite.
  virtual double next_s(RandomEngine& random) = 0;
};

/// A closed loop of users: each sends its next request `think_time` after the answer to the last.
struct ClosedLoop {
  std::int64_t concurrency = 1;
  std::optional<std::int64_t> requests;  ///< in all; without it the loop goes on to the end of the clock
  double think_time_s = 0.0;
};

/// A file of requests with their own dates and lengths.
struct TraceFile {
  std::string format;
  std::string path;
  double rate_scale = 1.0;
  double start_s = 0.0;  ///< window of the trace that is replayed, in its own time
  std::optional<double> duration_s;
  bool loop = false;  ///< start again when the window has ended, until the clock's duration
};

/// Two files of measured statistics by client, from which requests with dates and lengths are drawn.
struct ClientStatisticsFiles {
  std::string rates;
  std::string lengths;
  double rate_scale = 1.0;
  double start_s = 0.0;                            ///< date in the statistics at which the run starts
  std::optional<std::int64_t> clients;             ///< that many with the highest rates; without it all
  bool loop = false;                               ///< start again at the first window when the statistics have ended
  std::string clients_without_lengths = "pooled";  ///< or "left_out"
};

struct SessionTrace;
struct AgentSessions;

class ArrivalOption {
 public:
  virtual ~ArrivalOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Exactly one of the answers: an open process, a closed loop, a trace, statistics of clients, recorded sessions, or
  /// drawn ones.
  /// `start_hour_local`: hours from local midnight to the start of the run, for processes that follow the day.
  /// Throws std::invalid_argument when the fields, each allowed by itself, do not fit together.
  virtual std::unique_ptr<ArrivalProcess> open_process(double start_hour_local) const {
    static_cast<void>(start_hour_local);
    return nullptr;
  }
  virtual std::optional<ClosedLoop> closed_loop() const { return std::nullopt; }
  virtual std::optional<TraceFile> trace() const { return std::nullopt; }
  virtual std::optional<ClientStatisticsFiles> client_statistics() const { return std::nullopt; }
  virtual const SessionTrace* session_trace() const { return nullptr; }    ///< stands as long as the option
  virtual const AgentSessions* agent_sessions() const { return nullptr; }  ///< likewise

  /// Whether these are sessions, whose next request waits for the answer to the last.
  bool brings_sessions() const { return session_trace() != nullptr || agent_sessions() != nullptr; }
  /// Whether requests come with lengths of their own.
  bool brings_lengths() const {
    return trace().has_value() || client_statistics().has_value() || brings_sessions();
  }

  /// `factor` (above 0) times as many requests a second; how bursty they are stays. What comes in whole numbers is
  /// rounded, to 1 at least. Throws std::invalid_argument when the fields do not allow so much.
  virtual void scale_rate(double factor) = 0;
};

/// `trace`, `client_statistics`, `poisson`, `gamma`, `closed_loop`, `diurnal`, `session_trace`, `agent_sessions`.
Options<ArrivalOption> arrival_options();

}  // namespace tokenworks::workload
