#include "gpu_calibration/harness/session.hpp"

#include <algorithm>
#include <utility>

namespace tokenworks::gpu_calibration {

Session::Session(RawResult header, const BoardSensors* sensors, bool quick,
                 const volatile std::sig_atomic_t& interrupted)
    : result_(std::move(header)), sensors_(sensors), quick_(quick), interrupted_(interrupted) {
  if (sensors_ == nullptr) return;
  last_clock_hz_ = sensors_->sm_clock_hz().value_or(0.0);
  memory_clock_hz_ = sensors_->memory_clock_hz().value_or(0.0);
  has_temperature_ = sensors_->temperature_c().has_value();
}

bool Session::time_left() const { return interrupted_ == 0 && Clock::now() < deadline_; }

void Session::start_bench(double allowance_s) {
  deadline_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(allowance_s));
}

void Session::record(std::string_view operator_name, const std::vector<std::string>& text,
                     const std::vector<std::int64_t>& sizes, const Timing& timing) {
  MeasuredValues values = {{"time_s", timing.median_s},
                           {"time_p10_s", timing.low_s},
                           {"time_p90_s", timing.high_s},
                           {"samples", static_cast<double>(timing.samples)}};
  if (last_clock_hz_ > 0) {
    if (timing.sm_clock_hz > 0) last_clock_hz_ = timing.sm_clock_hz;
    values.emplace_back("sm_clock_hz", last_clock_hz_);
  }
  result_.add(operator_name, text, sizes, values);
}

void Session::record_power(const std::string& state, std::int64_t duty_percent, const PowerReading& reading) {
  // Work that is longer than its part of a period reaches a duty that another row has already.
  if (result_.has("board_power", {state}, {duty_percent})) return;
  MeasuredValues values = {{"power_w", reading.power_w}, {"power_readings", static_cast<double>(reading.readings)}};
  if (result_.device.power_limit_w > 0) values.emplace_back("power_limit_w", result_.device.power_limit_w);
  const auto add_clock = [&](std::string_view column, double mean_hz, double known_hz) {
    if (known_hz > 0) values.emplace_back(column, mean_hz > 0 ? mean_hz : known_hz);
  };
  add_clock("sm_clock_hz", reading.sm_clock_hz, last_clock_hz_);
  add_clock("memory_clock_hz", reading.memory_clock_hz, memory_clock_hz_);
  if (has_temperature_) values.emplace_back("temperature_c", reading.temperature_c);
  result_.add("board_power", {state}, {duty_percent}, values);
}

void Session::note(const std::string& remark) {
  if (std::find(notes_.begin(), notes_.end(), remark) == notes_.end()) notes_.push_back(remark);
}

void Session::note_throttling(std::string_view during) {
  if (sensors_ == nullptr) return;
  for (const std::string& reason : sensors_->throttle_reasons()) {
    note("clocks held by " + reason + " during " + std::string(during));
  }
}

RawResult Session::result() const {
  RawResult result = result_;
  for (const std::string& remark : notes_) result.source += "; " + remark;
  return result;
}

}  // namespace tokenworks::gpu_calibration
