// Mean power of a steady state from a counter that moves in steps.
#pragma once

#include "gpu_calibration/harness/nvml.hpp"
#include "gpu_calibration/harness/session.hpp"

namespace tokenworks::gpu_calibration {

/// Observed again and again while a state lasts. After `settle_s` it waits for the energy counter to move, and measures
/// from that move to the last one: whole steps of the counter, whatever their length. Without a counter it takes the
/// mean of the power readings.
class PowerMeter {
 public:
  PowerMeter(const BoardSensors& sensors, double settle_s, double measure_s)
      : sensors_(sensors), settle_s_(settle_s), measure_s_(measure_s) {}

  /// `time_s` on any clock that only grows.
  void observe(double time_s);
  /// True when `measure_s` are covered, or when after three times that long nothing has moved.
  bool done() const { return done_; }
  /// power_w is 0 when there was nothing to measure by.
  PowerReading reading() const;

 private:
  void observe_energy(double time_s, double energy_j);

  const BoardSensors& sensors_;
  double settle_s_, measure_s_;
  double start_s_ = -1.0;        // of the first observation
  double last_energy_j_ = -1.0;  // as last read
  double begin_s_ = -1.0, begin_j_ = 0.0, end_s_ = 0.0, end_j_ = 0.0;
  int moves_ = 0;
  int looks_ = 0, power_looks_ = 0;
  double power_sum_w_ = 0.0, sm_clock_sum_hz_ = 0.0, memory_clock_sum_hz_ = 0.0, temperature_sum_c_ = 0.0;
  bool done_ = false;
};

}  // namespace tokenworks::gpu_calibration
