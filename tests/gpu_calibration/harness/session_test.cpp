#include "gpu_calibration/harness/session.hpp"

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/gpu_calibration/harness/fake_sensors.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using nlohmann::json;

const Timing kTiming{2e-6, 1e-6, 3e-6, 31, 0.0};

TEST_CASE("session: time is over at the allowance or when the run is interrupted", "[gpu_calibration]") {
  volatile std::sig_atomic_t interrupted = 0;
  Session session({}, nullptr, false, interrupted);
  CHECK_FALSE(session.time_left());
  session.start_bench(100.0);
  CHECK(session.time_left());
  interrupted = 1;
  CHECK_FALSE(session.time_left());
  CHECK(session.interrupted());
  interrupted = 0;
  session.start_bench(0.0);
  CHECK_FALSE(session.time_left());
}

TEST_CASE("session: a quick run makes the first pass alone", "[gpu_calibration]") {
  const volatile std::sig_atomic_t interrupted = 0;
  CHECK(Session({}, nullptr, true, interrupted).passes(3) == 1);
  CHECK(Session({}, nullptr, false, interrupted).passes(3) == 3);
}

TEST_CASE("session: rows have a clock where the board tells one, also when a reading fails", "[gpu_calibration]") {
  const volatile std::sig_atomic_t interrupted = 0;
  FakeSensors sensors;
  Session without({}, &sensors, false, interrupted);
  without.record("launch", {"graph"}, {1}, kTiming);
  CHECK(json::parse(without.result().json())["tables"][0]["columns"] ==
        json({"operation", "kernels", "time_s", "time_p10_s", "time_p90_s", "samples"}));
  sensors.sm_clock = 1.5e9;
  Session with({}, &sensors, false, interrupted);
  Timing clocked = kTiming;
  clocked.sm_clock_hz = 1.9e9;
  with.record("launch", {"graph"}, {1}, clocked);
  with.record("launch", {"graph"}, {2}, kTiming);
  const json rows = json::parse(with.result().json())["tables"][0]["rows"];
  CHECK(rows[0].back() == 1.9e9);
  CHECK(rows[1].back() == 1.9e9);
}

TEST_CASE("session: power stands beside clocks, limit and temperature", "[gpu_calibration]") {
  const volatile std::sig_atomic_t interrupted = 0;
  FakeSensors sensors;
  sensors.sm_clock = 1.5e9;
  sensors.memory_clock = 2.5e9;
  sensors.temperature = 40.0;
  RawResult header;
  header.device.power_limit_w = 700.0;
  Session session(header, &sensors, false, interrupted);
  session.record_power("compute_bf16", 49, {512.5, 60, 1.7e9, 2.6e9, 61.0});
  session.record_power("compute_bf16", 49, {600.0, 60, 1.7e9, 2.6e9, 61.0});  // the same duty again: the first counts
  const json table = json::parse(session.result().json())["tables"][0];
  CHECK(table["operator"] == "board_power");
  CHECK(table["columns"] == json({"state", "duty_percent", "power_w", "power_readings", "power_limit_w", "sm_clock_hz",
                                  "memory_clock_hz", "temperature_c"}));
  CHECK(table["rows"][0] == json({"compute_bf16", 49, 512.5, 60, 700, 1.7e9, 2.6e9, 61}));
}

TEST_CASE("session: a board that tells neither clocks nor limit gives rows of power alone", "[gpu_calibration]") {
  const volatile std::sig_atomic_t interrupted = 0;
  const FakeSensors sensors;
  Session session({}, &sensors, false, interrupted);
  session.record_power("idle", 0, {70.0, 40, 0.0, 0.0, 0.0});
  CHECK(json::parse(session.result().json())["tables"][0]["columns"] ==
        json({"state", "duty_percent", "power_w", "power_readings"}));
}

TEST_CASE("session: remarks stand in the source line, once each", "[gpu_calibration]") {
  const volatile std::sig_atomic_t interrupted = 0;
  FakeSensors sensors;
  sensors.reasons = {"software power cap"};
  RawResult header;
  header.source = "a test";
  Session session(header, &sensors, false, interrupted);
  session.note("first");
  session.note_throttling("products of bf16");
  session.note_throttling("products of bf16");
  session.note("first");
  CHECK(session.result().source == "a test; first; clocks held by software power cap during products of bf16");
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
