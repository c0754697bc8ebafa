// When a run is over: with drain, when no source has anything left to send and the last request has ended; otherwise,
// or when no request ever comes, at the clock's duration.
#pragma once

#include <cstdint>

#include "sim/engine/simulation.hpp"

namespace tokenworks::jobs {

class RunEnd final : private engine::TimerClient {
 public:
  RunEnd(engine::Simulation& simulation, Picoseconds duration, bool drain);

  void source_active() { ++active_sources_; }
  void source_exhausted() {
    --active_sources_;
    stop_when_done();
  }
  void request_in() { ++in_flight_; }
  void request_out() {
    --in_flight_;
    stop_when_done();
  }
  /// To be called once all sources have been started.
  void arm();

 private:
  void on_timer(std::uint32_t) override { simulation_.stop(); }
  void stop_when_done() {
    if (armed_ && active_sources_ == 0 && in_flight_ == 0 && drain_) simulation_.stop();
  }

  engine::Simulation& simulation_;
  engine::TimerId timer_;
  Picoseconds duration_;
  bool drain_;
  bool armed_ = false;
  std::int64_t active_sources_ = 0;
  std::int64_t in_flight_ = 0;
};

}  // namespace tokenworks::jobs
