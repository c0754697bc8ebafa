#include "gpu_calibration/harness/power_meter.hpp"

namespace tokenworks::gpu_calibration {

void PowerMeter::observe(double time_s) {
  if (start_s_ < 0) start_s_ = time_s;
  const std::optional<double> energy = sensors_.energy_j();
  if (time_s - start_s_ < settle_s_) {
    if (energy) last_energy_j_ = *energy;
    return;
  }
  if (energy) observe_energy(time_s, *energy);
  ++looks_;
  sm_clock_sum_hz_ += sensors_.sm_clock_hz().value_or(0.0);
  memory_clock_sum_hz_ += sensors_.memory_clock_hz().value_or(0.0);
  temperature_sum_c_ += sensors_.temperature_c().value_or(0.0);
  if (!energy) {
    if (const auto power = sensors_.power_w()) {
      power_sum_w_ += *power;
      ++power_looks_;
    }
  }
  const double covered = energy ? end_s_ - begin_s_ : time_s - start_s_ - settle_s_;
  const bool is_covered = (!energy || begin_s_ >= 0) && covered >= measure_s_;
  done_ = is_covered || time_s - start_s_ > settle_s_ + 3 * measure_s_;
}

void PowerMeter::observe_energy(double time_s, double energy_j) {
  if (last_energy_j_ >= 0 && energy_j != last_energy_j_) {
    if (begin_s_ < 0) {
      begin_s_ = end_s_ = time_s;
      begin_j_ = end_j_ = energy_j;
    } else {
      end_s_ = time_s;
      end_j_ = energy_j;
      ++moves_;
    }
  }
  last_energy_j_ = energy_j;
}

PowerReading PowerMeter::reading() const {
  PowerReading reading;
  if (looks_ > 0) {
    reading.sm_clock_hz = sm_clock_sum_hz_ / looks_;
    reading.memory_clock_hz = memory_clock_sum_hz_ / looks_;
    reading.temperature_c = temperature_sum_c_ / looks_;
  }
  if (moves_ > 0) {
    reading.power_w = (end_j_ - begin_j_) / (end_s_ - begin_s_);
    reading.readings = moves_;
  } else if (power_looks_ > 0) {
    reading.power_w = power_sum_w_ / power_looks_;
    reading.readings = power_looks_;
  }
  return reading;
}

}  // namespace tokenworks::gpu_calibration
