// The clock of a run. Most events touch nothing shared and live in a queue of our own; transfers over shared links are
// SimGrid's. While no transfer is in flight the queue's time runs ahead of SimGrid's; before one starts SimGrid catches
// up; while one is in flight every step goes through SimGrid, so that completions come in order.
//
// One simulation a process: SimGrid keeps its clock and callbacks for the life of the process.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/core/units.hpp"
#include "sim/engine/timer_queue.hpp"

namespace tokenworks::engine {

/// Whoever owns timers.
class TimerClient {
 public:
  virtual void on_timer(std::uint32_t tag) = 0;

 protected:
  ~TimerClient() = default;
};

/// Whoever starts transfers.
class TransferClient {
 public:
  virtual void on_transfer_done(std::uint32_t tag) = 0;

 protected:
  ~TransferClient() = default;
};

/// Names an end point of transfers.
using HostId = std::uint32_t;

/// Nothing can move any more although work is left, or the clock stands still: what() says who waits for what.
class StuckError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Simulation {
 public:
  struct Options {
    bool always_sync = false;              ///< let SimGrid's clock follow every event (same results, slower)
    std::uint64_t watch_interval = 16384;  ///< events between two calls of `watch`
    std::uint64_t still_limit = 50'000'000;  ///< events at one date after which the run counts as stuck
  };

  explicit Simulation(const Options& options);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Local events -----------------------------------------------------------------------------------------------------
  Picoseconds now() const { return now_; }
  TimerId add_timer(TimerClient& client, std::uint32_t tag, Rank rank);
  /// Sets or moves the date of `timer`, at >= now().
  void set_timer(TimerId timer, Picoseconds at) { queue_.set(timer, at); }
  void cancel_timer(TimerId timer) { queue_.cancel(timer); }

  // Shared links -----------------------------------------------------------------------------------------------------
  /// A host behind a link of its own, full duplex, before run(). Every pair of hosts can exchange transfers, which share
  /// both hosts' links by max-min fairness.
  HostId add_host(const std::string& name, BytesPerSecond link);
  /// Moves `bytes` (>= 0) from one host to another; `client` hears of the end, at a whole microsecond.
  /// `number` orders transfers that end at one date.
  void start_transfer(TransferClient& client, std::uint32_t tag, HostId from, HostId to, Bytes bytes,
                      std::uint64_t number);
  std::size_t transfers_in_flight() const { return in_flight_; }
  /// Neither a timer nor a transfer is left.
  bool nothing_pending() const { return queue_.empty() && in_flight_ == 0; }

  // Running ----------------------------------------------------------------------------------------------------------
  /// Called every watch_interval events with the date reached; returns false to stop the run (progress, interruption).
  void set_watch(std::function<bool()> watch) { watch_ = std::move(watch); }
  /// Asked when nothing moves although `work_left` says that there is work: what waits for what.
  void set_work_left(std::function<std::string()> describe) { describe_work_left_ = std::move(describe); }
  /// Ends the run after the current event.
  void stop() { stopped_ = true; }
  /// Runs until nothing is left or stop(). Throws StuckError when work is left but nothing moves.
  void run();
  std::uint64_t events() const { return events_; }
  bool interrupted() const { return interrupted_; }

 private:
  struct Platform;  // everything of SimGrid
  struct Timer {
    TimerClient* client;
    std::uint32_t tag;
  };

  void loop();
  void run_one();
  void deliver_finished_transfers();
  void check_still();

  Options options_;
  TimerQueue queue_;
  std::vector<Timer> timers_;
  Picoseconds now_ = 0;
  Picoseconds still_since_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t still_events_ = 0;
  std::uint64_t until_watch_ = 0;
  std::size_t in_flight_ = 0;
  bool stopped_ = false;
  bool interrupted_ = false;
  std::function<bool()> watch_;
  std::function<std::string()> describe_work_left_;
  std::unique_ptr<Platform> platform_;
};

}  // namespace tokenworks::engine
