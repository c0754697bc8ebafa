// The clock of a run. Most events touch nothing shared and live in a queue of our own, which runs ahead of SimGrid's
// clock. Transfers share links; whenever one starts or ends, SimGrid catches up. Who computes what each transfer gets
// is chosen by `simgrid_flows`: SimGrid itself, or by default our own solver, which gives the same rates at a fraction
// of the cost (sim/README.md has the figures).
//
// One simulation a process: SimGrid keeps its clock and callbacks for the life of the process.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/core/units.hpp"
#include "sim/engine/flows.hpp"
#include "sim/engine/timer_queue.hpp"

namespace tokenworks::engine {

/// Whoever owns timers.
class TimerClient {
 public:
  virtual void on_timer(std::uint32_t tag) = 0;
  /// Fetches into the processor's cache what on_timer() will need beyond the object itself. Called while another event
  /// is handled, of what will probably be the next one.
  virtual void prefetch() const {}

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

/// Names a transfer in motion.
using TransferId = std::uint64_t;

struct Transfer {
  std::span<const LinkId> links;  ///< that it crosses, each at most once
  Bytes bytes{0};
  int streams = 1;  ///< it counts so many times on each link against others
  BytesPerSecond limit{std::numeric_limits<double>::infinity()};  ///< its own
  Picoseconds latency = 0;                                        ///< from the last byte's leaving to its arrival
};

/// Nothing can move any more although work is left, nothing but idle timers has fired for too long, or the clock stands
/// still: what() says who waits for what, and since when.
class StuckError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Simulation {
 public:
  struct Options {
    bool always_sync = false;           ///< let SimGrid's clock follow every event (same results, slower)
    bool simgrid_flows = false;         ///< transfers as SimGrid's own (same results but for the last digits, slower)
    std::size_t simgrid_links = 65536;  ///< links that these can have
    std::uint64_t watch_interval = 16384;    ///< events between two calls of `watch`
    std::uint64_t still_limit = 50'000'000;  ///< events at one date after which the run counts as stuck
    /// So does one in which nothing but idle timers has fired for so long, and nothing else can (see set_idle).
    Picoseconds stuck_after = 48 * 3600 * kPicosecondsPerSecond;
  };

  explicit Simulation(const Options& options);
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Local events -----------------------------------------------------------------------------------------------------
  Picoseconds now() const { return now_; }
  TimerId add_timer(TimerClient& client, std::uint32_t tag, Rank rank);
  /// That `timer` fires is no progress: a meter, the weather, the interval of a controller, a time-out after which the
  /// same is tried again. When for `stuck_after` no other timer has fired and no transfer has arrived, no other timer
  /// is set and no transfer moves, and each idle timer that is set has fired twice meanwhile (so that none is a long
  /// wait for the first time), while work is left, nothing will ever change, and run() throws StuckError.
  void set_idle(TimerId timer);
  /// Sets or moves the date of `timer`, at >= now().
  void set_timer(TimerId timer, Picoseconds at) { queue_.set(timer, at); }
  void cancel_timer(TimerId timer) { queue_.cancel(timer); }

  // Shared links -----------------------------------------------------------------------------------------------------
  /// One direction of a link; at any time.
  LinkId add_link(BytesPerSecond capacity);
  /// From now on; what crosses a link of capacity 0 stands still.
  void set_link_capacity(LinkId link, BytesPerSecond capacity);
  /// Moves bytes (>= 0) over links, which it shares with other transfers by max-min fairness; `client` hears of the
  /// end. `number` orders transfers that end at one date.
  TransferId start_transfer(TransferClient& client, std::uint32_t tag, const Transfer& transfer, std::uint64_t number);
  /// Takes a transfer back, which must not have been reported; `client` hears nothing. Returns the bytes that it had
  /// not moved.
  Bytes cancel_transfer(TransferId transfer);
  Bytes remaining_bytes(TransferId transfer) const;
  /// What crosses a link now.
  BytesPerSecond link_load(LinkId link);
  /// Called before the next event whenever transfers have started, ended or changed their rates.
  void set_flow_watch(std::function<void()> watch) { flow_watch_ = std::move(watch); }
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
  struct Platform;  // everything of SimGrid and of transfers
  struct Timer {
    TimerClient* client;
    std::uint32_t tag;
    std::int32_t idle = -1;  // place among those that are
  };
  struct IdleTimer {
    std::uint32_t fired = 0;  // since `progress`
    Picoseconds progress = 0;
  };
  struct Moving;

  void loop();
  void run_one();
  void catch_up();
  void end_flows();
  void flow_ended(FlowSlot slot);
  void check_still();
  void idle_fires(IdleTimer& timer);
  bool is_stuck();
  FlowSlot slot_of(TransferId transfer) const;

  Options options_;
  TimerQueue queue_;
  std::vector<Timer> timers_;
  std::vector<IdleTimer> idle_;
  Picoseconds now_ = 0;
  Picoseconds still_since_ = 0;
  Picoseconds progress_ = 0;  // last date at which anything but idle timers fired
  Picoseconds next_stuck_check_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t still_events_ = 0;
  std::uint64_t until_watch_ = 0;
  std::size_t in_flight_ = 0;
  bool stopped_ = false;
  bool interrupted_ = false;
  bool running_ = false;  // inside SimGrid
  bool flows_changed_ = false;
  std::function<bool()> watch_;
  std::function<void()> flow_watch_;
  std::function<std::string()> describe_work_left_;
  std::unique_ptr<Platform> platform_;
};

}  // namespace tokenworks::engine
