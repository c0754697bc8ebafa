// What the benches' writer writes, the strict reader reads without a fault.
#include "gpu_calibration/raw/measurement_text.hpp"
#include "gpu_calibration/raw/operators.hpp"
#include "gpu_calibration/raw/raw_writer.hpp"
#include "tests/catch.hpp"

namespace tokenworks::gpu_calibration {
namespace {

TEST_CASE("raw result: the reader takes every operator that the benches may write", "[gpu_calibration]") {
  RawResult result;
  result.source = "tokenworks_gpu_calibration on this GPU; clocks held by software power cap during products of bf16";
  result.measured_on = "2026-11-24";
  result.device = {"NVIDIA H100 80GB HBM3", "h100_sxm5", "580.65.06", "13.0", 132, 52428800, 85017493504, 700.0, 1};
  result.software_name = "tokenworks_gpu_calibration";
  result.software_version = "0.1.0";
  for (const Operator& known : operators()) {
    const std::vector<std::string> text(known.text.size(), "bf16");
    for (const std::int64_t size : {300, 20, 100}) {  // out of order: the writer sorts
      const std::vector<std::int64_t> sizes(known.sizes.size(), size);
      const double value = 1e-6 * static_cast<double>(size);
      if (known.timed) {
        result.add(known.name, text, sizes,
                   {{"time_s", value}, {"time_p10_s", 0.9 * value}, {"time_p90_s", 1.2 * value}, {"samples", 31}});
      } else {
        result.add(known.name, text, sizes, {{"power_w", 500.25}, {"power_readings", 30}, {"temperature_c", 61}});
      }
    }
  }
  scenario::FaultList faults;
  const auto read = read_measurements(result.json(), faults, "raw.json");
  INFO(faults.text("raw.json"));
  REQUIRE(read.has_value());
  CHECK(faults.total() == 0);
  CHECK(read->origin == "measured_here");
  CHECK(read->device.gpu == "h100_sxm5");
  CHECK(read->device.power_limit_w == 700.0);
  REQUIRE(read->tables.size() == operators().size());
  const Table* launches = read->find("launch");
  REQUIRE(launches != nullptr);
  CHECK(launches->at("kernels").numbers == std::vector<double>{20, 100, 300});
  CHECK(launches->at("time_s").numbers == std::vector<double>{20e-6, 100e-6, 300e-6});
  CHECK(launches->at("operation").text(0) == "bf16");
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
