// The local event queue: one entry a timer, so that moving a date costs no stale entry. A 4-ary heap with positions.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/engine/time.hpp"

namespace tokenworks::engine {

/// Names a timer of the queue that made it.
using TimerId = std::uint32_t;

/// Order of timers at one date: lower first. Stated by the owner, so that ties never depend on addresses or on the
/// order of creation. Built by `rank()`.
using Rank = std::uint64_t;

/// Classes of events at one date, first to last. An arrival at the very end of a step is seen by the next step.
enum class RankClass : std::uint8_t { transfer, network, run_end, incident, weather, arrival, step };

/// `number` is stable under reordering of the scenario (for example an index in sorted order); ranks are unique.
constexpr Rank rank(RankClass event_class, std::uint64_t number) {
  return (static_cast<std::uint64_t>(event_class) << 56) | number;
}

class TimerQueue {
 public:
  TimerId add(Rank rank);
  /// Gives `timer` another place among those of one date. Precondition: it is not set.
  void set_rank(TimerId timer, Rank rank) { rank_[timer] = rank; }
  /// Sets or moves the date of `timer`.
  void set(TimerId timer, Picoseconds at);
  /// Takes `timer` out of the queue; nothing happens when it is not in.
  void cancel(TimerId timer);

  bool empty() const { return heap_.empty(); }
  bool is_set(TimerId timer) const { return position_[timer] != kOut; }
  std::size_t size() const { return heap_.size(); }
  /// Date of the first timer. Precondition: not empty.
  Picoseconds first_date() const { return heap_.front().at; }
  /// The first timer. Precondition: not empty.
  TimerId first() const { return heap_.front().timer; }
  /// The timer after the first; the first when it is alone. Precondition: not empty.
  TimerId second() const;
  /// Takes out the first timer. Precondition: not empty.
  TimerId pop();

 private:
  struct Entry {
    Picoseconds at;
    Rank rank;
    TimerId timer;
    bool before(const Entry& other) const { return at != other.at ? at < other.at : rank < other.rank; }
  };
  static constexpr std::uint32_t kOut = 0xffffffffu;

  void place(std::uint32_t position, const Entry& entry);
  void sift_up(std::uint32_t position, const Entry& entry);
  void sift_down(std::uint32_t position, const Entry& entry);

  std::vector<Entry> heap_;
  std::vector<std::uint32_t> position_;  // by timer
  std::vector<Rank> rank_;               // by timer
};

}  // namespace tokenworks::engine
