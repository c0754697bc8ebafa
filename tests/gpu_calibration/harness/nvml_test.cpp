#include "gpu_calibration/harness/nvml.hpp"

#include "tests/catch.hpp"

namespace tokenworks::gpu_calibration {
namespace {

TEST_CASE("sensors: a library that is not there is told and not fatal", "[gpu_calibration]") {
  const OpenedSensors opened = open_board_sensors("0000:1b:00.0", "libthere-is-no-such-library.so.1");
  CHECK(opened.sensors == nullptr);
  CHECK(opened.failure.find("libthere-is-no-such-library.so.1") != std::string::npos);
}

TEST_CASE("sensors: a library of something else is told and not fatal", "[gpu_calibration]") {
  const OpenedSensors opened = open_board_sensors("0000:1b:00.0", "libm.so.6");
  CHECK(opened.sensors == nullptr);
  CHECK(opened.failure.find("nvmlInit_v2") != std::string::npos);
}

TEST_CASE("sensors: the real library answers or says why not", "[gpu_calibration]") {
  const OpenedSensors opened = open_board_sensors("ffff:ff:1f.0");  // no board has this address
  CHECK(opened.sensors == nullptr);
  CHECK_FALSE(opened.failure.empty());
}

TEST_CASE("sensors: readings come in SI units", "[gpu_calibration]") {
  const OpenedSensors opened = open_board_sensors("0000:1b:00.0", TOKENWORKS_FAKE_NVML);
  REQUIRE(opened.sensors != nullptr);
  const BoardSensors& board = *opened.sensors;
  CHECK(board.driver_version() == "580.65.06");
  CHECK(board.energy_j() == 123456.789);
  CHECK(board.power_w() == 350.25);
  CHECK(board.power_limit_w() == 700.0);
  CHECK(board.sm_clock_hz() == 1.98e9);
  CHECK(board.memory_clock_hz() == 2.619e9);
  CHECK_FALSE(board.temperature_c().has_value());  // the board refuses this one
  CHECK(board.throttle_reasons() == std::vector<std::string>{"software power cap"});
  const OpenedSensors other = open_board_sensors("0000:2c:00.0", TOKENWORKS_FAKE_NVML);
  CHECK(other.sensors == nullptr);
  CHECK(other.failure.find("no such board") != std::string::npos);
}

TEST_CASE("sensors: only what slows the clocks is a throttle reason", "[gpu_calibration]") {
  CHECK(throttle_reason_names(0).empty());
  CHECK(throttle_reason_names(0x1 | 0x2).empty());  // idle, clocks set by the application
  CHECK(throttle_reason_names(0x4) == std::vector<std::string>{"software power cap"});
  CHECK(throttle_reason_names(0x8 | 0x40 | 0x80).size() == 3);
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
