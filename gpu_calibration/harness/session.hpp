// One run of the benches: how much time is left, what was measured, what is worth a remark.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gpu_calibration/harness/nvml.hpp"
#include "gpu_calibration/harness/statistics.hpp"
#include "gpu_calibration/raw/raw_writer.hpp"

namespace tokenworks::gpu_calibration {

/// A steady state and what the board drew in it.
struct PowerReading {
  double power_w = 0.0;
  int readings = 0;                                                      ///< how often the counter moved
  double sm_clock_hz = 0.0, memory_clock_hz = 0.0, temperature_c = 0.0;  ///< means
};

class Session {
 public:
  /// `sensors` may be null; `interrupted` is what the handler of Ctrl-C sets.
  Session(RawResult header, const BoardSensors* sensors, bool quick, const volatile std::sig_atomic_t& interrupted);

  /// A bench asks before each point. False when its time is over or the run was interrupted.
  bool time_left() const;
  bool interrupted() const { return interrupted_ != 0; }
  /// The first pass alone in a quick run.
  std::size_t passes(std::size_t all) const { return quick_ ? 1 : all; }
  void start_bench(double allowance_s);

  /// Adds a row with its spread, and the clock where the board tells it.
  void record(std::string_view operator_name, const std::vector<std::string>& text,
              const std::vector<std::int64_t>& sizes, const Timing& timing);
  void record_power(const std::string& state, std::int64_t duty_percent, const PowerReading& reading);

  /// A remark for the result's source line, once each.
  void note(const std::string& remark);
  /// Notes why clocks are held down now, if they are.
  void note_throttling(std::string_view during);

  const BoardSensors* sensors() const { return sensors_; }
  /// What was measured so far, with the remarks in its source line.
  RawResult result() const;
  std::size_t rows() const { return result_.rows(); }

 private:
  using Clock = std::chrono::steady_clock;
  RawResult result_;
  const BoardSensors* sensors_;
  bool quick_;
  const volatile std::sig_atomic_t& interrupted_;
  double last_clock_hz_ = 0.0;    ///< 0 when the board does not tell at the start: then no row has a clock
  double memory_clock_hz_ = 0.0;  ///< at the start; the same holds
  bool has_temperature_ = false;
  Clock::time_point deadline_;
  std::vector<std::string> notes_;
};

}  // namespace tokenworks::gpu_calibration
