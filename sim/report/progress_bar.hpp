// How far a run is, for a person who waits: on standard error, on a terminal, in one line that is cleared at the end.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>

namespace tokenworks::report {

class ProgressBar {
 public:
  /// Shows nothing unless `out` is a terminal. `end_s`: simulated time at which arrivals end (a run that drains goes on
  /// after it); 0 or less when the end is not known.
  explicit ProgressBar(double end_s, std::FILE* out = stderr);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { clear(); }

  bool active() const { return active_; }
  /// To be called every few thousand events: looks at the wall clock, and redraws at most ten times a second.
  void update(double simulated_s);
  /// Wipes the line, so that what is printed next starts clean.
  void clear();

 private:
  double end_s_;
  std::FILE* out_;
  bool active_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point started_, next_draw_;
};

/// The line that the bar shows, of at most 79 columns: share of the simulated time, simulated seconds per second of
/// wall time, time left.
std::string progress_line(double simulated_s, double end_s, double wall_s);

}  // namespace tokenworks::report
