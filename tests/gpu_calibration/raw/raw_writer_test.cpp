#include "gpu_calibration/raw/raw_writer.hpp"

#include <unistd.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "gpu_calibration/raw/operators.hpp"
#include "tests/catch.hpp"

namespace tokenworks::gpu_calibration {
namespace {

using nlohmann::json;

RawResult small_result() {
  RawResult result;
  result.source = "a \"test\"\nin two lines";
  result.measured_on = "2026-11-24";
  result.device = {"NVIDIA H100 80GB HBM3", "h100_sxm5", "580.65.06", "13.0", 132, 52428800, 85017493504, 700.0, 8};
  result.software_name = "tokenworks_gpu_calibration";
  result.software_version = "0.1.0";
  return result;
}

TEST_CASE("raw result: what is written is a document of the format", "[gpu_calibration]") {
  RawResult result = small_result();
  result.add("matrix_product", {"cublaslt", "bf16"}, {16, 4096, 8192}, {{"time_s", 1.25e-5}, {"samples", 31}});
  result.add("board_power", {"idle"}, {0}, {{"power_w", 71.5}});
  result.add("matrix_product", {"cublaslt", "fp8"}, {1, 128, 256}, {{"time_s", 3e-6}, {"samples", 31}});
  CHECK(result.rows() == 3);
  const json document = json::parse(result.json());
  CHECK(document["format"] == kRawFormat);
  CHECK(document["origin"] == "measured_here");
  CHECK(document["source"] == "a \"test\"\nin two lines");
  CHECK(document["device"]["gpu"] == "h100_sxm5");
  CHECK(document["device"]["memory_bytes"] == 85017493504);
  CHECK(document["device"]["power_limit_w"] == 700.0);
  CHECK(document["software"]["version"] == "0.1.0");
  REQUIRE(document["tables"].size() == 2);
  const json& products = document["tables"][0];
  CHECK(products["operator"] == "matrix_product");
  CHECK(products["columns"] == json({"kernel", "format", "rows", "columns", "inner", "time_s", "samples"}));
  CHECK(products["rows"].size() == 2);
  CHECK(products["rows"][0] == json({"cublaslt", "bf16", 16, 4096, 8192, 1.25e-5, 31}));
  CHECK(products["rows"][1] == json({"cublaslt", "fp8", 1, 128, 256, 3e-6, 31}));
  CHECK(document["tables"][1]["rows"] == json({{"idle", 0, 71.5}}));
}

TEST_CASE("raw result: curves rise, whatever the order of measuring, and no point comes twice", "[gpu_calibration]") {
  RawResult result = small_result();
  for (const std::int64_t duty : {100, 50, 25, 75})
    result.add("board_power", {"compute_bf16"}, {duty}, {{"power_w", 5}});
  result.add("board_power", {"a_state"}, {100}, {{"power_w", 6}});
  CHECK(json::parse(result.json())["tables"][0]["rows"] == json({{"a_state", 100, 6},
                                                                 {"compute_bf16", 25, 5},
                                                                 {"compute_bf16", 50, 5},
                                                                 {"compute_bf16", 75, 5},
                                                                 {"compute_bf16", 100, 5}}));
  CHECK(result.has("board_power", {"compute_bf16"}, {75}));
  CHECK_FALSE(result.has("board_power", {"compute_bf16"}, {76}));
  CHECK_FALSE(result.has("launch", {"compute_bf16"}, {75}));
  CHECK_THROWS_AS(result.add("board_power", {"a_state"}, {100}, {{"power_w", 7}}), std::invalid_argument);
}

TEST_CASE("raw result: every operator takes a row of its own columns", "[gpu_calibration]") {
  for (const Operator& known : operators()) {
    CAPTURE(known.name);
    RawResult result = small_result();
    const std::vector<std::string> text(known.text.size(), "x");
    const std::vector<std::int64_t> sizes(known.sizes.size(), 7);
    result.add(known.name, text, sizes, {{known.timed ? "time_s" : "power_w", 0.5}});
    CHECK(json::parse(result.json())["tables"][0]["columns"].size() == text.size() + sizes.size() + 1);
  }
}

TEST_CASE("raw result: rows that no reader may see are refused", "[gpu_calibration]") {
  RawResult result = small_result();
  const auto add = [&](const char* name, std::vector<std::string> text, std::vector<std::int64_t> sizes,
                       MeasuredValues values) { result.add(name, text, sizes, values); };
  CHECK_THROWS_AS(add("no_such_operator", {}, {}, {{"time_s", 1}}), std::invalid_argument);
  CHECK_THROWS_AS(add("launch", {"graph"}, {1, 2}, {{"time_s", 1}}), std::invalid_argument);
  CHECK_THROWS_AS(add("launch", {""}, {1}, {{"time_s", 1}}), std::invalid_argument);
  CHECK_THROWS_AS(add("launch", {"graph"}, {-1}, {{"time_s", 1}}), std::invalid_argument);
  CHECK_THROWS_AS(add("launch", {"graph"}, {1}, {{"samples", 3}}), std::invalid_argument);
  CHECK_THROWS_AS(add("launch", {"graph"}, {1}, {{"time_s", 0}}), std::invalid_argument);
  CHECK_THROWS_AS(add("launch", {"graph"}, {1}, {{"time_s", NAN}}), std::invalid_argument);
  CHECK_THROWS_AS(add("launch", {"graph"}, {1}, {{"time_s", 1}, {"time_ms", 1}}), std::invalid_argument);
  CHECK_THROWS_AS(add("board_power", {"idle"}, {0}, {{"time_s", 1}}), std::invalid_argument);
  CHECK(result.rows() == 0);
  add("launch", {"graph"}, {1}, {{"time_s", 1}});
  CHECK_THROWS_AS(add("launch", {"graph"}, {2}, {{"time_s", 1}, {"samples", 3}}), std::invalid_argument);
  CHECK(result.rows() == 1);
}

TEST_CASE("raw result: the file is whole or not there", "[gpu_calibration]") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("tokenworks_raw_" + std::to_string(getpid()));
  RawResult result = small_result();
  result.add("launch", {"graph"}, {1}, {{"time_s", 1e-6}});
  write_raw_result(result, folder / "deeper" / "raw.json");
  std::ifstream file(folder / "deeper" / "raw.json");
  std::stringstream text;
  text << file.rdbuf();
  CHECK(text.str() == result.json());
  CHECK_FALSE(std::filesystem::exists(folder / "deeper" / "raw.json.part"));
  // A folder is in the place of the file.
  CHECK_THROWS_AS(write_raw_result(result, folder / "deeper"), std::runtime_error);
  CHECK_THROWS_AS(write_raw_result(result, folder / "deeper" / "raw.json" / "below.json"), std::runtime_error);
  std::filesystem::remove_all(folder);
}

TEST_CASE("raw result: driver names lead to catalog ids", "[gpu_calibration]") {
  CHECK(catalog_id("NVIDIA H100 80GB HBM3") == "h100_sxm5");
  CHECK(catalog_id("NVIDIA H100 PCIe") == "h100_pcie");
  CHECK(catalog_id("NVIDIA H200") == "h200_sxm5");
  CHECK(catalog_id("NVIDIA H200 NVL") == "h200_nvl");
  CHECK(catalog_id("NVIDIA B200") == "b200_sxm");
  CHECK(catalog_id("NVIDIA GB200") == "gb200");
  CHECK(catalog_id("NVIDIA A100-SXM4-80GB") == "a100_sxm4");
  CHECK(catalog_id("NVIDIA GeForce RTX 4090") == "rtx_4090");
  CHECK(catalog_id("NVIDIA Some New GPU (48 GB)") == "some_new_gpu_48_gb");
  CHECK(catalog_id("") == "unknown_gpu");
}

}  // namespace
}  // namespace tokenworks::gpu_calibration
