#include "gpu_calibration/harness/power_meter.hpp"

#include <cmath>

#include "tests/catch.hpp"
#include "tests/gpu_calibration/harness/fake_sensors.hpp"

namespace tokenworks::gpu_calibration {
namespace {

/// Looks every 10 ms at a board that draws `before_w` until 1 s and `after_w` from then on; its counter moves every
/// `step_s`.
PowerReading reading_of(double before_w, double after_w, double step_s) {
  FakeSensors sensors;
  sensors.sm_clock = 1.98e9;
  sensors.temperature = 50.0;
  PowerMeter meter(sensors, 1.0, 3.0);
  for (int look = 0; !meter.done(); ++look) {
    const double time_s = 0.010 * look;
    const double counted_s = std::floor(time_s / step_s + 1e-9) * step_s;
    sensors.energy = 5000.0 + before_w * std::min(counted_s, 1.0) + after_w * std::max(0.0, counted_s - 1.0);
    meter.observe(time_s);
    REQUIRE(look < 2000);
  }
  return meter.reading();
}

TEST_CASE("power meter: whole steps of the counter give the power, however long a step is", "[gpu_calibration]") {
  for (const double step_s : {0.010, 0.020, 0.100, 0.500}) {
    CAPTURE(step_s);
    const PowerReading reading = reading_of(500.0, 500.0, step_s);
    CHECK_THAT(reading.power_w, WithinRel(500.0, 1e-6));
    CHECK(reading.readings >= static_cast<int>(3.0 / step_s) - 1);
  }
}

TEST_CASE("power meter: what was drawn before the state settled does not count", "[gpu_calibration]") {
  const PowerReading reading = reading_of(100.0, 600.0, 0.050);
  CHECK_THAT(reading.power_w, WithinRel(600.0, 1e-6));
  CHECK(reading.sm_clock_hz == 1.98e9);
  CHECK(reading.temperature_c == 50.0);
}

TEST_CASE("power meter: a board without a counter is read by its power", "[gpu_calibration]") {
  FakeSensors sensors;
  PowerMeter meter(sensors, 1.0, 2.0);
  int look = 0;
  for (; !meter.done(); ++look) {
    sensors.power = 0.010 * look < 1.0 ? 50.0 : look % 2 ? 290.0 : 310.0;
    meter.observe(0.010 * look);
  }
  CHECK_THAT(0.010 * look, WithinAbs(3.0, 0.05));
  CHECK_THAT(meter.reading().power_w, WithinRel(300.0, 0.01));
}

TEST_CASE("power meter: a board that tells nothing ends the measurement without a figure", "[gpu_calibration]") {
  FakeSensors silent, stuck;
  stuck.energy = 5.0;
  for (const FakeSensors* sensors : {&silent, &stuck}) {
    PowerMeter meter(*sensors, 1.0, 2.0);
    int look = 0;
    for (; !meter.done(); ++look) meter.observe(0.010 * look);
    CHECK(0.010 * look < 8.0);
    CHECK(meter.reading().power_w == 0.0);
  }
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
